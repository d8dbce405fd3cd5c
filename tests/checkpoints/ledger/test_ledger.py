"""The ledger remembers what was written, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.gate import ROLLED_BACK
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.result import Verdict
from tests.checkpoints.runs import MINUTE, NOON, OUTCOMES, outcome, record, run_of


def test_a_ledger_that_was_never_written_knows_nothing_and_makes_no_file(url: URL, ledger: Ledger) -> None:
    gate = ledger.gate("marts", ["staging"], ingest_id=None, now=NOON)
    assert not gate.is_open
    assert gate.reasons == ("nothing has been ingested or checked yet",)
    if url.get_backend_name() == "sqlite":
        assert not ledger.exists()


def test_an_ingest_is_remembered_with_its_tables(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "stripe", NOON.astimezone(timezone(timedelta(hours=9))))
    begun = ledger.ingest("ingest-1")
    assert begun is not None
    assert (begun.started_at, begun.finished_at, begun.tables) == (NOON.replace(tzinfo=None), None, {})
    ledger.finish_ingest("ingest-1", NOON + MINUTE, {"raw.charges": 1423, "raw.plans": 3})
    done = ledger.ingest("ingest-1")
    assert done is not None
    assert done.tables == {"raw.charges": 1423, "raw.plans": 3}
    assert done.finished_at == (NOON + MINUTE).replace(tzinfo=None)
    assert ledger.ingest("another") is None
    assert ledger.latest_ingest() == "ingest-1"


def test_an_ingest_that_is_tried_again_starts_its_record_anew(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "stripe", NOON)
    ledger.finish_ingest("ingest-1", NOON + MINUTE, {"raw.charges": 7})
    ledger.begin_ingest("ingest-1", "stripe", NOON + 2 * MINUTE)
    again = ledger.ingest("ingest-1")
    assert again is not None
    assert (again.started_at, again.finished_at, again.tables) == ((NOON + 2 * MINUTE).replace(tzinfo=None), None, {})
    ledger.finish_ingest("ingest-1", NOON + 3 * MINUTE, {"raw.charges": 1423})
    done = ledger.ingest("ingest-1")
    assert done is not None
    assert done.tables == {"raw.charges": 1423}


def test_an_ingest_that_begins_again_closes_what_was_decided_for_it(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "stripe", NOON)
    record(ledger, run_of(Verdict.PASSED), "marts")
    ledger.begin_run("run-2", "extra", "ingest-1", ["marts"], NOON)
    ledger.begin_ingest("ingest-1", "stripe", NOON + MINUTE)
    ledger.finish_run(run_of(Verdict.PASSED, run_id="run-2", checkpoint="extra"), ["marts"])  # of the rows before
    gate = ledger.gate("marts", ["staging", "extra"], ingest_id=None, now=NOON + MINUTE)
    assert gate.reasons == ("staging pending: the ingest began again", "extra pending: the ingest began again")


def test_a_second_ingest_is_the_latest_although_the_clock_stepped_back(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "stripe", NOON)
    record(ledger, run_of(Verdict.PASSED), "marts")
    ledger.begin_ingest("ingest-2", "stripe", NOON - 60 * MINUTE)
    assert ledger.latest_ingest() == "ingest-2"
    assert not ledger.gate("marts", ["staging"], ingest_id=None, now=NOON).is_open
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open


def test_a_run_that_ends_after_a_later_one_began_decides_nothing(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    ledger.begin_run("run-2", "staging", "ingest-1", ["marts"], NOON + MINUTE)
    ledger.finish_run(run_of(Verdict.FAILED, run_id="run-2", at=NOON + MINUTE), ["marts"])
    ledger.finish_run(run_of(Verdict.PASSED, run_id="run-1"), ["marts"])
    gate = ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON + MINUTE)
    assert not gate.is_open
    assert [item.run_id for item in gate.decisions] == ["run-2"]


def test_a_load_that_begins_again_closes_what_its_earlier_check_had_opened(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.PASSED, checkpoint="marts"), "dashboards")
    assert ledger.gate("dashboards", ["marts"], ingest_id="ingest-1", now=NOON + MINUTE).is_open
    ledger.close_gates("marts", "ingest-1", ["dashboards"], "the load marts began", NOON + MINUTE)
    gate = ledger.gate("dashboards", ["marts"], ingest_id="ingest-1", now=NOON + MINUTE)
    assert not gate.is_open
    assert gate.reasons == ("marts pending: the load marts began",)


def test_every_result_of_a_run_is_kept(ledger: Ledger, url: URL) -> None:
    odd = replace(
        outcome(False), column="Ünïcode 'x\"", observed_value={"quantiles": [0.5], "values": [1.25]}, sentence="So."
    )
    run = replace(run_of(Verdict.FAILED), outcomes=(odd, *OUTCOMES[Verdict.ERRORED]))
    record(ledger, run, "marts")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select * from expectation_results order by position")).mappings().all()
    engine.dispose()
    assert [(row["success"], row["blocking"], row["severity"], row["error"]) for row in rows] == [
        (False, True, "critical", None), (True, True, "critical", None), (None, False, "info", "it raised"),
    ]  # fmt: skip
    observed = rows[0]["observed_value"]
    assert (json.loads(observed) if isinstance(observed, str) else observed) == odd.observed_value
    assert (rows[0]["column_name"], rows[0]["sentence"]) == (odd.column, "So.")
    (remembered,) = ledger.runs_of("ingest-1")
    assert (remembered.verdict, remembered.expectations, remembered.held) == (Verdict.ERRORED, 3, 1)
    assert remembered.reasons == run.reasons()


def test_a_decision_expires(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.PASSED), "marts")
    assert ledger.gate("marts", ["staging"], ingest_id=None, now=NOON + timedelta(hours=24) - MINUTE).is_open
    expired = ledger.gate("marts", ["staging"], ingest_id=None, now=NOON + timedelta(hours=24))
    assert not expired.is_open
    assert "expired at 2025-10-02 12:00 UTC" in expired.reasons[0]


def test_times_of_any_zone_are_compared_in_utc(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.PASSED, at=NOON.astimezone(timezone(timedelta(hours=9)))), "marts")
    late = (NOON + timedelta(hours=24)).astimezone(timezone(timedelta(hours=-11)))
    assert not ledger.gate("marts", ["staging"], ingest_id=None, now=late).is_open
    assert ledger.gate("marts", ["staging"], ingest_id=None, now=late - MINUTE).is_open


def test_a_second_ingest_closes_the_gate_until_it_is_checked(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.PASSED), "marts")
    ledger.begin_ingest("ingest-2", "test", NOON + MINUTE)
    gate = ledger.gate("marts", ["staging"], ingest_id=None, now=NOON + MINUTE)
    assert (gate.is_open, gate.ingest_id) == (False, "ingest-2")
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON + MINUTE).is_open
    record(ledger, run_of(Verdict.WARNED, run_id="run-2", ingest_id="ingest-2", at=NOON + MINUTE), "marts")
    assert ledger.gate("marts", ["staging"], ingest_id=None, now=NOON + MINUTE).is_open


def test_an_ingest_without_a_name_is_none_and_not_the_latest(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.PASSED), "marts")
    assert not ledger.gate("marts", ["staging"], ingest_id="", now=NOON).is_open


def test_beginning_to_check_again_closes_what_was_open(ledger: Ledger) -> None:
    record(ledger, run_of(Verdict.PASSED), "marts")
    ledger.begin_run("run-2", "staging", "ingest-1", ["marts"], NOON + MINUTE)
    gate = ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON + MINUTE)
    assert gate.reasons == ("staging pending: the run run-2 has not finished",)
    ledger.finish_run(run_of(Verdict.PASSED, run_id="run-2", at=NOON + MINUTE), ["marts"])
    assert ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON + MINUTE).is_open


def test_a_later_failure_closes_and_other_loads_and_ingests_stay_as_they_were(ledger: Ledger) -> None:
    record(ledger, run_of(Verdict.PASSED), "marts", "alerts")
    record(ledger, run_of(Verdict.PASSED, run_id="run-2", ingest_id="ingest-2"), "marts")
    record(ledger, run_of(Verdict.FAILED, run_id="run-3", at=NOON + MINUTE), "marts")
    state = {
        (load, ingest): ledger.gate(load, ["staging"], ingest_id=ingest, now=NOON + MINUTE).is_open
        for load in ("marts", "alerts") for ingest in ("ingest-1", "ingest-2")
    }  # fmt: skip
    assert state == {
        ("marts", "ingest-1"): False, ("marts", "ingest-2"): True,
        ("alerts", "ingest-1"): True, ("alerts", "ingest-2"): False,
    }  # fmt: skip


def test_the_previous_row_count_is_that_of_the_last_run_that_opened(ledger: Ledger) -> None:
    assert ledger.previous_row_count("staging.orders") is None
    history = [
        (Verdict.PASSED, 1000), (Verdict.FAILED, 1), (Verdict.WARNED, 1100), (Verdict.ERRORED, 2), (Verdict.FAILED, 3),
    ]  # fmt: skip
    for number, (verdict, rows) in enumerate(history):
        at = NOON + number * MINUTE
        record(ledger, run_of(verdict, run_id=f"run-{number}", at=at, rows={"staging.orders": rows, "x": 9}), "marts")
    assert ledger.previous_row_count("staging.orders") == 1100
    assert ledger.previous_row_count("staging.others") is None
    ledger.begin_run("run-9", "staging", "ingest-1", ["marts"], NOON)
    assert ledger.previous_row_count("staging.orders") == 1100


def test_a_run_that_cannot_be_written_whole_is_not_written_at_all(ledger: Ledger) -> None:
    """Two counts of one table break a key in the middle of the transaction."""
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    twice = replace(run_of(Verdict.PASSED), row_counts=(("t", 1), ("t", 2)))
    with pytest.raises(LedgerError):
        ledger.finish_run(twice, ["marts"])
    gate = ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON)
    assert gate.reasons == ("staging pending: the run run-1 has not finished",)
    (remembered,) = ledger.runs_of("ingest-1")
    assert (remembered.verdict, remembered.expectations) == (None, 0)


def test_results_of_a_run_that_never_began_are_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError):
        ledger.finish_run(run_of(Verdict.PASSED), ["marts"])
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open


def test_texts_no_database_likes_do_not_open_anything(ledger: Ledger) -> None:
    """PostgreSQL takes no NUL; whether the text is kept or refused, nobody sees a traceback."""
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    run = replace(run_of(Verdict.FAILED), outcomes=(replace(outcome(False), sentence="a\0b"),))
    try:
        ledger.finish_run(run, ["marts"])
    except LedgerError as error:
        assert "cannot be used" in str(error)  # noqa: PT017 - SQLite keeps it
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open


def test_a_rollback_closes_its_gates_on_every_database(ledger: Ledger) -> None:
    """PostgreSQL, unlike SQLite, refuses a verdict that is longer than its column."""
    record(ledger, run_of(Verdict.PASSED), "dashboards")
    ledger.close_gates("staging", "ingest-1", ["dashboards"], "readers use another", NOON + MINUTE, ROLLED_BACK)
    gate = ledger.gate("dashboards", ["staging"], ingest_id="ingest-1", now=NOON + MINUTE)
    assert (gate.is_open, gate.settled) == (False, True)
    assert gate.reasons == (f"staging {ROLLED_BACK}: readers use another",)


def test_what_was_rolled_back_stays_closed_until_its_load_or_its_ingest_begins_again(ledger: Ledger) -> None:
    def stands() -> tuple[bool, str]:
        gate = ledger.gate("dashboards", ["staging"], ingest_id="ingest-1", now=NOON + 4 * MINUTE)
        return gate.is_open, str(gate.decisions[0].verdict)

    def take_back() -> None:
        ledger.close_gates("staging", "ingest-1", ["dashboards"], "taken", NOON + MINUTE, ROLLED_BACK)

    ledger.begin_ingest("ingest-1", "somewhere", NOON)
    record(ledger, run_of(Verdict.PASSED), "dashboards")
    take_back()
    ledger.close_gates("staging", "ingest-1", ["dashboards"], "no run", NOON + MINUTE, Verdict.ERRORED.value)
    record(ledger, run_of(Verdict.PASSED, run_id="run-2", at=NOON + 2 * MINUTE), "dashboards")
    assert stands() == (False, ROLLED_BACK)
    ledger.close_gates("staging", "ingest-1", ["dashboards"], "the load began", NOON + 2 * MINUTE)
    record(ledger, run_of(Verdict.PASSED, run_id="run-3", at=NOON + 3 * MINUTE), "dashboards")
    assert stands() == (True, "passed")
    take_back()
    ledger.begin_ingest("ingest-1", "somewhere", NOON + 3 * MINUTE)
    assert stands() == (False, "pending")
