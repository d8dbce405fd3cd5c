"""What is usual for a figure, by histories whose ways are known."""

# ruff: noqa: DTZ001 - the ledger's times are UTC without a zone

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.usual import DEVIATIONS, Usual, usual
from expectations.usual_level import Past, Way

MONDAY = datetime(2025, 1, 6, 6)
COUNTS = Way(min_runs=14, deviations=DEVIATIONS["normal"], floor=2, counts=True)


def days(values: Sequence[float]) -> list[Past]:
    return [Past(MONDAY + timedelta(days=day), value) for day, value in enumerate(values)]


def after(values: Sequence[float], way: Way = COUNTS) -> Usual:
    return usual(days(values), MONDAY + timedelta(days=len(values)), way)


def noisy(number: int, of: Callable[[int], float], share: float = 0.05) -> list[float]:
    rng = random.Random(7)
    return [round(of(day) * (1 + rng.uniform(-share, share))) for day in range(number)]


def test_it_is_silent_until_there_are_enough_runs() -> None:
    assert after([100] * 13) == Usual(13)
    assert after([100] * 13).holds(0)
    assert not after([100] * 14).holds(0)


@pytest.mark.parametrize(("rows", "few"), [(50, 48), (1_000, 950), (0, 0)])
def test_a_constant_history_does_not_alarm_at_the_first_row_more(rows: int, few: int) -> None:
    known = after([rows] * 30)
    assert known.holds(rows + 1)
    assert known.holds(few)
    assert not known.holds(rows * 2 + 3)


def test_one_outlier_in_the_history_hides_no_other() -> None:
    history = noisy(30, lambda day: 1_000)
    history[20] = 50_000
    assert not after(history).holds(2_000)
    assert not after(history).holds(300)


def season(day: int) -> float:
    return 1_300 if day % 7 == 6 else 4_000


def test_a_day_of_the_week_is_judged_by_its_like_once_there_are_four() -> None:
    sunday = after(noisy(34, season))
    assert sunday.on is None or sunday.runs >= 4
    sunday = after(noisy(41, season))
    assert (sunday.on, sunday.runs) == ("Sundays", 5)
    assert sunday.holds(1_300)
    assert not sunday.holds(4_000)
    monday = after(noisy(42, season))
    assert monday.on == "Mondays"
    assert not monday.holds(1_300)


def test_days_that_are_all_alike_have_no_weekday() -> None:
    assert after(noisy(60, lambda day: 1_000)).on is None


def test_before_a_weekday_is_known_its_ordinary_dip_does_not_alarm() -> None:
    assert after(noisy(20, season)).holds(1_300)


def test_what_grows_is_judged_by_its_steps() -> None:
    history = noisy(40, lambda day: 100_000 + 1_000 * day, share=0)
    known = after(history)
    assert known.last == history[-1]
    assert known.holds(history[-1] + 1_000)
    assert not known.holds(history[-1])  # nothing new
    assert not known.holds(history[-1] + 3_000)
    assert not known.holds(history[-1] * 2)


def test_a_missing_day_and_a_second_run_soon_after_are_no_faults_of_what_grows() -> None:
    history = days(noisy(40, lambda day: 100_000 + 1_000 * day, share=0))
    last = history[-1]
    assert usual(history, last.at + timedelta(days=3), COUNTS).holds(last.value + 3_000)
    assert usual(history, last.at + timedelta(minutes=5), COUNTS).holds(last.value)


def test_a_level_that_moved_and_was_accepted_three_times_is_the_new_level() -> None:
    before = noisy(40, lambda day: 1_000)
    assert not after(before).holds(1_800)
    moved = after([*before, 1_810, 1_790, 1_805])
    assert moved.holds(1_800)
    assert not moved.holds(1_000)


def test_a_table_that_varies_by_a_third_can_still_be_found_empty() -> None:
    assert not after(noisy(40, lambda day: 1_000, share=0.33)).holds(0)


def test_a_share_stays_a_share() -> None:
    known = after([0.97, 0.99, 0.98, 1.0] * 5, Way(14, 5, floor=0.01, never_above=1))
    assert known.high == 1


@given(st.lists(st.integers(0, 10**9), min_size=14, max_size=40))
def test_the_middle_of_any_history_is_usual_and_greater_sensitivity_is_narrower(values: list[int]) -> None:
    found = [after(values, Way(14, DEVIATIONS[name], 2, counts=True)) for name in ("high", "normal", "low")]
    for known in found:
        assert known.low is not None
        assert known.high is not None
        assert 0 <= known.low <= known.high
    if len({known.last for known in found}) == 1 and len({known.middle for known in found}) == 1:
        lows, highs = [known.low or 0 for known in found], [known.high or 0 for known in found]
        assert lows == sorted(lows, reverse=True)
        assert highs == sorted(highs)
