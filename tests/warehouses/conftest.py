from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from tests.warehouses.checking import Checks
from tests.warehouses.exhaustion import Open
from tests.warehouses.sites import Site, add_guarded_role, duckdb_url, fill, postgres_server, snowflake_server

KINDS = [
    "duckdb",
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("snowflake", marks=pytest.mark.snowflake),
]


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def snowflake_url() -> Iterator[URL]:
    with snowflake_server() as url:
        yield url


@pytest.fixture(scope="session")
def duckdb_file_url(tmp_path_factory: pytest.TempPathFactory) -> URL:
    return duckdb_url(tmp_path_factory.mktemp("duckdb"))


_FILLED: dict[str, Site] = {}


@pytest.fixture(scope="session", params=KINDS)
def site(request: pytest.FixtureRequest) -> Site:
    """Each warehouse in turn, with its tables."""
    return site_of(request.param, request)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Site:
    return site_of("postgresql", request)


@pytest.fixture(scope="session")
def snowflake(request: pytest.FixtureRequest) -> Site:
    return site_of("snowflake", request)


def site_of(kind: str, request: pytest.FixtureRequest) -> Site:
    fixture = {"duckdb": "duckdb_file_url", "postgresql": "postgres_url", "snowflake": "snowflake_url"}[kind]
    if kind not in _FILLED:
        url: URL = request.getfixturevalue(fixture)
        fill(url)
        _FILLED[kind] = Site(kind, url)
    return _FILLED[kind]


@pytest.fixture
def warehouse(site: Site) -> Iterator[Warehouse]:
    opened = site.open()
    yield opened
    opened.release()


@pytest.fixture
def checks(warehouse: Warehouse, tmp_path: Path) -> Checks:
    return Checks(tmp_path, warehouse)


@pytest.fixture
def checks_at(tmp_path: Path) -> Iterator[Callable[[URL], Checks]]:
    """Checks through a URL of one's own."""
    opened: list[Warehouse] = []

    def make(url: URL) -> Checks:
        opened.append(open_warehouse(url, wait_seconds=1))
        return Checks(tmp_path, opened[-1])

    yield make
    for one in opened:
        one.release()


@pytest.fixture
def open_checks(tmp_path: Path) -> Iterator[Open]:
    """Checks through a URL and with settings of one's own."""
    opened: list[Warehouse] = []

    def make(url: URL, **settings: Any) -> Checks:
        opened.append(open_warehouse(url, wait_seconds=1, **settings))
        return Checks(tmp_path, opened[-1])

    yield make
    for one in opened:
        one.release()


@pytest.fixture(scope="session")
def guarded(postgres: Site) -> URL:
    """PostgreSQL through a role with a password, which may read `shop.customers` and nothing else."""
    url = add_guarded_role(postgres.url, "guarded", "s3cret-%/@:'x")
    postgres.execute("GRANT SELECT ON shop.customers TO guarded")
    return url
