"""What a table's history is made of: accepted runs, one of each ingest, and never the ingest that is judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from checkpoints.history import TableHistory
from checkpoints.ledger import Ledger
from checkpoints.ledger.histories import MOST_RUNS
from checkpoints.result import ExpectationOutcome, Verdict
from expectations.usual_level import Past
from tests.checkpoints.runs import MINUTE, NOON, outcome, record, run_of

TABLE = "shop.orders"
SUM = "expect_column_sum_to_be_as_usual"
START = NOON.replace(tzinfo=None)


def counted(
    ledger: Ledger, number: int, ingest: str, rows: int | None, verdict: Verdict = Verdict.PASSED, table: str = TABLE
) -> None:
    """A run that ended so many minutes after noon."""
    rows_of = {} if rows is None else {table: rows}
    run_id = f"run-{number:04}"
    record(ledger, run_of(verdict, run_id=run_id, ingest_id=ingest, at=NOON + number * MINUTE, rows=rows_of))


def past(number: int, rows: int) -> tuple[str, Past]:
    return f"run-{number:04}", Past(START + timedelta(minutes=number), rows)


def history(ledger: Ledger, ingest: str = "ingest-now") -> list[tuple[str, Past]]:
    return [(run_id, Past(at, rows)) for run_id, at, rows in ledger.counted_runs(TABLE, ingest)]


def test_a_history_is_of_accepted_runs_on_this_table_the_oldest_first(ledger: Ledger) -> None:
    counted(ledger, 1, "a", 100)
    counted(ledger, 2, "b", 200, Verdict.FAILED)
    counted(ledger, 3, "c", 300, Verdict.ERRORED)
    counted(ledger, 4, "d", 400, Verdict.WARNED)
    counted(ledger, 5, "e", 500, table="shop.other")
    counted(ledger, 6, "f", None)
    ledger.begin_run("run-7", "staging", "g", (), NOON)  # it has not ended
    assert history(ledger) == [past(1, 100), past(4, 400)]


def test_of_each_ingest_the_last_accepted_run_counts(ledger: Ledger) -> None:
    counted(ledger, 1, "a", 100)
    counted(ledger, 2, "b", 200)
    counted(ledger, 3, "a", 101)
    counted(ledger, 4, "a", 999, Verdict.FAILED)
    assert history(ledger) == [past(2, 200), past(3, 101)]


def test_the_ingest_at_hand_is_no_part_of_its_own_history(ledger: Ledger) -> None:
    counted(ledger, 1, "a", 100)
    counted(ledger, 2, "b", 200)
    assert history(ledger, "b") == [past(1, 100)]


def test_looking_at_one_ingest_again_and_again_pushes_no_other_out_of_the_history(ledger: Ledger) -> None:
    for number in range(3):
        counted(ledger, number, f"day-{number}", 100 + number)
    for number in range(3, MOST_RUNS + 10):
        counted(ledger, number, "today", 100)
    assert [rows.value for _, rows in history(ledger)] == [100, 101, 102, 100]
    assert [rows.value for _, rows in history(ledger, "today")] == [100, 101, 102]


@dataclass(frozen=True)
class Run:
    ingest: str
    verdict: Verdict
    rows: int | None


RUNS = st.builds(
    Run, st.sampled_from("abcd"), st.sampled_from(Verdict), st.none() | st.integers(0, 10**12)
)  # fmt: skip


@given(st.lists(RUNS, max_size=12), st.sampled_from("abcde"))
@settings(max_examples=40, deadline=None)
def test_a_history_is_what_a_plain_reading_of_the_runs_says(runs: list[Run], ingest: str) -> None:
    with sqlite() as ledger:
        for number, run in enumerate(runs):
            counted(ledger, number, run.ingest, run.rows, run.verdict)
        last = {
            run.ingest: past(number, run.rows)
            for number, run in enumerate(runs)
            if run.verdict.opens and run.rows is not None and run.ingest != ingest
        }
        assert history(ledger, ingest) == sorted(last.values())


@contextmanager
def sqlite() -> Iterator[Ledger]:
    with TemporaryDirectory() as directory:
        made = Ledger(URL.create("sqlite", database=str(Path(directory) / "ledger.sqlite")), gate_valid_hours=24)
        yield made
        made.close()


# -- what was observed ------------------------------------------------------------------------------------------------


def observing(ledger: Ledger, number: int, *outcomes: ExpectationOutcome, verdict: Verdict = Verdict.PASSED) -> str:
    run = run_of(verdict, run_id=f"run-{number:04}", ingest_id=f"day-{number}", at=NOON + number * MINUTE,
                 rows={TABLE: 10})  # fmt: skip
    record(ledger, replace(run, outcomes=outcomes))
    return run.run_id


def figure(value: object, *, expectation: str = SUM, column: str | None = "amount", success: bool | None = True,
           table: str = TABLE) -> ExpectationOutcome:  # fmt: skip
    made = outcome(success, expectation=expectation)
    return replace(made, observed_value=value, column=column, table=table)


def test_figures_are_told_apart_by_expectation_and_column(ledger: Ledger) -> None:
    mean = "expect_column_mean_to_be_as_usual"
    runs = [
        observing(ledger, number, figure(number), figure(number * 2, expectation=mean), figure(7.5, column="tax"))
        for number in range(2)
    ]
    assert ledger.observed(TABLE, runs) == {
        (SUM, "amount"): {runs[0]: 0.0, runs[1]: 1.0},
        (mean, "amount"): {runs[0]: 0.0, runs[1]: 2.0},
        (SUM, "tax"): {runs[0]: 7.5, runs[1]: 7.5},
    }


def test_what_is_no_number_was_errored_or_is_of_something_else_is_left_out(ledger: Ledger) -> None:
    run = observing(
        ledger, 1, figure("12"), figure(None, column="a"), figure(True, column="b"), figure([1], column="c"),
        figure(1, column="d", success=None), figure(2, column="e", table="shop.other"),
        figure(3, column="f", expectation="expect_column_sum_to_be_between"), figure(4, column="g", success=False),
    )  # fmt: skip
    assert ledger.observed(TABLE, [run]) == {(SUM, "g"): {run: 4.0}}


def test_only_the_runs_that_are_asked_for_are_told_however_many(ledger: Ledger) -> None:
    runs = [observing(ledger, number, figure(number)) for number in range(205)]
    assert ledger.observed(TABLE, []) == {}
    assert ledger.observed(TABLE, runs[1:])[SUM, "amount"] == {
        run: float(number) for number, run in enumerate(runs) if number
    }


def test_a_tables_history_has_rows_and_figures_of_the_same_runs(ledger: Ledger) -> None:
    observing(ledger, 1, figure(1.5))
    observing(ledger, 2, figure(2.5), verdict=Verdict.PASSED)
    record(ledger, run_of(Verdict.PASSED, run_id="run-0003", ingest_id="day-3", at=NOON + 3 * MINUTE, rows={TABLE: 9}))
    past_runs = TableHistory(ledger, TABLE, "day-2")
    assert past_runs.row_counts() == [past(1, 10)[1], past(3, 9)[1]]
    assert past_runs.figures(SUM, "amount") == [Past(START + timedelta(minutes=1), 1.5)]
    assert past_runs.figures(SUM, "other") == []


def test_a_history_is_read_once(ledger: Ledger) -> None:
    observing(ledger, 1, figure(1.5))
    past_runs = TableHistory(ledger, TABLE, "now")
    before = (past_runs.row_counts(), past_runs.figures(SUM, "amount"))
    observing(ledger, 2, figure(2.5))
    assert (past_runs.row_counts(), past_runs.figures(SUM, "amount")) == before
    assert len(before[0]) == 1
