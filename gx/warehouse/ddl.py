"""Statements about whole tables that SQLAlchemy has no words for. Names are quoted by the dialect."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, TableClause, quoted_name, table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement


class CopyTable(ExecutableDDLElement):
    """A new table with another one's columns and rows; not with its defaults, constraints, indexes or grants."""

    inherit_cache = False

    def __init__(self, source: TableClause, copy: TableClause) -> None:
        self.source = source
        self.copy = copy


class CreateTableAs(ExecutableDDLElement):
    """A table with the columns of a query and the rows it has, unless there is such a table."""

    inherit_cache = False

    def __init__(self, table: TableClause, query: Select[Any]) -> None:
        self.table = table
        self.query = query


class DropRelation(ExecutableDDLElement):
    """Drop a table and whatever hangs on it."""

    inherit_cache = False

    def __init__(self, table: TableClause) -> None:
        self.table = table


class DropView(ExecutableDDLElement):
    """Drop a view."""

    inherit_cache = False

    def __init__(self, view: TableClause) -> None:
        self.view = view


class RenameTable(ExecutableDDLElement):
    """Give a table another name in its schema."""

    inherit_cache = False

    def __init__(self, table: TableClause, name: str) -> None:
        self.table = table
        self.name = name


class SetSchema(ExecutableDDLElement):
    """Move a table into another schema: itself, with indexes, grants and all, no copy of it."""

    inherit_cache = False

    def __init__(self, table: TableClause, schema: str) -> None:
        self.table = table
        self.schema = schema


class LockTables(ExecutableDDLElement):
    """Keep everybody else from tables until the transaction ends."""

    inherit_cache = False

    def __init__(self, tables: list[TableClause]) -> None:
        self.tables = tables


class Grant(ExecutableDDLElement):
    """Grant a privilege on a table, or on some of its columns.

    Attributes:
        privilege: as the catalog names it.
        grantee: the role; None for everybody.
        columns: which columns; none for the whole table.
    """

    inherit_cache = False

    def __init__(
        self, table: TableClause, privilege: str, grantee: str | None, *, columns: tuple[str, ...] = (), option: bool
    ) -> None:
        self.table = table
        self.privilege = privilege
        self.grantee = grantee
        self.columns = columns
        self.option = option


class RevokeAll(ExecutableDDLElement):
    """Take all privileges on a table, and on its columns, from a role; None is everybody."""

    inherit_cache = False

    def __init__(self, table: TableClause, grantee: str | None) -> None:
        self.table = table
        self.grantee = grantee


class SetRole(ExecutableDDLElement):
    """Act as a role until the transaction ends."""

    inherit_cache = False

    def __init__(self, role: str) -> None:
        self.role = role


class CreateView(ExecutableDDLElement):
    """A view of this name in a schema, in place of one that is there."""

    inherit_cache = False

    def __init__(self, name: str, schema: str, query: Select[Any]) -> None:
        self.name = name
        self.view = table(name, schema=schema)
        self.query = query


@compiles(CreateView)
def _create_view(element: CreateView, compiler: Any, **_: Any) -> str:
    query = compiler.sql_compiler.process(element.query, literal_binds=True)
    return f"CREATE OR REPLACE VIEW {compiler.preparer.format_table(element.view)} AS {query}"


@compiles(CopyTable)
def _copy_table(element: CopyTable, compiler: Any, **_: Any) -> str:
    source, copy = (compiler.preparer.format_table(table) for table in (element.source, element.copy))
    return f"CREATE TABLE {copy} AS SELECT * FROM {source}"  # noqa: S608 - both names are quoted


@compiles(CreateTableAs)
def _create_table_as(element: CreateTableAs, compiler: Any, **_: Any) -> str:
    query = compiler.sql_compiler.process(element.query, literal_binds=True)
    return f"CREATE TABLE IF NOT EXISTS {compiler.preparer.format_table(element.table)} AS {query}"


@compiles(DropRelation)
def _drop_relation(element: DropRelation, compiler: Any, **_: Any) -> str:
    return f"DROP TABLE {compiler.preparer.format_table(element.table)} CASCADE"


@compiles(DropView)
def _drop_view(element: DropView, compiler: Any, **_: Any) -> str:
    return f"DROP VIEW {compiler.preparer.format_table(element.view)}"


@compiles(RenameTable)
def _rename_table(element: RenameTable, compiler: Any, **_: Any) -> str:
    table = compiler.preparer.format_table(element.table)
    return f"ALTER TABLE {table} RENAME TO {compiler.preparer.quote(quoted_name(element.name, quote=True))}"


@compiles(SetSchema)
def _set_schema(element: SetSchema, compiler: Any, **_: Any) -> str:
    table = compiler.preparer.format_table(element.table)
    return f"ALTER TABLE {table} SET SCHEMA {compiler.preparer.quote(quoted_name(element.schema, quote=True))}"


@compiles(LockTables)
def _lock_tables(element: LockTables, compiler: Any, **_: Any) -> str:
    tables = ", ".join(compiler.preparer.format_table(table) for table in element.tables)
    return f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"


@compiles(Grant)
def _grant(element: Grant, compiler: Any, **_: Any) -> str:
    quote = compiler.preparer.quote
    columns = ", ".join(quote(quoted_name(column, quote=True)) for column in element.columns)
    what = f"{element.privilege} ({columns})" if columns else element.privilege
    option = " WITH GRANT OPTION" if element.option else ""
    table = compiler.preparer.format_table(element.table)
    return f"GRANT {what} ON {table} TO {_role(element.grantee, compiler)}{option}"


@compiles(RevokeAll)
def _revoke_all(element: RevokeAll, compiler: Any, **_: Any) -> str:
    return f"REVOKE ALL ON {compiler.preparer.format_table(element.table)} FROM {_role(element.grantee, compiler)}"


@compiles(SetRole)
def _set_role(element: SetRole, compiler: Any, **_: Any) -> str:
    return f"SET LOCAL ROLE {_role(element.role, compiler)}"


def _role(name: str | None, compiler: Any) -> str:
    return "PUBLIC" if name is None else str(compiler.preparer.quote(quoted_name(name, quote=True)))
