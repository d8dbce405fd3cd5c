from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from checkpoints.ledger.schema import metadata
from tests.warehouses.sites import postgres_server


@pytest.fixture(scope="session")
def ledger_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    with postgres_server(tmp_path_factory.mktemp("ledger-server")) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A ledger that does not exist yet, on each database."""
    if request.param == "sqlite":
        yield sa.make_url(f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}")
        return
    server: URL = request.getfixturevalue("ledger_server")
    yield server
    engine = sa.create_engine(server)
    metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(url: URL) -> Iterator[Ledger]:
    made = Ledger(url, gate_valid_hours=24)
    yield made
    made.close()
