"""Each warehouse's own fast way from a Parquet file to something SQL can select from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq
from sqlalchemy import DDL, Column, Connection, FromClause, MetaData, Table, column, func
from sqlalchemy.schema import CreateTable, DropTable

from flows.sources.pg_copy import copy_in
from flows.sources.raw_tables import RawTable

_ROWS_AT_ONCE = 100_000
_COPY_INTO = (
    "COPY INTO %(table)s (%(columns)s) FROM (SELECT %(fields)s FROM @%%%(table)s) "
    "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)"
)


class StagingArea(Protocol):
    """Makes a spooled file selectable for the length of one transaction."""

    def stage(self, connection: Connection, table: RawTable, spool: Path) -> FromClause:
        """The file's rows, with the columns that the raw table has."""
        ...


class DuckDBFile:
    """DuckDB reads the file where it is."""

    def stage(self, connection: Connection, table: RawTable, spool: Path) -> FromClause:
        """`read_parquet` as a table."""
        del connection
        in_raw = table.sqlalchemy_table()
        columns = [column(name, in_raw.c[name].type) for name in table.schema_in_raw.names]
        return func.read_parquet(str(spool)).table_valued(*columns, name="incoming")


class PostgresTemporaryTable:
    """PostgreSQL takes the rows by COPY into a temporary table, which needs no write-ahead log."""

    def stage(self, connection: Connection, table: RawTable, spool: Path) -> FromClause:
        """A table that goes at the end of the transaction."""
        incoming = _temporary(table, on_commit="DROP")
        connection.execute(CreateTable(incoming))
        with pq.ParquetFile(spool) as file:
            copy_in(connection, incoming, file.iter_batches(_ROWS_AT_ONCE))
        return incoming


class SnowflakeTemporaryTable:
    """Snowflake takes the file as it is: PUT to the stage of a temporary table, then COPY INTO that table."""

    def stage(self, connection: Connection, table: RawTable, spool: Path) -> FromClause:
        """A table that goes with the session, made anew in case an earlier sync left it."""
        # Temporary objects go to the current schema, which a URL need not name. Everything else that runs on
        # this connection names its schema.
        names = {"schema": connection.dialect.identifier_preparer.format_schema(table.schema)}
        connection.execute(DDL("USE SCHEMA %(schema)s", context=names))
        incoming = _temporary(table)
        connection.execute(DropTable(incoming, if_exists=True))
        connection.execute(CreateTable(incoming))
        stage = {
            "table": incoming.name,
            "file": spool.resolve().as_uri(),
            "columns": ", ".join(table.schema_in_raw.names),
            "fields": ", ".join(f"$1:{name}" for name in table.schema_in_raw.names),
        }
        connection.execute(DDL("PUT '%(file)s' @%%%(table)s OVERWRITE = TRUE", context=stage))
        connection.execute(DDL(_COPY_INTO, context=stage))
        return incoming


def _temporary(table: RawTable, on_commit: str | None = None) -> Table:
    columns = [Column(found.name, found.type) for found in table.sqlalchemy_table().columns]
    return Table(
        f"incoming_{table.name}",
        MetaData(),
        *columns,
        prefixes=["TEMPORARY"],
        postgresql_on_commit=on_commit,
    )


def staging_area(dialect: str) -> StagingArea:
    """The staging area for a SQLAlchemy dialect: `duckdb`, `postgresql` or `snowflake`.

    Raises:
        KeyError: another dialect.
    """
    areas: dict[str, StagingArea] = {
        "duckdb": DuckDBFile(),
        "postgresql": PostgresTemporaryTable(),
        "snowflake": SnowflakeTemporaryTable(),
    }
    return areas[dialect]
