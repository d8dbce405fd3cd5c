"""The standard catalog views, in which every warehouse lists its tables and their columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from gx.warehouse.table import CatalogColumn, CatalogTable, TableName

_PLACE = ("table_catalog", "table_schema", "table_name")
_COLUMN = ("column_name", "data_type", "collation_name")


def tables_query(names: Sequence[str], schema: str) -> sa.Select[Any]:
    """A query for (database, schema, name) of all tables and views with one of these names, whatever their case.

    Args:
        names: the names.
        schema: where the catalog's views are.
    """
    tables = _view("tables", _PLACE, schema)
    return sa.select(*tables.c).where(is_named(tables.c.table_name, names))


def columns_query(names: Sequence[str], schema: str) -> sa.Select[Any]:
    """A query for (database, schema, table, column, type, collation) of the same tables' columns, in their order."""
    columns = _view("columns", (*_PLACE, *_COLUMN, "ordinal_position"), schema)
    wanted = sa.select(*(columns.c[name] for name in (*_PLACE, *_COLUMN)))
    return wanted.where(is_named(columns.c.table_name, names)).order_by(columns.c.ordinal_position)


def is_named(column: sa.ColumnElement[Any], names: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a column of the catalog holds one of these names, whatever its case.

    The database folds both sides: what it makes of letters beyond ASCII differs from what Python does, and where a
    catalog has a collation of its own even between the two sides. As it is spelled a name is always found.
    """
    return sa.or_(column.in_(names), sa.func.lower(column).in_([sa.func.lower(name) for name in names]))


def relations_query(schema: str, catalog_schema: str) -> sa.Select[Any]:
    """A query for (schema, name, type) of all tables and views in a schema of the connection's own database.

    Args:
        schema: its lower-case name.
        catalog_schema: where the catalog's views are.
    """
    tables = _view("tables", (*_PLACE, "table_type"), catalog_schema)
    query = sa.select(tables.c.table_schema, tables.c.table_name, tables.c.table_type).order_by(tables.c.table_name)
    return query.where(
        sa.func.lower(tables.c.table_schema) == schema, tables.c.table_catalog == sa.func.current_database()
    )


def last_altered(table: CatalogTable, schema: str) -> sa.ScalarSelect[Any]:
    """When a table was changed last, where the catalog keeps that. A new column or grant counts as a change too.

    Args:
        table: as the catalog spells it.
        schema: where the catalog's views are.
    """
    tables = _view("tables", (*_PLACE, "last_altered"), schema).c
    its_own = sa.and_(tables.table_schema == table.schema, tables.table_name == table.name)
    return sa.select(sa.func.max(tables.last_altered)).where(its_own).scalar_subquery()


def read_tables(
    tables: Iterable[Sequence[Any]], columns: Iterable[Sequence[Any]], *, current: str, database: str
) -> list[CatalogTable]:
    """The tables of a database, with their columns.

    Args:
        tables: rows of :func:`tables_query`; of other databases too, for DuckDB lists all that are attached.
        columns: rows of :func:`columns_query`.
        current: the database that the connection is in.
        database: the one that is meant.
    """
    by_table: dict[tuple[str, str, str], list[CatalogColumn]] = defaultdict(list)
    for catalog, schema, table, column, kind, collation in columns:
        by_table[catalog, schema, table].append(CatalogColumn(str(column), str(kind), collation))
    return [
        CatalogTable(
            None if catalog == current else str(catalog),
            str(schema),
            str(table),
            tuple(by_table[catalog, schema, table]),
        )
        for catalog, schema, table in tables
        if str(catalog).casefold() == str(database).casefold()
    ]


def choose_table(
    candidates: Sequence[CatalogTable], name: TableName, default_schema: str | None
) -> CatalogTable | None:
    """The table that a name means; None if there is none, or none that is meant more than the others."""
    candidates = [table for table in candidates if name.matches(table.schema, table.name)]
    exact = [t for t in candidates if t.name == name.name and (name.schema is None or t.schema == name.schema)]
    candidates = exact or candidates
    if name.schema is None:
        in_default = [table for table in candidates if table.schema == default_schema]
        candidates = in_default or (candidates if len(candidates) == 1 else [])
    return candidates[0] if candidates else None


def _view(name: str, columns: Iterable[str], schema: str) -> sa.FromClause:
    return sa.table(name, *(sa.column(column, sa.String) for column in columns), schema=schema).alias(name[0])
