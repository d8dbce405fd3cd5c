"""An override: what a person may ask for, and when it opens a gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from checkpoints.gate import PENDING, Decision, Gate, GateDecision, evaluate
from checkpoints.override import Override, new_override
from checkpoints.result import SOFTER
from gx.errors import ConfigError
from tests.checkpoints.test_gate import HOUR, NOW, decided

AT = NOW.replace(tzinfo=UTC)
WORD = Override("marts", "ingest-1", "finance agreed", "Ada", NOW - HOUR, NOW + HOUR)
SAID = "overridden by Ada until 2025-10-01 13:00 UTC"
FAILED = decided("a", Decision.CLOSED, verdict="failed", reasons=("ids repeat",))


def ask(
    *decisions: GateDecision, overrides: tuple[Override, ...] = (WORD,), now: datetime = NOW,
    required: tuple[str, ...] = ("a",), ingest: str | None = "ingest-1", latest: str | None = "ingest-1",
) -> Gate:  # fmt: skip
    return evaluate("marts", ingest, required, decisions, now, latest_ingest=latest, overrides=overrides)


def asked(until: str = "4h", reason: str = "finance agreed", by: str = "Ada") -> Override:
    return new_override("marts", "ingest-1", reason=reason, by=by, until=until, now=AT)


@pytest.mark.parametrize(
    ("decisions", "why"),
    [
        ((FAILED,), "a failed: ids repeat"),
        ((replace(FAILED, verdict="errored"),), "a errored: ids repeat"),
        ((decided("a", valid=timedelta(0)),), "the decision of a expired at 2025-10-01 12:00 UTC"),
        ((), "the checkpoint a has not been run for ingest ingest-1"),
        ((decided("a"),), "a passed"),
    ],
    ids=["failed", "errored", "expired", "missing", "open anyway"],
)
def test_an_override_opens_the_gate_and_says_whose_word_that_is(decisions: tuple[GateDecision, ...], why: str) -> None:
    gate = ask(*decisions)
    assert gate.is_open
    assert gate.reasons == (f"{SAID}: finance agreed", why)
    assert (gate.override, gate.decisions) == (WORD, decisions)


def test_an_override_opens_nothing_while_a_run_has_not_finished() -> None:
    pending = decided("b", Decision.CLOSED, verdict=PENDING, reasons=("the run run-2 has not finished",))
    gate = ask(FAILED, pending, required=("a", "b"))
    assert (gate.is_open, gate.override) == (False, None)
    assert gate.reasons[-1] == f"{SAID}, but that opens nothing meanwhile"


def test_an_override_opens_nothing_that_a_later_ingest_has_replaced() -> None:
    assert not ask(decided("a"), latest="ingest-2").is_open
    every = replace(WORD, ingest_id=None)
    assert not ask(decided("a"), latest="ingest-2", overrides=(every,)).is_open
    assert ask(FAILED, ingest="ingest-2", latest="ingest-2", overrides=(every,)).is_open


DEAD = {
    "another load's": replace(WORD, load="dashboards"),
    "another ingest's": replace(WORD, ingest_id="ingest-0"),
    "over": replace(WORD, until=NOW),
    "revoked": replace(WORD, revoked_at=NOW, revoked_by="Bob"),
    "made tomorrow": replace(WORD, made_at=NOW + 24 * HOUR, until=NOW + 30 * HOUR),
    "longer than any may be": replace(WORD, until=NOW + timedelta(days=7)),
}


@pytest.mark.parametrize("dead", DEAD.values(), ids=DEAD)
def test_an_override_that_does_not_count_opens_nothing(dead: Override) -> None:
    assert ask(FAILED, overrides=(dead,)) == ask(FAILED, overrides=())
    assert not ask(FAILED, overrides=(dead,)).is_open
    assert ask(FAILED, overrides=(dead, WORD)).is_open


def test_no_override_opens_a_gate_without_ingest_or_checkpoint() -> None:
    every = (replace(WORD, ingest_id=None),)
    assert not ask(ingest=None, latest=None, overrides=every).is_open
    assert not ask(required=(), overrides=every).is_open


def test_a_decision_or_override_from_the_future_of_a_clock_that_stepped_back_opens_nothing() -> None:
    gate = ask(decided("a"), overrides=(), now=NOW - 2 * HOUR)
    assert not gate.is_open
    assert "which is yet to come" in gate.reasons[0]
    assert not ask(FAILED, now=NOW - 2 * HOUR).is_open
    assert ask(decided("a"), overrides=(), now=NOW - timedelta(minutes=4)).is_open


def test_the_plain_reasons_hold_neither_findings_nor_what_a_person_wrote() -> None:
    assert ask(FAILED).plain == (SAID, "a failed")
    assert ask(FAILED, overrides=()).plain == ("a failed",)
    softer = replace(FAILED, decision=Decision.OPEN, reasons=(SOFTER, "shop.orders: 3 of 9 unexpected"))
    assert ask(softer, overrides=()).plain == (f"a failed: {SOFTER}",)
    assert ask(overrides=()).plain == ("the checkpoint a has not been run for ingest ingest-1",)


def test_only_a_verdict_or_a_later_ingest_settles_that_a_gate_is_closed() -> None:
    pending = decided("b", Decision.CLOSED, verdict=PENDING)
    assert not ask(overrides=()).settled
    assert not ask(pending, required=("b",), overrides=()).settled
    assert not ask(decided("a", valid=timedelta(0)), overrides=()).settled
    assert ask(FAILED, pending, required=("a", "b"), overrides=()).settled
    assert ask(decided("a"), latest="ingest-2", overrides=()).settled
    assert not ask(FAILED).settled


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("90m", NOW + timedelta(minutes=90)), ("4h", NOW + 4 * HOUR), (" 0.5h ", NOW + HOUR / 2),
        ("7d", NOW + timedelta(days=7)), ("2025-10-01T18:00+02:00", NOW + 4 * HOUR),
        ("2025-10-01 16:00Z", NOW + 4 * HOUR),
    ],
)  # fmt: skip
def test_an_end_is_a_duration_or_a_time_with_its_zone(until: str, end: datetime) -> None:
    assert asked(until) == Override("marts", "ingest-1", "finance agreed", "Ada", NOW, end)


def test_the_clock_that_makes_an_override_may_be_of_any_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert new_override("marts", None, reason="so", by="Ada", until="1h", now=elsewhere).until == NOW + HOUR


@pytest.mark.parametrize(
    ("until", "problem"),
    [
        ("2025-10-01T11:59Z", "is past; it is 2025-10-01 12:00 UTC now"),
        ("2025-10-01T12:00Z", "is past"),
        ("0h", "is past"),
        ("2025-10-01T18:00", "does not say in which zone"),
        ("2025-10-02", "does not say in which zone"),
        ("7.001d", "at most 7 days"),
        ("999999d", "at most 7 days"),
        ("9999-12-31T23:59:59+00:00", "at most 7 days"),
        ("-4h", "is neither a time"),
        ("4", "is neither a time"),
        ("for ever", "is neither a time"),
        ("", "is neither a time"),
        ("1e9h", "is neither a time"),
    ],
)
def test_an_end_that_is_past_unclear_or_too_far_is_refused(until: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        asked(until)


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "\x1b[31mred", "x" * 501])
def test_a_reason_and_a_name_are_one_plain_line(text: str) -> None:
    with pytest.raises(ConfigError, match="--reason"):
        asked(reason=text)
    with pytest.raises(ConfigError, match="--by"):
        asked(by=text)
