"""Snowflake's statements about whole schemas, and about who may use what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import quoted_name
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

_WORDS = re.compile(r"[A-Z_]+(?: [A-Z_]+)*")  # SELECT, CREATE TABLE, ...


@dataclass(frozen=True, order=True)
class Privilege:
    """Something a role may do with a schema, with its future tables, or with a table.

    Attributes:
        future: the kind of object yet to be made that it is about (``TABLE``); empty for what exists.
    """

    name: str
    role_kind: str
    role: str
    option: bool
    future: str = ""


class SwapSchemas(ExecutableDDLElement):
    """Two schemas take each other's name: one statement, and readers see the one or the other."""

    inherit_cache = False

    def __init__(self, schema: str, other: str) -> None:
        self.schema_name = schema
        self.other = other


class RenameSchema(ExecutableDDLElement):
    """Give a schema another name."""

    inherit_cache = False

    def __init__(self, schema: str, name: str) -> None:
        self.schema_name = schema
        self.name = name


class CloneTable(ExecutableDDLElement):
    """The same table in another schema, with its grants; its rows are shared until one of them changes."""

    inherit_cache = False

    def __init__(self, table: str, schema: str, other: str) -> None:
        self.table = table
        self.schema_name = schema
        self.other = other


class GrantInSchema(ExecutableDDLElement):
    """Let a role do something with a schema, or with a table in it."""

    inherit_cache = False

    def __init__(self, privilege: Privilege, schema: str, table: str | None) -> None:
        self.privilege = privilege
        self.schema_name = schema
        self.table = table


class RevokeInSchema(GrantInSchema):
    """The contrary."""

    inherit_cache = False


class _ShowGrants(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, schema: str, table: str | None, *, future: bool) -> None:
        self.schema_name = schema
        self.table = table
        self.future = future


def privileges(connection: Connection, schema: str, table: str | None) -> set[Privilege]:
    """What roles may do with a table, or without one with the schema and what will be made in it; but for owning it."""
    found: set[Privilege] = set()
    for future in (False,) if table is not None else (False, True):
        for row in connection.execute(_ShowGrants(schema, table, future=future)).mappings():
            kind, name = str(row["grant_to" if future else "granted_to"]), str(row["privilege"])
            if name == "OWNERSHIP" or not kind.endswith("ROLE"):
                continue
            option = str(row["grant_option"]).lower() == "true"
            about = str(row["grant_on"]) if future else ""
            found.add(Privilege(name, kind.replace("_", " "), str(row["grantee_name"]), option, about))
    return found


@compiles(SwapSchemas)
def _swap_schemas(element: SwapSchemas, compiler: Any, **_: Any) -> str:
    quote = compiler.preparer.quote
    return f"ALTER SCHEMA {quote(element.schema_name)} SWAP WITH {quote(element.other)}"


@compiles(RenameSchema)
def _rename_schema(element: RenameSchema, compiler: Any, **_: Any) -> str:
    quote = compiler.preparer.quote
    return f"ALTER SCHEMA {quote(element.schema_name)} RENAME TO {quote(element.name)}"


@compiles(CloneTable)
def _clone_table(element: CloneTable, compiler: Any, **_: Any) -> str:
    table = _exactly(element.table, compiler)
    quote = compiler.preparer.quote
    return (
        f"CREATE OR REPLACE TABLE {quote(element.other)}.{table} CLONE {quote(element.schema_name)}.{table} COPY GRANTS"
    )


@compiles(GrantInSchema)
def _grant(element: GrantInSchema, compiler: Any, **_: Any) -> str:
    option = " WITH GRANT OPTION" if element.privilege.option else ""
    return f"GRANT {_what(element, compiler)} TO {_whom(element.privilege, compiler)}{option}"


@compiles(RevokeInSchema)
def _revoke(element: RevokeInSchema, compiler: Any, **_: Any) -> str:
    return f"REVOKE {_what(element, compiler)} FROM {_whom(element.privilege, compiler)}"


@compiles(_ShowGrants)
def _show_grants(element: _ShowGrants, compiler: Any, **_: Any) -> str:
    schema = compiler.preparer.quote(element.schema_name)
    if element.table is not None:
        return f"SHOW GRANTS ON TABLE {schema}.{_exactly(element.table, compiler)}"
    return f"SHOW FUTURE GRANTS IN SCHEMA {schema}" if element.future else f"SHOW GRANTS ON SCHEMA {schema}"


def _what(element: GrantInSchema, compiler: Any) -> str:
    schema = compiler.preparer.quote(element.schema_name)
    name = _words(element.privilege.name)
    if element.privilege.future:
        return f"{name} ON FUTURE {_words(element.privilege.future)}S IN SCHEMA {schema}"
    if element.table is not None:
        return f"{name} ON TABLE {schema}.{_exactly(element.table, compiler)}"
    return f"{name} ON SCHEMA {schema}"


def _whom(privilege: Privilege, compiler: Any) -> str:
    return f"{_words(privilege.role_kind)} {_exactly(privilege.role, compiler)}"


def _exactly(name: str, compiler: Any) -> str:
    return str(compiler.preparer.quote(quoted_name(name, quote=True)))


def _words(text: str) -> str:
    if not _WORDS.fullmatch(text):
        raise ValueError(f"{text!r} is no privilege")
    return text
