"""``sluice check`` of a table that tells which of its rows are new."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa

from tests.flows.cli.foreign import Answer, ForeignProject

UNIQUE_ID = "expect_column_values_to_be_unique: {column: id}"
NO_EMAIL_MISSING = "expect_column_values_to_not_be_null: {column: email}"
ARRIVALS = "arrivals: {column: ordered_at}\n"


@pytest.fixture
def known(project: ForeignProject) -> ForeignProject:
    """A table of which all rows were read once, and hold."""
    project.sql("update shop.orders set email = 'c@example.com', id = day(ordered_at)")
    project.suite(UNIQUE_ID, NO_EMAIL_MISSING, more=ARRIVALS)
    assert scan(project.check("--json")) == (False, "nothing is kept of an earlier scan")
    return project


def scan(answer: Answer) -> tuple[bool, str | None]:
    """Whether only the new rows were read, and why not."""
    figures: dict[str, Any] = answer.document["scans"]["shop.orders"]
    return figures["new_rows_only"], figures["why_all"]


def kept(project: ForeignProject) -> set[str]:
    """The values that the ledger has of the last scan, as text."""
    with sqlite3.connect(project.state / "ledger.sqlite") as ledger:
        (text,) = ledger.execute("select state from scan_states").fetchone()
    return {value[1] for value in json.loads(text)["values"].values() if value is not None}


def arrive(project: ForeignProject, identifier: int, email: str | None, at: str = "2026-01-01") -> None:
    text = "null" if email is None else f"'{email}'"
    project.sql(f"insert into shop.orders values ({identifier}, {text}, 'usd', 1, '{at}', 100)")


def test_only_new_rows_are_read_and_the_whole_table_is_told(known: ForeignProject) -> None:
    arrive(known, 99, "d@example.com")
    answer = known.check("--json")
    assert (answer.code, scan(answer)) == (0, (True, None))
    assert answer.document["row_counts"] == {"shop.orders": 6}
    assert [result["element_count"] for result in answer.document["results"]] == [6, 6]


def test_what_new_rows_spoil_closes_the_gate_until_it_is_mended(known: ForeignProject) -> None:
    arrive(known, 99, None)
    answer = known.check("--json")
    assert (answer.code, scan(answer), known.gate().code) == (1, (True, None), 1)
    answer = known.check("--json")
    assert (answer.code, scan(answer), known.gate().code) == (1, (True, None), 1)  # nothing new, and still wrong
    arrive(known, 99, "e@example.com", "2026-01-02")
    answer = known.check("--json")
    assert (answer.code, scan(answer)) == (1, (False, "a new row has the key of an earlier one"))
    known.sql("delete from shop.orders where id = 99")
    answer = known.check("--json")
    assert (answer.code, known.gate().code) == (0, 0)
    assert scan(answer) == (False, "rows that had arrived earlier were added, changed or deleted")


def test_all_rows_are_read_on_request(known: ForeignProject) -> None:
    known.sql("update shop.orders set email = null where id = (select min(id) from shop.orders)")
    assert known.check().code == 0  # a row that was changed in place is what the new rows do not tell
    answer = known.check("--full")
    assert answer.code == 1
    assert "all rows of shop.orders were read: a full scan was asked for" in answer.out


@pytest.mark.parametrize(
    ("shift", "why"),
    [
        ("-25 hours", "the last full scan is more than 24 hours old"),
        ("+2 hours", "the last full scan lies in the future"),
    ],
)
def test_all_rows_are_read_when_it_is_due(known: ForeignProject, shift: str, why: str) -> None:
    engine = sa.create_engine(f"sqlite:///{known.state / 'ledger.sqlite'}")
    with engine.begin() as connection:
        moved = f"strftime('%Y-%m-%dT%H:%M:%S+00:00', json_extract(state, '$.full_scan_at'), '{shift}')"
        connection.exec_driver_sql(f"UPDATE scan_states SET state = json_set(state, '$.full_scan_at', {moved})")
    engine.dispose()
    assert scan(known.check("--json")) == (False, why)
    assert scan(known.check("--json")) == (True, None)


@pytest.mark.parametrize(
    ("arrivals", "error"),
    [
        ("arrivals: ordered_at\n", "`arrivals`"),
        ("arrivals: {}\n", "needs `column:`"),
        ("arrivals: {colum: ordered_at}\n", "'colum'"),
        ("arrivals: {column: ordered_at, full_scan_hours: 0}\n", "full_scan_hours"),
        ("arrivals: {column: ordered_at, full_scan_hours: .nan}\n", "full_scan_hours"),
        ("arrivals: {column: ordered_at, full_scan_hours: tomorrow}\n", "full_scan_hours"),
    ],
)
def test_what_is_no_arrivals_is_refused_with_its_line(project: ForeignProject, arrivals: str, error: str) -> None:
    project.suite(UNIQUE_ID, more=arrivals)
    answer = project.check()
    assert answer.code == 2
    assert "shop.orders.yml:2" in answer.err
    assert error in answer.err


def test_a_column_that_the_table_does_not_have_costs_a_scan_and_says_so(project: ForeignProject) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}", more="arrivals: {column: loaded_at}\n")
    answer = project.check()
    assert answer.code == 0
    assert "the table has no column loaded_at, which the suite's `arrivals` names" in answer.out


def test_of_a_pii_column_nothing_is_kept_between_runs_but_counts(project: ForeignProject) -> None:
    figures = [f"expect_column_{figure}_to_be_between: {{column: amount, min_value: -99}}" for figure in ("sum", "min")]
    expectations = (*figures, "expect_column_values_to_not_be_null: {column: amount, mostly: 0.5}")
    project.sql("update shop.orders set amount = -77.31 where id = 4")
    project.suite(*expectations, more=ARRIVALS)
    project.check()
    assert kept(project) >= {"-77.31"}

    project.suite(*expectations, more=f"{ARRIVALS}pii: [Amount]\n")
    assert scan(project.check("--json")) == (False, "what is kept may not be kept any more")
    assert not any("." in value for value in kept(project))
    arrive(project, 99, "d@example.com")
    answer = project.check("--json")
    assert scan(answer) == (True, None)
    assert [result["observed_value"] for result in answer.document["results"]] == ["***", "***", None]
