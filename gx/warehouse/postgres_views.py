"""Views of others on tables that change their place. PostgreSQL's views hold on to a table itself, not to its name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import NotSupportedError, ProgrammingError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement

from gx.warehouse.table import CatalogTable


@dataclass(frozen=True)
class DependentView:
    """A view on some table.

    Attributes:
        definition: its query, with every table's schema.
        options: such as ``security_barrier=true``.
    """

    table: CatalogTable
    definition: str
    options: tuple[str, ...]


class ReplaceView(ExecutableDDLElement):
    """Make a view anew: its query means the tables that have those names now. Its owner and grants stay."""

    inherit_cache = False

    def __init__(self, view: DependentView) -> None:
        self.view = view


def dependent_views(connection: Connection, tables: Sequence[CatalogTable]) -> list[DependentView]:
    """The views that read some of these tables, themselves excepted."""
    # Without a search path a definition names every table's schema. For this transaction only.
    connection.execute(sa.select(sa.func.set_config("search_path", "", True)))
    depend, rule = _catalog("pg_depend", "refobjid", "objid"), _catalog("pg_rewrite", "oid", "ev_class")
    view, read = (_catalog("pg_class", "oid", "relname", "relnamespace", "relkind", "reloptions") for _ in range(2))
    place, there = (_catalog("pg_namespace", "oid", "nspname") for _ in range(2))
    query = (
        sa.select(place.c.nspname, view.c.relname, sa.func.pg_get_viewdef(view.c.oid), view.c.reloptions)
        .select_from(
            depend.join(rule, rule.c.oid == depend.c.objid)
            .join(view, view.c.oid == rule.c.ev_class)
            .join(place, place.c.oid == view.c.relnamespace)
            .join(read, read.c.oid == depend.c.refobjid)
            .join(there, there.c.oid == read.c.relnamespace)
        )
        .where(sa.tuple_(there.c.nspname, read.c.relname).in_([(table.schema, table.name) for table in tables]))
        .where(view.c.relkind == "v", view.c.oid != read.c.oid)
        .distinct()
    )
    found = [
        DependentView(CatalogTable(None, schema, name), definition, tuple(options or ()))
        for schema, name, definition, options in connection.execute(query)
    ]
    return [one for one in found if one.table not in tables]


def make_anew(connection: Connection, views: Sequence[DependentView]) -> None:
    """Let the views read what has their tables' names now.

    What cannot be (somebody else's view, or one that the new columns do not fit) goes on reading the old tables.

    Raises:
        OperationalError: somebody uses a view for longer than the transaction waits.
    """
    for view in views:
        with suppress(ProgrammingError, NotSupportedError), connection.begin_nested():
            connection.execute(ReplaceView(view))


@compiles(ReplaceView)
def _replace_view(element: ReplaceView, compiler: Any, **_: Any) -> str:
    view = element.view
    options = f" WITH ({', '.join(view.options)})" if view.options else ""
    # psycopg2 takes a % for the beginning of a parameter.
    text = f"{options} AS {view.definition}".replace("%", "%%")
    return f"CREATE OR REPLACE VIEW {compiler.preparer.format_table(view.table.clause())}{text}"


def _catalog(name: str, *columns: str) -> Any:
    return sa.table(name, *(sa.column(column) for column in columns), schema="pg_catalog").alias()
