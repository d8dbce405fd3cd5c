"""Landing in raw: rows are spooled to a Parquet file first, then written in one short transaction.

The spool keeps memory flat and the warehouse free: a DuckDB file is locked for the write only, not for as
long as a source takes to answer, and a source that fails half way leaves raw as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema, CreateTable

from flows.sources.errors import IngestError
from flows.sources.raw_tables import SYNCED, RawTable
from flows.sources.staging_areas import StagingArea, staging_area


class RawWarehouse(Protocol):
    """What landing needs of a warehouse; `gx.warehouse.Warehouse` has it."""

    def connect(self) -> AbstractContextManager[Connection]:
        """A connection in one transaction, committed at the end of the block."""
        ...

    def release(self) -> None:
        """Close what is open, so that other processes can use a one-writer warehouse."""
        ...

    def redact(self, text: str) -> str:
        """The text without the warehouse's secrets."""
        ...


class Mode(Enum):
    """What landing does with rows that are there already."""

    UPSERT = "upsert"
    """Rows with a landed key are replaced: a normal sync."""
    APPEND = "append"
    """They stay: what a faulty re-sync leaves behind."""
    REPLACE = "replace"
    """All rows of the table go: a historical re-sync."""


@dataclass(frozen=True)
class Standing:
    """How far one raw table is."""

    rows: int
    newest: datetime | None
    """The latest value of its cursor column; None when it is empty."""


class RawLanding:
    """Writes to `raw_stripe` and `raw_postgres` of one warehouse."""

    def __init__(self, warehouse: RawWarehouse, work_dir: Path) -> None:
        """Make a landing.

        Args:
            warehouse: where raw is; it must exist (a DuckDB file must have been created).
            work_dir: for the spool files, which are removed after use; made if absent.
        """
        self._warehouse = warehouse
        self._work_dir = work_dir

    def ensure_tables(self, tables: Iterable[RawTable]) -> None:
        """Create the schemas and tables that are absent."""
        wanted = tuple(tables)
        with self.connection("create the raw tables") as connection:
            for schema in sorted({table.schema for table in wanted}):
                connection.execute(CreateSchema(schema, if_not_exists=True))
            for table in wanted:
                connection.execute(CreateTable(table.sqlalchemy_table(), if_not_exists=True))

    def land(self, table: RawTable, batches: Iterable[pa.RecordBatch], mode: Mode, synced_at: datetime) -> int:
        """Write the batches, stamped with `synced_at`, and return how many rows they were.

        Raises:
            IngestError: the warehouse refused; nothing of this call is in raw then.
        """
        self._work_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._work_dir, prefix="spool-") as directory:
            spool = Path(directory) / f"{table.name}.parquet"
            rows = _spool(table, batches, synced_at, spool)
            if rows or mode is Mode.REPLACE:
                with self.connection(f"land {rows:,} rows in {table.full_name}") as connection:
                    _write(connection, staging_area(connection.dialect.name), table, spool, mode)
        return rows

    def count(self, table: RawTable) -> int:
        """How many rows raw holds."""
        with self.connection(f"count {table.full_name}") as connection:
            return int(connection.execute(select(func.count()).select_from(table.sqlalchemy_table())).scalar_one())

    def count_since(self, table: str, synced_from: datetime, tables: Iterable[RawTable]) -> int:
        """How many rows of `schema.table` were synced at `synced_from` or later.

        Raises:
            KeyError: none of the tables has that name.
        """
        target = {known.full_name: known for known in tables}[table].sqlalchemy_table()
        query = select(func.count()).select_from(target).where(target.c[SYNCED] >= synced_from)
        with self.connection(f"count {table}") as connection:
            return int(connection.execute(query).scalar_one())

    def standing(self, tables: Iterable[RawTable]) -> dict[RawTable, Standing]:
        """How far raw is, for each of the tables; over one connection, because opening a file costs."""
        found: dict[RawTable, Standing] = {}
        with self.connection("tell what raw holds") as connection:
            for table in tables:
                target = table.sqlalchemy_table()
                query = select(func.count(), func.max(target.c[table.cursor])).select_from(target)
                found[table] = Standing(*connection.execute(query).one())
        return found

    def first_rows(self, table: RawTable, limit: int) -> tuple[tuple[object, ...], ...]:
        """The source columns of the rows with the lowest keys."""
        target = table.sqlalchemy_table()
        columns = [target.c[name] for name in table.source_schema.names]
        with self.connection(f"read {table.full_name}") as connection:
            found = connection.execute(select(*columns).order_by(target.c[table.key]).limit(limit)).all()
        return tuple(tuple(row) for row in found)

    @contextmanager
    def connection(self, purpose: str) -> Iterator[Connection]:
        """A connection in one transaction; the warehouse is released after it.

        Args:
            purpose: completes "the warehouse did not ...".

        Raises:
            IngestError: the warehouse refused.
        """
        try:
            with self._warehouse.connect() as connection:
                yield connection
        except (SQLAlchemyError, psycopg2.Error) as error:
            reason = self._warehouse.redact(str(getattr(error, "orig", None) or error)).strip().splitlines()
            raise IngestError(
                f"the warehouse did not {purpose}: {reason[0] if reason else type(error).__name__}",
                source="warehouse",
                transient=bool(getattr(error, "connection_invalidated", False)),
            ) from None
        finally:
            self._warehouse.release()


def _spool(table: RawTable, batches: Iterable[pa.RecordBatch], synced_at: datetime, path: Path) -> int:
    rows = 0
    with pq.ParquetWriter(path, table.schema_in_raw) as writer:
        for batch in batches:
            columns = list(batch.select(table.source_schema.names).columns)
            if table.soft_delete:
                columns.append(pa.repeat(pa.scalar(False), batch.num_rows))
            columns.append(pa.repeat(pa.scalar(synced_at, pa.timestamp("us")), batch.num_rows))
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=table.schema_in_raw))
            rows += batch.num_rows
    return rows


def _write(connection: Connection, area: StagingArea, table: RawTable, spool: Path, mode: Mode) -> None:
    target = table.sqlalchemy_table()
    names = table.schema_in_raw.names
    # Staged before the first change to raw: on Snowflake staging may end the transaction.
    incoming = area.stage(connection, table, spool)
    if mode is Mode.REPLACE:
        connection.execute(delete(target))
    elif mode is Mode.UPSERT:
        connection.execute(delete(target).where(target.c[table.key].in_(select(incoming.c[table.key]))))
    connection.execute(insert(target).from_select(names, select(*(incoming.c[name] for name in names))))
