"""What the journeys share: one good run, one Prefect server, one set of sources that are not the embedded ones."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from flows.sources.emulators.embedded import EmbeddedSources, embedded_sources
from gx.settings import REFERENCE_PROJECT, Settings
from tests.journeys.command import Ended, Sluice
from tests.journeys.tables import Tables

_SERVER_SECONDS = 180


@pytest.fixture(scope="session")
def states() -> Iterator[Path]:
    """Where state directories are made.

    Not pytest's own directory: run as root, PostgreSQL serves as another user, to whom that one is closed.
    """
    with TemporaryDirectory(prefix="sluice-test-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def prefect_home() -> Path:
    """The home that all commands of this test session share, so that its database is made once."""
    return Path(os.environ["PREFECT_HOME"])


@dataclass(frozen=True)
class GoodRun:
    """A main job that went through, on a state directory that no test changes."""

    sluice: Sluice
    ended: Ended
    tables: Tables

    @property
    def ingest_id(self) -> str:
        return str(self.ended.document["ingest_id"])

    def copy(self, state: Path) -> Sluice:
        """A state directory of one's own that begins where this run ended (the sources are made anew)."""
        shutil.copytree(self.sluice.state, state, ignore=shutil.ignore_patterns("sources", "turn.*"))
        return Sluice(state)


@pytest.fixture(scope="session")
def good_run(states: Path) -> GoodRun:
    sluice = Sluice(states / "good")
    ended = sluice.run("run", "--json")
    assert ended.code == 0, ended.err
    return GoodRun(sluice, ended, Tables.of_file(sluice.warehouse))


@pytest.fixture
def state_after_good_run(good_run: GoodRun, states: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    state = states / f"copy-{request.node.name[:60]}"
    good_run.copy(state)
    yield state
    shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def own_sources(states: Path) -> Iterator[EmbeddedSources]:
    """Stripe and PostgreSQL as a company has them: somewhere, with an address and a key."""
    with embedded_sources(states / "own-sources") as sources:
        yield sources


@pytest.fixture
def settings_of(own_sources: EmbeddedSources, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """The settings of a state directory whose project reads from those sources."""
    monkeypatch.setenv("SLUICE_SOURCE_POSTGRES_URL", own_sources.postgres_url.get_secret_value())

    def make(state: Path, **others: object) -> Settings:
        sources = {"stripe_api_key": own_sources.stripe_api_key, "stripe_api_base": own_sources.stripe_api_base}
        return Settings.model_validate({"project": REFERENCE_PROJECT, "state": state, **sources, **others})

    return make


@dataclass(frozen=True)
class PrefectServer:
    """A Prefect server as a team runs it: it goes on when a run ends."""

    url: str


@pytest.fixture(scope="session")
def prefect_server(states: Path, prefect_home: Path) -> Iterator[PrefectServer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = states / "prefect-server"
    home.mkdir()
    _copy_database(prefect_home / "prefect.db", home / "prefect.db")
    log = home / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            command,
            env={**os.environ, "PREFECT_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        deadline = time.monotonic() + _SERVER_SECONDS
        while not _answers(url):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        yield PrefectServer(url)
    finally:
        # Its database is thrown away with it, so it need not spend seconds on an orderly end.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(60)


def _copy_database(database: Path, target: Path) -> None:
    """Spare the server the making of its tables, if they have been made."""
    if database.exists():
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
