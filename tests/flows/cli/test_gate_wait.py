"""``sluice gate check --wait``: waits for what has no verdict yet, says so once, and ends in time."""

from __future__ import annotations

import threading
import time

from sqlalchemy.engine import make_url

from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from flows.clock import utc_now
from tests.checkpoints.runs import run_of
from tests.flows.cli.foreign import ForeignProject


def begin(project: ForeignProject) -> None:
    """A run that has not finished."""
    ledger = Ledger(make_url(f"sqlite:///{project.state / 'ledger.sqlite'}"), gate_valid_hours=24)
    ledger.begin_ingest("ingest-1", "test", utc_now())
    ledger.begin_run("run-1", "mycheck", "ingest-1", ["marts"], utc_now())
    ledger.close()


def finish(project: ForeignProject) -> None:
    ledger = Ledger(make_url(f"sqlite:///{project.state / 'ledger.sqlite'}"), gate_valid_hours=24)
    ledger.finish_run(run_of(Verdict.PASSED, checkpoint="mycheck", at=utc_now()), ["marts"])
    ledger.close()


def test_it_says_once_what_it_waits_for_and_exits_1_when_the_time_is_over(project: ForeignProject) -> None:
    begin(project)
    answer = project.gate("--wait", "1.2")
    assert answer.code == 1
    assert answer.err == "waiting for the gate of marts: mycheck pending: the run run-1 has not finished\n"
    assert answer.out.startswith("gate marts        closed")


def test_it_exits_0_as_soon_as_the_verdict_opens_the_gate(project: ForeignProject) -> None:
    begin(project)
    threading.Timer(0.5, finish, [project]).start()
    began = time.monotonic()
    answer = project.gate("--wait", "60", "--json")
    assert (answer.code, time.monotonic() - began < 30) == (0, True)


def test_a_gate_that_a_verdict_closed_is_not_waited_for(project: ForeignProject) -> None:
    project.suite("expect_column_values_to_be_unique: {column: id}")
    project.check()
    began = time.monotonic()
    answer = project.gate("--wait", "60")
    assert (answer.code, answer.err) == (1, "")
    assert time.monotonic() - began < 5


def test_a_wait_that_is_no_length_of_time_is_a_usage_error(project: ForeignProject) -> None:
    assert project.gate("--wait", "-1").code == 2
    assert project.gate("--wait", "long").code == 2


def test_an_ingest_that_has_not_begun_is_waited_for(project: ForeignProject) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    project.check("--ingest", "ingest-1")
    answer = project.gate("--ingest", "ingest-2", "--json")
    assert (answer.code, "the ingest ingest-2 has not begun" in answer.document["reasons"]) == (1, True)
    later = threading.Timer(1, project.check, ("--ingest", "ingest-2"))
    later.start()
    assert project.gate("--ingest", "ingest-2", "--wait", "30").code == 0
    later.join()


def test_seconds_that_are_no_number_are_refused(project: ForeignProject) -> None:
    answer = project.gate("--wait", "nan")
    assert (answer.code, "the seconds to wait are nan; they can be 0 or more" in answer.err) == (2, True)
