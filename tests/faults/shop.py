"""A small project that goes through the same code as the reference: its sources and its dbt are stand-ins of a page.

Every row says which ingest brought it and what is wrong with it, and every load notes in the warehouse what it read:
so whoever looks at the warehouse sees whether the gate held, and needs nothing that sluice says of itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from checkpoints.loads import LOADS_FILE, declared_loads
from expectations.facts import Source
from flows.dbt import DbtFailed, DbtProgress, DbtRun, DbtSetup
from flows.dbt_results import DbtModelRun
from flows.sources.errors import IngestError
from flows.sources.ingest import IngestedTable, IngestResult, Progress, silent
from gx.settings import REFERENCE_PROJECT, Settings
from gx.warehouse.base import Warehouse
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.opening import open_warehouse
from gx.warehouse.publishing import audit_schema

ROWS = 20
SCHEMAS = {name: load.schemas for name, load in (declared_loads(REFERENCE_PROJECT / "checkpoints") or {}).items()}
"""What each load builds, as the reference declares it."""
RAW = ("raw_shop.orders", "raw_shop.items")
MODELS: Mapping[str, Mapping[str, str]] = {
    "staging": {"staging.stg_orders": RAW[0], "staging.stg_items": RAW[1]},
    "marts": {
        "intermediate.int_orders": "staging.stg_orders",
        "marts.fct_orders": "intermediate.int_orders",
        "marts.dim_items": "staging.stg_items",
    },
    "dashboards": {"dashboards.summary": "marts.fct_orders", "dashboards.totals": "marts.dim_items"},
}
"""What each load builds, and from what."""

TABLES: Mapping[str, tuple[str, ...]] = {"raw": RAW, **{load: tuple(models) for load, models in MODELS.items()}}
"""The tables of each checkpoint."""

CHECKPOINTS = tuple(TABLES)
GATE = dict(zip(MODELS, CHECKPOINTS, strict=False))
"""The checkpoint that each load waits for."""
EXPECTATIONS = 3
"""Of each table."""
SOUND = "sound"


def flaws_seen_by(checkpoint: str) -> tuple[str, ...]:
    """What a checkpoint finds: its own layer's flaws and those of the layers before."""
    return CHECKPOINTS[: CHECKPOINTS.index(checkpoint) + 1]


class ShopSettings(Settings):
    """Of a project with the layers of the reference, which is what has loads and layers to be audited."""

    @property
    def is_reference(self) -> bool:
        return True


@dataclass(frozen=True)
class Shop:
    """A project in a directory, on a warehouse; several may share warehouse and ledger.

    Attributes:
        warehouse_url: None for a DuckDB file in the state directory.
        ledger_url: None for an SQLite file there.
    """

    directory: Path
    warehouse_url: str | None = None
    ledger_url: str | None = None
    wait_seconds: float = 30.0
    state_name: str = "state"  # or a whole path

    @property
    def state(self) -> Path:
        return self.directory / self.state_name

    def settings(self) -> ShopSettings:
        return ShopSettings(
            data_quality_schema="none",  # tests/warehouses/test_data_quality_orders.py kills what keeps the copy
            project=self.directory,
            state=self.state,
            warehouse_url=SecretStr(self.warehouse_url) if self.warehouse_url else None,
            ledger_url=SecretStr(self.ledger_url) if self.ledger_url else None,
            wait_seconds=self.wait_seconds,
            statement_retries=0,
        )

    def write(self) -> Shop:
        """Make its suites and checkpoints."""
        suites, checkpoints = self.directory / "expectations" / "suites", self.directory / "checkpoints"
        suites.mkdir(parents=True)
        checkpoints.mkdir(parents=True)
        shutil.copy(REFERENCE_PROJECT / "checkpoints" / LOADS_FILE, checkpoints)
        for checkpoint, tables in TABLES.items():
            gates = [load for load, name in GATE.items() if name == checkpoint]
            names = ", ".join(tables)
            (checkpoints / f"{checkpoint}.yml").write_text(f"suites: [{names}]\ngates: [{', '.join(gates)}]\n")
            for table in tables:
                (suites / f"{table}.yml").write_text(_suite(table, flaws_seen_by(checkpoint)))
        return self


