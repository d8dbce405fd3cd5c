"""The gate: closed unless every required checkpoint's latest decision for exactly this ingest says open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from checkpoints.gate import Decision, Gate, GateClosedError, GateDecision, evaluate
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from tests.checkpoints.runs import MINUTE, NOON, run_of

NOW = NOON.replace(tzinfo=None)
HOUR = timedelta(hours=1)


def decided(checkpoint: str, decision: Decision = Decision.OPEN, *, verdict: str = "passed", valid: timedelta = HOUR,
            reasons: tuple[str, ...] = ()) -> GateDecision:  # fmt: skip
    return GateDecision("marts", "ingest-1", checkpoint, "run-1", verdict, decision, reasons, NOW, NOW + valid)


def ask(required: list[str], decisions: list[GateDecision], now: datetime = NOW) -> Gate:
    return evaluate("marts", "ingest-1", required, decisions, now, latest_ingest="ingest-1")


def test_open_when_every_required_checkpoint_is() -> None:
    gate = ask(["a", "b"], [decided("b"), decided("a", verdict="warned")])
    assert gate.is_open
    assert gate.reasons == ("a warned", "b passed")


def test_closed_without_ingest_without_checkpoint_and_without_decision() -> None:
    assert evaluate("marts", None, ["a"], [decided("a")], NOW, latest_ingest=None).reasons == (
        "nothing has been ingested or checked yet",
    )
    assert ask([], [decided("a")]).reasons == ("no checkpoint guards this load",)
    assert ask(["a"], []).reasons == ("the checkpoint a has not been run for ingest ingest-1",)
    for gate in (
        evaluate("marts", None, ["a"], [decided("a")], NOW, latest_ingest=None),
        ask([], [decided("a")]),
        ask(["a"], []),
    ):
        assert not gate.is_open


def test_an_ingest_that_another_one_followed_opens_nothing() -> None:
    gate = evaluate("marts", "ingest-1", ["a"], [decided("a")], NOW, latest_ingest="ingest-2")
    assert not gate.is_open
    assert gate.reasons == ("the ingest ingest-2 began after ingest-1, so the tables hold something else by now",)


def test_a_closed_decision_brings_its_reasons_or_at_least_its_verdict() -> None:
    closed = decided("a", Decision.CLOSED, verdict="failed", reasons=("ids repeat", "rows are lost"))
    assert ask(["a"], [closed]).reasons == ("a failed: ids repeat", "a failed: rows are lost")
    assert ask(["a"], [replace(closed, reasons=())]).reasons == ("a failed",)


def test_a_decision_counts_until_its_last_moment_and_no_longer() -> None:
    assert ask(["a"], [decided("a")], NOW + HOUR - timedelta(microseconds=1)).is_open
    gate = ask(["a"], [decided("a")], NOW + HOUR)
    assert not gate.is_open
    assert gate.reasons == ("the decision of a expired at 2025-10-01 13:00 UTC",)


def test_the_error_of_a_closed_gate_names_load_ingest_and_reasons() -> None:
    assert str(GateClosedError(ask(["a"], []))) == (
        "the gate of marts is closed for ingest ingest-1: the checkpoint a has not been run for ingest ingest-1"
    )


CHECKPOINTS = st.sampled_from(["a", "b", "c"])
DECISIONS = st.builds(
    decided, CHECKPOINTS, st.sampled_from(Decision),
    verdict=st.sampled_from(["passed", "warned", "failed", "errored", "pending"]),
    valid=st.sampled_from([-HOUR, timedelta(0), timedelta(microseconds=1), HOUR]),
)  # fmt: skip


@given(st.lists(CHECKPOINTS, max_size=3, unique=True), st.lists(DECISIONS, unique_by=lambda item: item.checkpoint))
def test_a_gate_is_open_only_if_every_required_decision_is_open_and_unexpired(
    required: list[str], decisions: list[GateDecision]
) -> None:
    good = {item.checkpoint for item in decisions if item.decision == "open" and item.valid_until > NOW}
    gate = ask(required, decisions)
    assert gate.is_open is (bool(required) and set(required) <= good)
    assert gate.reasons


@given(
    st.lists(CHECKPOINTS, min_size=1, max_size=3, unique=True),
    st.lists(DECISIONS, min_size=1, unique_by=lambda item: item.checkpoint),
    st.data(),
)
def test_turning_anything_worse_never_opens_a_gate(
    required: list[str], decisions: list[GateDecision], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(decisions) - 1))
    kept = [item for index, item in enumerate(decisions) if index != at]
    for turned in (
        ask(required, kept),
        ask(required, [*kept, replace(decisions[at], decision=Decision.CLOSED)]),
        ask(required, [*kept, replace(decisions[at], valid_until=NOW)]),
        ask([*required, "d"], decisions),
        ask(required, decisions, NOW + HOUR),
    ):
        assert ask(required, decisions).is_open or not turned.is_open


@dataclass(frozen=True)
class Step:
    """A checkpoint run; without a verdict it dies on the way."""

    checkpoint: str
    ingest_id: str
    gates: tuple[str, ...]
    verdict: Verdict | None
    minutes: int


STEPS = st.builds(
    Step, CHECKPOINTS, st.sampled_from(["ingest-1", "ingest-2"]),
    st.sampled_from([("marts",), ("marts", "dashboards"), ("dashboards",), ()]),
    st.none() | st.sampled_from(Verdict), st.integers(0, 40),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, max_size=10), st.lists(CHECKPOINTS, max_size=3, unique=True), st.integers(0, 90))
def test_the_ledger_opens_a_gate_exactly_when_the_history_says_so(
    steps: list[Step], required: list[str], minutes: int
) -> None:
    ledger = Ledger(make_url("sqlite://"), gate_valid_hours=1)
    now = NOON
    latest: dict[tuple[str, str, str], tuple[bool, datetime]] = {}  # what the design document says, kept by hand
    for number, step in enumerate(steps):
        now += step.minutes * MINUTE
        ledger.begin_run(f"run-{number}", step.checkpoint, step.ingest_id, step.gates, now)
        good = step.verdict in ("passed", "warned")
        if step.verdict is not None:
            run = run_of(
                step.verdict, run_id=f"run-{number}", checkpoint=step.checkpoint, ingest_id=step.ingest_id, at=now
            )
            ledger.finish_run(run, step.gates)
        for load in step.gates:
            latest[load, step.ingest_id, step.checkpoint] = (good, now)
    now += minutes * MINUTE
    for load in ("marts", "dashboards"):
        for ingest_id in ("ingest-1", "ingest-2", "never"):
            answers = [latest.get((load, ingest_id, name), (False, now)) for name in required]
            expected = bool(answers) and all(good and now - at < HOUR for good, at in answers)
            gate = ledger.gate(load, required, ingest_id=ingest_id, now=now)
            assert gate.is_open is expected, gate
            assert gate.reasons
    ledger.close()


@pytest.mark.parametrize("verdict", Verdict)
def test_only_passed_and_warned_open(verdict: Verdict) -> None:
    ledger = Ledger(make_url("sqlite://"), gate_valid_hours=24)
    ledger.begin_ingest("ingest-1", "test", NOON)
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    (decision,) = ledger.finish_run(run_of(verdict), ["marts"])
    gate = ledger.gate("marts", ["staging"], ingest_id=None, now=NOON)
    assert gate.is_open is (verdict in ("passed", "warned")) is (decision.decision == "open")
    ledger.close()
