from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from flows.sources.embedded import EmbeddedIngest
from flows.sources.emulators.embedded import EmbeddedSources, embedded_sources
from flows.sources.stripe import StripeSource
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from gx.warehouse.duckdb import DuckDBWarehouse

SEED = 7


class SteppingClock:
    """Each look is a minute later than the last."""

    def __init__(self, start: datetime = datetime(2025, 10, 1, 2, 14, 23)) -> None:  # noqa: DTZ001 - UTC as stored
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSources]:
    with embedded_sources(tmp_path_factory.mktemp("embedded"), seed=SEED) as running:
        yield running


@pytest.fixture(scope="session")
def stripe_source(sources: EmbeddedSources) -> StripeSource:
    return StripeSource(sources.stripe_api_key, api_base=sources.stripe_api_base, timeout_seconds=20)


@pytest.fixture
def duckdb_warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = DuckDBWarehouse(sa.make_url(f"duckdb:///{tmp_path / 'warehouse.duckdb'}"), wait_seconds=5)
    warehouse.create()
    yield warehouse
    warehouse.release()


@pytest.fixture
def postgres_warehouse(sources: EmbeddedSources) -> Iterator[Warehouse]:
    """A database of its own on the server that also holds the source."""
    server = sa.make_url(sources.postgres_url.get_secret_value())
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS warehouse WITH (FORCE)"))
        connection.execute(sa.text("CREATE DATABASE warehouse"))
    warehouse = open_warehouse(server.set(database="warehouse"), wait_seconds=5)
    yield warehouse
    warehouse.release()


@pytest.fixture
def ingest_into(sources: EmbeddedSources, tmp_path: Path):
    def make(
        warehouse: Warehouse, *, faulty: bool = False, clock: SteppingClock | None = None
    ) -> EmbeddedIngest:
        return EmbeddedIngest.of(
            sources, warehouse, work_dir=tmp_path / "spool", clock=clock or SteppingClock(), faulty=faulty
        )

    return make