def _suite(table: str, flaws: tuple[str, ...]) -> str:
    return (
        f"table: {table}\nexpectations:\n"
        "  - expect_column_values_to_not_be_null: {column: id}\n"
        "  - expect_column_values_to_be_unique: {column: id}\n"
        f"  - expect_column_values_to_not_be_in_set: {{column: flaw, value_set: [{', '.join(flaws)}]}}\n"
    )


@dataclass(frozen=True)
class ShopSources:
    """In place of Stripe and PostgreSQL: replaces all rows, table by table, as a sync does."""

    warehouse: Warehouse
    flaw: str = SOUND
    between: Callable[[], None] = lambda: None

    @property
    def catalog(self) -> Mapping[str, Source]:
        return {}

    def ingest(self) -> ShopSources:
        return self

    def run(self, ingest_id: str, progress: Progress = silent) -> IngestResult:
        began = _now()
        for table in RAW:
            try:
                self._land(table, ingest_id)
            except SQLAlchemyError as error:
                raise IngestError(
                    f"{table} did not land: {type(error).__name__}", source="shop", transient=False
                ) from None
            progress(f"{table} landed")
            self.between()
        return IngestResult(ingest_id, "shop", began, _now(), tuple(IngestedTable(table, ROWS) for table in RAW))

    def _land(self, table: str, ingest_id: str) -> None:
        rows = [{"id": each, "ingest": ingest_id, "flaw": SOUND} for each in range(ROWS)]
        rows[-1]["flaw"] = self.flaw
        with self.warehouse.connect() as connection:
            connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS raw_shop")
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER, ingest VARCHAR(100), flaw VARCHAR(20))"
            )
            connection.exec_driver_sql(f"DELETE FROM {table}")
            connection.execute(sa.text(f"INSERT INTO {table} VALUES (:id, :ingest, :flaw)"), rows)


def build(
    load: str,
    setup: DbtSetup,
    *,
    deduplicate: bool = True,
    ingest_id: str | None = None,
    on_progress: Callable[[DbtProgress], None] | None = None,
) -> DbtRun:
    """In place of dbt: each model in a transaction of its own, after a note of what the load begins to read."""
    del deduplicate, ingest_id, on_progress
    warehouse = open_warehouse(setup.warehouse, wait_seconds=setup.lock_wait_seconds)
    audited = set(setup.audited)
    models = MODELS[load]
    try:
        with warehouse.connect() as connection:
            _note(connection, load, [source for source in models.values() if source not in models])
        for model, source in models.items():
            with warehouse.connect() as connection:
                _build_one(connection, _built_at(model, audited), _built_at(source, audited & set(SCHEMAS[load])))
    except SQLAlchemyError as error:
        raise DbtFailed(f"load {load}: {type(error).__name__}", load=load) from None
    finally:
        warehouse.release()
    return DbtRun(load, tuple(DbtModelRun(model, "success", 0.0, None, "") for model in models), 0.0)


def _note(connection: Connection, load: str, sources: list[str]) -> None:
    connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS proof")
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS proof.loads"
        " (load VARCHAR(20), ingest VARCHAR(100), flaw VARCHAR(20), began_at TIMESTAMP)"
    )
    read = " UNION ".join(f"SELECT ingest, flaw FROM {source}" for source in sources)
    connection.execute(
        sa.text(f"INSERT INTO proof.loads SELECT :load, ingest, flaw, :now FROM ({read}) AS what"),
        {"load": load, "now": _now()},
    )


def _build_one(connection: Connection, model: str, source: str) -> None:
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {model.partition('.')[0]}")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {model}")
    connection.exec_driver_sql(
        f"CREATE TABLE {model} AS SELECT id, ingest, flaw, TIMESTAMP '{_now()}' AS built_at FROM {source}"
    )


def _built_at(name: str, audited: set[str]) -> str:
    schema, _, table = name.partition(".")
    return f"{audit_schema(schema)}.{table}" if schema in audited else name


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def make_warehouse(url: URL) -> None:
    """The file, where a warehouse is one."""
    warehouse = open_warehouse(url, wait_seconds=5)
    if isinstance(warehouse, DuckDBWarehouse):
        warehouse.create()
    warehouse.release()


def change(url: URL, statement: str) -> None:
    """Change the warehouse behind sluice's back."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
