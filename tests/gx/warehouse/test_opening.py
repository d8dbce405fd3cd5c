"""The URL alone opens a warehouse."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gx.warehouse.opening import open_warehouse


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("duckdb:///x.duckdb", "duckdb"),
        ("postgresql://someone@host/db", "postgresql"),
        ("postgresql+psycopg2://someone@host/db", "postgresql"),
        ("snowflake://someone@account/db", "snowflake"),
    ],
)
def test_the_backend_of_the_url_chooses_the_warehouse(url: str, dialect: str) -> None:
    assert open_warehouse(sa.make_url(url), wait_seconds=0).dialect_name == dialect


def arguments(url: str) -> dict:
    """What the Snowflake connector is called with."""
    warehouse = open_warehouse(sa.make_url(url), wait_seconds=0)
    _, from_url = warehouse.engine.dialect.create_connect_args(warehouse.engine.url)
    return {**from_url, **warehouse.engine_options()["connect_args"]}


def test_snowflakes_account_schema_warehouse_and_role_come_from_the_url() -> None:
    given = arguments("snowflake://me:p%40ss@ab12345.eu-west-1/DB/RAW?warehouse=WH&role=LOADER")

    assert given["account"] == "ab12345"
    assert given["host"] == "ab12345.eu-west-1.snowflakecomputing.com"
    assert (given["user"], given["password"]) == ("me", "p@ss")
    assert (given["database"], given["schema"], given["warehouse"], given["role"]) == ("DB", "RAW", "WH", "LOADER")


def test_snowflakes_key_pair_login_comes_from_the_url_alone() -> None:
    given = arguments(
        "snowflake://me@account/DB?private_key_file=/keys/rsa.p8&private_key_file_pwd=s3cret&authenticator=SNOWFLAKE_JWT"
    )

    assert given["private_key_file"] == "/keys/rsa.p8"
    assert given["private_key_file_pwd"] == "s3cret"
    assert given["authenticator"] == "SNOWFLAKE_JWT"


def test_snowflake_behind_another_address_comes_from_the_url_alone() -> None:
    given = arguments("snowflake://me:pw@127.0.0.1:8080/DB?account=emulator&protocol=http")

    assert (given["host"], given["port"]) == ("127.0.0.1", 8080)
    assert (given["account"], given["protocol"]) == ("emulator", "http")


@pytest.mark.parametrize(("query", "seconds"), [("", 60), ("?login_timeout=5", 5)])
def test_logging_in_to_snowflake_has_an_end(query: str, seconds: int) -> None:
    assert int(arguments(f"snowflake://me:pw@account/DB{query}")["login_timeout"]) == seconds


@pytest.mark.parametrize("query", ["", "?timezone=Asia/Tokyo"])
def test_a_snowflake_session_is_in_utc(query: str) -> None:
    assert arguments(f"snowflake://me:pw@account/DB{query}")["timezone"] == "UTC"


@pytest.mark.parametrize(("query", "seconds"), [("", 30), ("?connect_timeout=5", 5)])
def test_connecting_to_postgresql_has_an_end(query: str, seconds: int) -> None:
    warehouse = open_warehouse(sa.make_url(f"postgresql://me@host/db{query}"), wait_seconds=0)
    _, from_url = warehouse.engine.dialect.create_connect_args(warehouse.engine.url)

    assert int({**from_url, **warehouse.engine_options().get("connect_args", {})}["connect_timeout"]) == seconds


def test_the_description_of_a_warehouse_has_no_secret() -> None:
    url = "snowflake://me:pa55word@account/DB?private_key_file_pwd=s3cret&token=t0ken"
    warehouse = open_warehouse(sa.make_url(url), wait_seconds=0)

    for text in (warehouse.describe(), repr(warehouse), warehouse.redact("no pa55word, no s3cret, no t0ken")):
        assert not any(secret in text for secret in ("pa55word", "s3cret", "t0ken"))
