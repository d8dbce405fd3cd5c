"""A warehouse that cannot be had says so, soon, and without its password."""

from __future__ import annotations

import logging
import socket
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from gx.errors import WarehouseError
from gx.warehouse.opening import open_warehouse
from tests.warehouses.checking import Checks
from tests.warehouses.sites import Site

WRONG = "wr0ng-%/@:'pass"
SUITE = {"shop.orders": [{"expect_table_row_count_to_equal": {"value": 8}}]}


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgres),
                        pytest.param("snowflake", marks=pytest.mark.snowflake)])  # fmt: skip
def right_url(request: pytest.FixtureRequest) -> URL:
    """A URL that needs its password."""
    if request.param == "postgresql":
        guarded: URL = request.getfixturevalue("guarded")
        return guarded
    snowflake: Site = request.getfixturevalue("snowflake")
    return snowflake.url


def test_the_right_password_opens(right_url: URL) -> None:
    warehouse = open_warehouse(right_url, wait_seconds=0)
    warehouse.probe()
    warehouse.release()


def test_a_wrong_password_is_shown_nowhere(
    right_url: URL, checks_at: Callable[[URL], Checks], caplog: pytest.LogCaptureFixture
) -> None:
    checks = checks_at(right_url.set(password=WRONG))
    caplog.set_level(logging.DEBUG)

    with pytest.raises(WarehouseError) as caught:
        checks.run(SUITE)

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(checks.warehouse)
    kept = b"".join(file.read_bytes() for file in checks.directory.rglob("*") if file.is_file())
    for text in (shown, str(caught.value), caplog.text, kept.decode(errors="replace"), checks.warehouse.describe()):
        assert WRONG not in text
        assert right_url.set(password=WRONG).render_as_string(hide_password=False) not in text
        assert "wr0ng" not in text
    assert "***@" in str(caught.value)
    assert "assword" in str(caught.value)
    assert not caught.value.transient  # trying again would lock the account
    assert not checks.gate().is_open


def test_a_password_with_every_special_character_survives_the_url(right_url: URL) -> None:
    from gx.settings import Settings

    text = right_url.render_as_string(hide_password=False)
    settings = Settings(warehouse_url=text, _env_file=None)  # type: ignore[arg-type]

    assert settings.warehouse() == right_url
    assert (right_url.password or "!") not in repr(settings)


@pytest.mark.parametrize("backend", ["postgresql", "snowflake"])
def test_a_host_that_refuses_is_reported_soon(backend: str, closed_port: int) -> None:
    query = {"account": "a", "protocol": "http", "login_timeout": "2"} if backend == "snowflake" else {}
    url = URL.create(backend, "someone", "s3cret-pass", "127.0.0.1", closed_port, "db", query)
    started = time.monotonic()

    with pytest.raises(WarehouseError, match="cannot connect to the warehouse") as caught:
        open_warehouse(url, wait_seconds=0).probe()

    assert time.monotonic() - started < 20
    assert caught.value.transient
    assert f"127.0.0.1:{closed_port}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_named_on_postgresql(postgres: Site) -> None:
    with pytest.raises(WarehouseError, match='database "absent" does not exist'):
        open_warehouse(postgres.url.set(database="absent"), wait_seconds=0).probe()


@pytest.mark.snowflake
def test_a_database_that_is_not_there_is_no_missing_table_on_snowflake(
    snowflake: Site, checks_at: Callable[[URL], Checks]
) -> None:
    checks = checks_at(snowflake.url.set(database="absent/public"))

    # Snowflake logs in all the same, to a session without a database: the catalog cannot be read.
    with pytest.raises(WarehouseError, match=r"cannot look up tables in .*/absent/public.* grants"):
        checks.run(SUITE)
    assert not checks.gate().is_open


def test_a_file_that_is_no_duckdb_database_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    file.write_text("this is a text file, and long enough to have a header\n" * 200)

    with pytest.raises(WarehouseError, match=r"cannot connect to .*warehouse\.duckdb"):
        open_warehouse(URL.create("duckdb", database=str(file)), wait_seconds=0).probe()


def test_a_duckdb_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"

    with pytest.raises(WarehouseError, match="there is no file"):
        open_warehouse(URL.create("duckdb", database=str(file)), wait_seconds=0).probe()
    assert not file.exists()
