"""``sluice replay stale-data``: a revoked grant is found before anything is loaded, and put right as told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.command import Ended, Sluice
from tests.journeys.conftest import PrefectServer

pytestmark = [pytest.mark.journey, pytest.mark.postgres, pytest.mark.timeout(1500)]

REMEDY = "GRANT CREATE ON DATABASE warehouse TO dbt_prod_role;"


@pytest.fixture(scope="module")
def replay(states: Path, prefect_server: PrefectServer) -> Ended:
    environment = {"PREFECT_API_URL": prefect_server.url, "SLUICE_PREFLIGHT_SECONDS": "60"}
    return Sluice(states / "stale", environment).start("replay", "stale-data", "--json").end(1400)


def test_the_grant_is_found_and_told_and_executing_it_puts_it_right(replay: Ended) -> None:
    assert replay.code == 0, replay.err + replay.out
    assert replay.document["remedy"] == REMEDY
    assert REMEDY in replay.document["told"]
    assert replay.document["problems"] == []


def test_the_run_loads_nothing(replay: Ended) -> None:
    assert replay.document["nothing_loaded"] is True
    assert "nothing was loaded" in replay.document["told"]


def test_it_is_found_within_minutes_of_the_runs_start_and_not_at_nine(replay: Ended) -> None:
    assert 0 < replay.document["detected_after"] < 15 * 60
    assert 0 < replay.document["looked_in"] < 15 * 60
    assert replay.document["recovered_in"] > 0


def test_the_run_alerts_when_it_ends_and_the_monitor_when_the_dashboard_grows_old(replay: Ended) -> None:
    assert replay.document["alert"] == "sluice failed"
    assert 0 < replay.document["alerted_after"] < 15 * 60
    assert replay.document["revoke_to_alert"] == 72 * 60 + replay.document["alerted_after"]
    # The document's limits, 180 and 360 minutes, at the next look: its readers saw 7 hours.
    assert replay.document["warned_at_minutes"] == 190
    assert replay.document["stale_at_minutes"] == 370


def test_the_change_itself_would_not_have_been_merged_without_its_owner(replay: Ended) -> None:
    assert "role DBT_PROD_ROLE; owner Buck" in replay.document["review"]
