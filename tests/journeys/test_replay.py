"""``sluice replay duplicate-revenue``: the first incident, unguarded dashboard and guarded gate."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checkpoints.layers import LOADS
from flows.dbt import DbtSetup, run_dbt
from tests.journeys.command import Ended, Sluice
from tests.journeys.conftest import PrefectServer
from tests.journeys.tables import FAULTY_FIGURES, TRUE_FIGURES, Tables, duckdb_url

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Replay:
    ended: Ended
    state: Path

    def act(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.ended.document[name]
        return found

    def tables(self, name: str) -> Tables:
        return Tables.of_file(self.state / "replay" / name / "warehouse.duckdb")


@pytest.fixture(scope="module")
def replay(states: Path, prefect_server: PrefectServer) -> Replay:
    sluice = Sluice(states / "replay", {"PREFECT_API_URL": prefect_server.url})
    return Replay(sluice.run("replay", "duplicate-revenue", "--json"), sluice.state)


@pytest.fixture(scope="module")
def unguarded(replay: Replay, states: Path) -> Tables:
    """The BEFORE warehouse with every load run, whatever the gates said."""
    state = states / "unguarded"
    state.mkdir()
    file = shutil.copy(replay.state / "replay" / "before" / "warehouse.duckdb", state)
    setup = DbtSetup(duckdb_url(Path(file)), state, os.environ)
    for load in LOADS:
        run_dbt(load, setup, deduplicate=False)
    return Tables.of_file(Path(file))


def verdicts(act: Mapping[str, Any]) -> dict[str, str]:
    return {item["checkpoint"]: item["verdict"] for item in act["checkpoints"]}


def gates(act: Mapping[str, Any]) -> dict[str, str]:
    return {item["load"]: item["decision"] for item in act["gates"]}


def test_the_replay_says_that_the_duplicates_were_stopped(replay: Replay) -> None:
    assert replay.ended.code == 0, replay.ended.err


def test_before_the_gate_of_marts_closes_on_the_duplicates(replay: Replay) -> None:
    before = replay.act("before")

    assert verdicts(before) == {"raw": "warned", "staging": "failed", "models": "passed"}
    assert gates(before) == {"staging": "open", "marts": "closed", "dashboards": "closed"}
    assert (before["raw_charge_rows"], before["charges"]) == (2846, 1423)
    (staging,) = (item for item in before["checkpoints"] if item["checkpoint"] == "staging")
    reasons = "\n".join(staging["reasons"])
    assert "stg_stripe_charges.charge_id: expect_column_values_to_be_unique" in reasons
    assert "$847,342" in reasons
    assert "$412,184" in reasons
    assert "105.6 %" in reasons


def test_before_the_raw_duplicates_only_warn(replay: Replay) -> None:
    raw = next(item for item in replay.act("before")["checkpoints"] if item["checkpoint"] == "raw")

    assert any("raw_stripe.charges.id: expect_column_values_to_be_unique" in reason for reason in raw["reasons"])


def test_before_no_table_behind_the_closed_gate_was_built(replay: Replay) -> None:
    assert replay.act("before")["fct_revenue_dollars"] is None
    assert replay.tables("before").names("intermediate", "marts", "dashboards") == set()


def test_before_it_was_detected_within_minutes_and_not_days(replay: Replay) -> None:
    seconds = replay.act("before")["detected_after_seconds"]

    assert 0 < seconds < 300
    assert replay.act("after")["detected_after_seconds"] is None


def test_after_everything_opens_with_the_true_figures(replay: Replay) -> None:
    after = replay.act("after")

    layers = dict.fromkeys(("staging", "marts", "dashboards", "models"), "passed")
    assert verdicts(after) == {"raw": "warned", **layers}
    assert set(gates(after).values()) == {"open"}
    assert (after["raw_charge_rows"], after["charges"]) == (2846, 1423)
    assert after["fct_revenue_dollars"] == 412_184
    assert replay.tables("after").figures() == TRUE_FIGURES


def test_the_resent_copies_differ_so_that_keeping_the_latest_matters(replay: Replay) -> None:
    first, latest = replay.tables("after").rows(
        "select sum(amount) / 100 from (select amount, row_number() over"
        " (partition by id order by _fivetran_synced) as copy from raw_stripe.charges) as c group by copy order by copy"
    )

    assert (first[0], latest[0]) == (435_158, 412_184)


def test_without_gates_the_dashboard_would_have_shown_the_documents_wrong_figures(unguarded: Tables) -> None:
    assert unguarded.figures() == FAULTY_FIGURES
    assert unguarded.value("select count(*) from raw_stripe.charges") == 2846


def test_the_replay_leaves_the_projects_own_warehouse_and_ledger_alone(replay: Replay) -> None:
    assert not (replay.state / "warehouse.duckdb").exists()
    assert not (replay.state / "ledger.sqlite").exists()
