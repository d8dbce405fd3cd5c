"""Snowflake's statements that tell who may do what, and that put a virtual warehouse to work."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement


class _About(Executable, ClauseElement):
    """A statement about one thing, whose name is quoted already."""

    inherit_cache = False
    words = "{}"

    def __init__(self, name: str) -> None:
        self.name = name


class ShowGrantsToRole(_About):
    """What a role was granted itself, other roles included."""

    words = "SHOW GRANTS TO ROLE {}"


class ShowFutureGrantsToRole(_About):
    """What a role will be granted on objects yet to be made."""

    words = "SHOW FUTURE GRANTS TO ROLE {}"


class ShowGrantsOfRole(_About):
    """Whom a role was granted to: users, and other roles."""

    words = "SHOW GRANTS OF ROLE {}"


class ShowGrantsToUser(_About):
    """The roles that a user was granted itself."""

    words = "SHOW GRANTS TO USER {}"


class UseWarehouse(_About):
    """Compute with a virtual warehouse from now on."""

    words = "USE WAREHOUSE {}"


class UseDatabase(_About):
    """Take names without a database from this one."""

    words = "USE DATABASE {}"


class UseSchema(_About):
    """Take names without a schema from this one."""

    words = "USE SCHEMA {}"


class ResumeWarehouse(_About):
    """Start a virtual warehouse that is suspended."""

    words = "ALTER WAREHOUSE {} RESUME IF SUSPENDED"


class ShowSchemas(_About):
    """The schemas of a database that the role may see; needs no virtual warehouse."""

    words = "SHOW SCHEMAS IN DATABASE {}"


class ReadNothing(_About):
    """Read a table, and no row of it."""

    words = "SELECT 1 FROM {} WHERE FALSE"


class ShowWarehouses(Executable, ClauseElement):
    """The virtual warehouses of a name, and what they are doing; those that the role may not see are left out."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.name = name


@compiles(_About)
def _about(element: _About, _compiler: Any, **_: Any) -> str:
    return element.words.format(element.name)


@compiles(ShowWarehouses)
def _show_warehouses(element: ShowWarehouses, compiler: Any, **_: Any) -> str:
    return f"SHOW WAREHOUSES LIKE {compiler.process(literal(element.name), literal_binds=True)}"
