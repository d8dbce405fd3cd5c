"""When a run will be done, on generated histories."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoints.sla.prediction import LEAST_RUNS, LOOKED_BACK, predict

NOW = datetime(2026, 3, 4, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DURATIONS = st.lists(st.integers(1, 500).map(lambda minutes: minutes * MINUTE), min_size=LEAST_RUNS, max_size=60)


def minutes(*numbers: float) -> list[timedelta]:
    return [number * MINUTE for number in numbers]


@pytest.mark.parametrize("count", range(LEAST_RUNS))
def test_nothing_is_predicted_from_too_few_runs(count: int) -> None:
    assert predict(minutes(*[80] * count), NOW, None, NOW) is None


def test_a_run_finishes_as_the_others_did() -> None:
    found = predict(minutes(70, 75, 80, 85, 90), NOW - 10 * MINUTE, None, NOW)
    assert found is not None
    assert found.finish == NOW + 70 * MINUTE
    assert found.latest == NOW - 10 * MINUTE + 80 * MINUTE + 2 * 1.4826 * 5 * MINUTE
    assert (found.runs, found.running, found.unheard_of) == (5, True, False)


def test_one_night_that_took_eight_hours_is_no_measure_for_the_next() -> None:
    found = predict(minutes(480, 4, 4.5, 3.5, 4, 4.2), NOW, None, NOW)
    assert found is not None
    assert found.finish < NOW + 5 * MINUTE
    assert found.latest < NOW + 6 * MINUTE


def test_a_run_that_outlasts_most_is_measured_by_those_that_lasted_as_long() -> None:
    found = predict(minutes(10, 10, 10, 10, 60, 80), NOW - 30 * MINUTE, None, NOW)
    assert found is not None
    assert found.finish == NOW + 40 * MINUTE


def test_a_run_longer_than_any_before_is_expected_to_take_as_long_again() -> None:
    found = predict(minutes(4, 4, 4, 4, 4), NOW - 30 * MINUTE, None, NOW)
    assert found is not None
    assert found.unheard_of
    assert found.finish == NOW + 30 * MINUTE
    assert "longer than any before" in found.said(ZoneInfo("UTC"))


def test_a_run_that_has_not_begun_begins_when_it_is_due_and_not_in_the_past() -> None:
    due = predict(minutes(80, 80, 80, 80, 80), None, NOW + 20 * MINUTE, NOW)
    overdue = predict(minutes(80, 80, 80, 80, 80), None, NOW - 20 * MINUTE, NOW)
    unknown = predict(minutes(80, 80, 80, 80, 80), None, None, NOW)
    assert due is not None
    assert overdue is not None
    assert unknown is not None
    assert due.finish == NOW + 100 * MINUTE
    assert overdue.finish == unknown.finish == NOW + 80 * MINUTE
    assert "the one that is due at " in due.said(ZoneInfo("UTC"))
    assert "one that began now would finish" in overdue.said(ZoneInfo("UTC"))


def test_people_are_told_the_time_by_their_own_clock() -> None:
    found = predict(minutes(140, 140, 140, 140, 140), NOW - 60 * MINUTE, None, NOW)
    assert found is not None
    assert found.said(ZoneInfo("Europe/Berlin")) == (
        "It will finish at about 05:20, by 05:20 at the latest; its 5 latest runs took 140 minutes in the median."
    )


@given(DURATIONS, st.integers(0, 1_000))
def test_a_run_never_finishes_in_the_past_nor_later_than_its_bound(durations: list[timedelta], so_far: int) -> None:
    found = predict(durations, NOW - so_far * MINUTE, None, NOW)
    assert found is not None
    assert NOW <= found.finish <= found.latest
    assert found.runs == min(len(durations), LOOKED_BACK)


def test_on_nights_that_vary_a_late_one_is_found_early_and_hardly_any_other() -> None:
    """A thousand nights, begun at 2:00, by 4:00: eighty minutes, ten more or less; one in twenty takes twice as long.

    Looked at every ten minutes, as the monitor does.
    """
    chance = random.Random(7)
    history: list[timedelta] = []
    found, missed, false = 0, 0, 0
    leads: list[timedelta] = []
    for night in range(1_000):
        slow = night > LEAST_RUNS and chance.random() < 0.05
        took = chance.gauss(80, 10) * (2 if slow else 1) * MINUTE
        looks = [k * 10 * MINUTE for k in range(1, 13) if k * 10 * MINUTE < min(took, 120 * MINUTE)]
        told = None
        for so_far in looks:
            coming = predict(history, NOW - so_far, None, NOW)
            if coming is not None and coming.finish > NOW - so_far + 120 * MINUTE:
                told = so_far
                break
        late = took > 120 * MINUTE
        found, missed = found + (late and told is not None), missed + (late and told is None)
        false += not late and told is not None
        leads += [120 * MINUTE - told] if late and told is not None else []
        history.insert(0, took)
    assert found >= 0.95 * (found + missed), (found, missed)
    assert false <= 0.01 * 1_000, false
    assert sorted(leads)[len(leads) // 2] >= 10 * MINUTE
