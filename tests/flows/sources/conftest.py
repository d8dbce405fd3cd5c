from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from flows.child import listen
from flows.sources.embedded import EmbeddedIngest
from flows.sources.emulators.embedded import EmbeddedSources, embedded_sources
from flows.sources.stripe import StripeSource
from gx.warehouse.base import Warehouse
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.opening import open_warehouse

SEED = 7


class SteppingClock:
    """Each look is a minute later than the last."""

    def __init__(self, start: datetime = datetime(2025, 10, 1, 2, 14, 23)) -> None:  # noqa: DTZ001 - UTC as stored
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture(scope="session")
def sources() -> Iterator[EmbeddedSources]:
    with server_directory() as directory, embedded_sources(directory, seed=SEED) as running:
        yield running


@pytest.fixture
def state_dir() -> Iterator[Path]:
    with server_directory() as directory:
        yield directory


@contextmanager
def server_directory() -> Iterator[Path]:
    """A directory outside pytest's own.

    Run as root, PostgreSQL runs as another user, and every pytest session that starts closes `pytest-of-root`,
    where all sessions keep their `tmp_path`, to other users: the server of a session that goes on would crash.
    """
    with TemporaryDirectory(prefix="sluice-test-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


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


class EmulatedSnowflake:
    """Snowflake's dialect and connector, over HTTP to the emulator."""

    def __init__(self, port: int, database: str) -> None:
        address = {"host": "127.0.0.1", "port": port, "protocol": "http"}
        quiet = {"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False}
        self._engine = sa.create_engine(
            f"snowflake://fake:snow@fakesnow/{database}", connect_args={**address, "session_parameters": quiet}
        )

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            yield connection

    def release(self) -> None:
        self._engine.dispose()

    def redact(self, text: str) -> str:
        return text


@pytest.fixture(scope="session")
def snowflake_port() -> Iterator[int]:
    import uvicorn

    # By name: once the module is imported, the package's function of that name, which starts it, is hidden.
    app = import_module("fakesnow.server").app
    listener = listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def snowflake_warehouse(snowflake_port: int, request: pytest.FixtureRequest) -> EmulatedSnowflake:
    """A database of its own: the emulator keeps them all until the end."""
    return EmulatedSnowflake(snowflake_port, f"warehouse_{abs(hash(request.node.nodeid))}")


@pytest.fixture
def ingest_into(sources: EmbeddedSources, tmp_path: Path):
    def make(warehouse: Warehouse, *, faulty: bool = False, clock: SteppingClock | None = None) -> EmbeddedIngest:
        return EmbeddedIngest.of(
            sources, warehouse, work_dir=tmp_path / "spool", clock=clock or SteppingClock(), faulty=faulty
        )

    return make
