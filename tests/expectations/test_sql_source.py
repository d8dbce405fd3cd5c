"""Figures read from a database to reconcile with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy.engine import URL, make_url

from expectations.facts import Measure
from expectations.sql_source import SourceUnavailableError, SqlSource

SECRET = "s3cr3t-marker"


@pytest.fixture
def url(tmp_path: Path) -> URL:
    file = tmp_path / "source.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute('create schema "My Shop"')
        connection.execute(
            "create table charges (id integer, amount decimal(18, 2), status varchar, created timestamp)"
        )
        connection.execute(
            "insert into charges values (1, 10.10, 'paid', '2025-09-01'), (2, 20.20, 'paid', '2025-09-30 23:59:59'),"
            " (2, 0.70, 'void', '2025-10-01'), (3, null, 'paid', null)"
        )
        connection.execute('create table "My Shop"."Order" as select * from charges where id = 1')
        connection.execute("create view bad as select status::integer as n, interval '1 day' as i from charges")
    return make_url(f"duckdb:///{file}")


SEPTEMBER: dict[str, Any] = {
    "since_column": "created",
    "since": datetime.fromisoformat("2025-09-01"),
    "until": datetime.fromisoformat("2025-10-01"),
}


@pytest.mark.parametrize(
    ("measure", "figure"),
    [
        (Measure("charges"), 4),
        (Measure("main.charges", distinct="id"), 3),
        (Measure("charges", "amount"), Decimal("31.00")),
        (Measure("charges", "amount", where={"status": "paid"}), Decimal("30.30")),
        (Measure("charges", where={"status": "' or 1 = 1 --"}), 0),
        (Measure("charges", "amount", where={"status": "nobody"}), 0),  # the sum of nothing
        (Measure("charges", **SEPTEMBER), 2),  # the end is not part of the window
        (Measure("charges", "amount", **SEPTEMBER), Decimal("30.30")),
        (Measure('"My Shop"."Order"'), 1),
    ],
)
def test_a_measure_is_one_figure_of_the_rows_asked_for(url: URL, measure: Measure, figure: Decimal | int) -> None:
    assert SqlSource.at("erp", url).read(measure) == figure


def test_what_the_source_does_not_have_is_named(url: URL) -> None:
    with pytest.raises(SourceUnavailableError, match=r"^the source 'erp' could not give nowhere: .*nowhere"):
        SqlSource.at("erp", url).read(Measure("nowhere"))
    with pytest.raises(SourceUnavailableError, match=r"could not give charges: .*\"nope\" not found"):
        SqlSource.at("erp", url).read(Measure("charges", "nope"))


def test_a_failed_cast_does_not_quote_the_value(url: URL) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        SqlSource.at("erp", url).read(Measure("bad", "n"))
    assert "paid" not in str(caught.value)
    assert "Conversion Error" in str(caught.value)


def test_a_sum_that_is_no_number_is_an_error_of_the_source(url: URL) -> None:
    with pytest.raises(SourceUnavailableError):
        SqlSource.at("erp", url).read(Measure("bad", "i"))


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_a_source_that_cannot_be_reached_keeps_its_password(host: str) -> None:
    source = SqlSource.at("erp", make_url(f"postgresql://me:{SECRET}@{host}/db?connect_timeout=2"))
    with pytest.raises(SourceUnavailableError, match="could not give charges") as caught:
        source.read(Measure("charges"))
    assert SECRET not in str(caught.value)
    assert caught.value.transient


@pytest.mark.parametrize("driver", ["nosuch", "oracle", "postgresql+nosuch"])
def test_a_database_without_a_driver_is_told(driver: str) -> None:
    with pytest.raises(SourceUnavailableError, match="no driver is installed") as caught:
        SqlSource.at("erp", make_url(f"{driver}://me:{SECRET}@host/db"))
    assert SECRET not in str(caught.value)
