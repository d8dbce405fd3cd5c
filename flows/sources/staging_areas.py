"""Each warehouse's own fast way from a Parquet file to something SQL can select from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow.parquet as pq
from snowflake.connector.pandas_tools import write_pandas
from sqlalchemy import Column, Connection, FromClause, MetaData, Table, column, delete, func
from sqlalchemy.schema import CreateTable

from flows.sources.pg_copy import copy_in
from flows.sources.raw_tables import RawTable

_ROWS_AT_ONCE = 100_000


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
        incoming = _temporary(table, schema=None, on_commit="DROP")
        connection.execute(CreateTable(incoming))
        with pq.ParquetFile(spool) as file:
            copy_in(connection, incoming, file.iter_batches(_ROWS_AT_ONCE))
        return incoming


class SnowflakeTemporaryTable:
    """Snowflake takes the rows through a stage (PUT, then COPY INTO) into a temporary table."""

    def stage(self, connection: Connection, table: RawTable, spool: Path) -> FromClause:
        """A table that goes with the session, emptied first in case an earlier sync left rows in it."""
        incoming = _temporary(table, schema=table.schema)
        connection.execute(CreateTable(incoming, if_not_exists=True))
        connection.execute(delete(incoming))
        with pq.ParquetFile(spool) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                write_pandas(
                    connection.connection.driver_connection,  # type: ignore[arg-type]
                    # Arrow types keep whole numbers whole where values are missing.
                    batch.to_pandas(types_mapper=pd.ArrowDtype),
                    incoming.name,
                    schema=table.schema,
                    quote_identifiers=False,
                    use_logical_type=True,
                )
        return incoming


def _temporary(table: RawTable, schema: str | None, on_commit: str | None = None) -> Table:
    columns = [Column(found.name, found.type) for found in table.sqlalchemy_table().columns]
    return Table(
        f"incoming_{table.name}",
        MetaData(schema=schema),
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
