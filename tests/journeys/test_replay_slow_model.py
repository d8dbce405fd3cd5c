"""``sluice replay slow-model``: a model that dbt really builds becomes slow, and its own history says so at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.command import Ended, Sluice

pytestmark = [pytest.mark.journey, pytest.mark.postgres, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ended(states: Path) -> Ended:
    return Sluice(states / "slow-model", {}).start("replay", "slow-model", "--json").end(800)


@pytest.fixture(scope="module")
def played(ended: Ended) -> Mapping[str, Any]:
    assert ended.code == 0, ended.err
    found: Mapping[str, Any] = ended.document
    return found


def test_the_nights_of_the_fast_form_pass_and_the_first_of_the_slow_one_fails(played: Mapping[str, Any]) -> None:
    assert (played["verdict_before"], played["verdict"]) == ("passed", "failed")
    assert played["users"] == 2_300
    assert played["earlier_runs"] == 6


def test_it_is_the_models_own_history_that_says_so_and_not_the_absolute_limit(played: Mapping[str, Any]) -> None:
    assert played["sentence"].startswith("fct_user_activity took ")
    assert "times its median of" in played["sentence"]
    assert played["times_median"] == pytest.approx(played["slow_seconds"] / played["median_seconds"])
    assert played["times_median"] > 3
    assert played["performance_status"] == "OK"


def test_it_is_detected_within_seconds_of_the_models_end(played: Mapping[str, Any]) -> None:
    assert 0 < played["on_record_after_seconds"] < played["detected_after_seconds"] < 120


def test_the_projects_own_warehouse_and_ledger_are_left_alone(played: Mapping[str, Any], states: Path) -> None:
    assert played
    assert [path.name for path in (states / "slow-model").iterdir() if "warehouse" in path.name] == []
    assert not (states / "slow-model" / "ledger.sqlite").exists()
