"""The verdict: what follows from the outcomes, and that nothing bad ever improves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoints.result import CheckpointRun, ExpectationOutcome, Verdict, decide
from expectations.suite import Severity

NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)


def outcome(
    success: bool | None, severity: Severity = Severity.CRITICAL, blocking: bool | None = None
) -> ExpectationOutcome:
    return ExpectationOutcome(
        suite="s", table="shop.orders", expectation="expect_x", column="id", severity=severity,
        blocking=severity is Severity.CRITICAL if blocking is None else blocking, success=success,
        error="it raised" if success is None else None,
    )  # fmt: skip


OUTCOMES = st.builds(outcome, st.sampled_from([True, False, None]), st.sampled_from(Severity), st.booleans())
PROBLEMS = st.tuples(st.sampled_from([Verdict.ERRORED, Verdict.FAILED]), st.just("a problem"))


def oracle(outcomes: list[ExpectationOutcome], problems: list[tuple[Verdict, str]]) -> str:
    """The definition in the design document, one sentence after the other."""
    worst = 0 if outcomes else 3
    for item in outcomes:
        if item.success is None:
            worst = max(worst, 3)
        elif not item.success:
            worst = max(worst, 2 if item.blocking else 1)
    for verdict, _ in problems:
        worst = max(worst, 3 if verdict == "errored" else 2)
    return ["passed", "warned", "failed", "errored"][worst]


@given(st.lists(OUTCOMES, max_size=8), st.lists(PROBLEMS, max_size=3))
def test_the_verdict_is_that_of_the_definition(
    outcomes: list[ExpectationOutcome], problems: list[tuple[Verdict, str]]
) -> None:
    assert decide(outcomes, problems) == oracle(outcomes, problems)


RANK = [Verdict.PASSED, Verdict.WARNED, Verdict.FAILED, Verdict.ERRORED]


def worse(item: ExpectationOutcome, how: str) -> ExpectationOutcome:
    if how == "errored":
        return replace(item, success=None)
    if how == "failed" and item.success:
        return replace(item, success=False)
    return replace(item, blocking=True)


@given(st.data(), st.lists(OUTCOMES, min_size=1, max_size=6), st.lists(PROBLEMS, max_size=2))
def test_turning_any_outcome_worse_never_improves_the_verdict(
    data: st.DataObject, outcomes: list[ExpectationOutcome], problems: list[tuple[Verdict, str]]
) -> None:
    at = data.draw(st.integers(0, len(outcomes) - 1))
    turned = list(outcomes)
    turned[at] = worse(outcomes[at], data.draw(st.sampled_from(["errored", "failed", "blocking"])))
    before, after = decide(outcomes, problems), decide(turned, problems)
    assert RANK.index(after) >= RANK.index(before)
    assert before.opens or not after.opens
    assert not decide(outcomes, [*problems, (Verdict.FAILED, "another")]).opens


def test_nothing_checked_is_errored() -> None:
    assert decide(()) is Verdict.ERRORED
    assert not decide(()).opens


@pytest.mark.parametrize("severity", Severity)
def test_what_could_not_be_checked_blocks_whatever_its_severity(severity: Severity) -> None:
    item = outcome(None, severity, blocking=False)
    assert item.blocks
    assert decide([outcome(True), item]) is Verdict.ERRORED


@pytest.mark.parametrize(
    ("severity", "blocking", "verdict"),
    [
        (Severity.CRITICAL, None, Verdict.FAILED),
        (Severity.CRITICAL, False, Verdict.WARNED),
        (Severity.WARNING, None, Verdict.WARNED),
        (Severity.WARNING, True, Verdict.FAILED),
        (Severity.INFO, None, Verdict.WARNED),
        (Severity.INFO, True, Verdict.FAILED),
    ],
)
def test_blocking_and_not_severity_decides(severity: Severity, blocking: bool | None, verdict: Verdict) -> None:
    assert decide([outcome(True), outcome(False, severity, blocking)]) is verdict
    assert decide([outcome(True, severity, blocking)]) is Verdict.PASSED


def run_of(*outcomes: ExpectationOutcome, problems: tuple[tuple[Verdict, str], ...] = ()) -> CheckpointRun:
    return CheckpointRun("r", "c", "i", NOON, NOON, outcomes, problems)


def test_reasons_tell_the_blocking_ones_first_and_only_they_close_the_gate() -> None:
    warning = replace(outcome(False, Severity.WARNING), unexpected_count=3, element_count=1423)
    failure = replace(outcome(False), sentence="$2 in shop.orders, $1 at Stripe: 100.0 % apart, 1 % allowed.")
    run = run_of(warning, outcome(True), failure, problems=((Verdict.FAILED, "the table x is empty"),))
    assert run.reasons() == (
        "the table x is empty",
        "$2 in shop.orders, $1 at Stripe: 100.0 % apart, 1 % allowed.",
        "shop.orders.id: expect_x, 3 of 1,423 unexpected",
    )
    assert run.blocking_reasons() == run.reasons()[:2]
    assert run_of(warning).blocking_reasons() == ()
    assert run_of(outcome(True)).reasons() == ()
    assert run_of().reasons() == run_of().blocking_reasons() == ("nothing was checked",)


@given(st.lists(OUTCOMES, max_size=5), st.lists(PROBLEMS, max_size=2))
def test_a_verdict_that_closes_always_has_a_reason(
    outcomes: list[ExpectationOutcome], problems: list[tuple[Verdict, str]]
) -> None:
    run = run_of(*outcomes, problems=tuple(problems))
    assert bool(run.blocking_reasons()) is not run.verdict.opens
    assert bool(run.reasons()) is (run.verdict is not Verdict.PASSED)


def test_a_reason_says_where_what_and_how_many() -> None:
    failed = outcome(False)
    assert replace(failed, observed_value=7, column=None).reason() == "shop.orders: expect_x, observed 7"
    assert replace(failed, unexpected_count=2).reason() == "shop.orders.id: expect_x, 2 unexpected"
    assert replace(failed, sentence="Too old.").reason() == "shop.orders.id: Too old."
    assert outcome(None).reason() == "shop.orders.id: expect_x could not be checked: it raised"
