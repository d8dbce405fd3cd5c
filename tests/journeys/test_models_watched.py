"""A team's dbt really runs, fails, becomes slow, and stays away: each reaches a person, and nobody types a command.

What is run here is the flow that ``sluice serve`` serves every ten minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import RunState
from flows.dbt_runs.flow import watch_models
from gx.settings import REFERENCE_PROJECT, Settings
from tests.journeys.conftest import PrefectServer
from tests.journeys.prefect_records import connected

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
SUITES = REFERENCE_PROJECT / "expectations" / "suites" / "data_quality"
# A cross join of 100,000 rows with so many takes no time for 1, and seconds for 5,000.
FORMS = {
    "fast": "select sum(hash(a.range + b.range) % 7) as n from range(100000) a, range(1) b",
    "slow": "select sum(hash(a.range + b.range) % 7) as n from range(100000) a, range(5000) b",
    "broken": "select n_o_such_column from range(1)",
}


@dataclass(frozen=True)
class Team:
    """A project whose dbt runs by itself, a folder for each run."""

    root: Path

    @property
    def warehouse(self) -> Path:
        return self.root / "team.duckdb"

    def dbt(self, run: str, form: str) -> int:
        """One real run of dbt; its exit code."""
        (self.root / "dbt" / "models" / "fct_orders.sql").write_text(FORMS[form], encoding="utf-8")
        folders = ["--target-path", str(self.root / "runs" / run), "--log-path", str(self.root / "logs")]
        where = ["--project-dir", str(self.root / "dbt"), "--profiles-dir", str(self.root / "dbt")]
        ended = subprocess.run(
            [*DBT, "--quiet", "--no-send-anonymous-usage-stats", "run", *where, *folders],
            env={**os.environ, "TEAM_DUCKDB": str(self.warehouse)}, cwd=self.root,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert (self.root / "runs" / run / "run_results.json").exists(), ended.stdout + ended.stderr
        return ended.returncode

    @property
    def told(self) -> list[dict[str, object]]:
        """What called somebody, or said that it is over."""
        file = self.root / ".sluice" / "told.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [message for message in map(json.loads, lines) if message["kind"] != "update"]

    @property
    def open(self) -> list[str]:
        with self.ledger() as ledger:
            return [f"{each.problem.title}: {each.problem.observed}" for each in ledger.alerts.unresolved()]

    def ledger(self) -> closing[Ledger]:
        return closing(Ledger(Settings(project=self.root).ledger(), gate_valid_hours=24))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team with six good runs behind it."""
    root = tmp_path_factory.mktemp("team")
    shutil.copytree(SUITES, root / "expectations" / "suites" / "data_quality")
    (root / "checkpoints").mkdir()
    (root / "checkpoints" / "models.yml").write_text('suites: ["data_quality.*"]\n', encoding="utf-8")
    channels = "channels:\n  people: {type: file, path: told.jsonl}\n"
    (root / "checkpoints" / "_alerts.yml").write_text(channels, encoding="utf-8")
    (root / "dbt" / "models").mkdir(parents=True)
    project = "name: team\nprofile: team\nmodels: {team: {+materialized: table}}\n"
    (root / "dbt" / "dbt_project.yml").write_text(project, encoding="utf-8")
    output = "{type: duckdb, path: \"{{ env_var('TEAM_DUCKDB') }}\", threads: 1}"
    (root / "dbt" / "profiles.yml").write_text(f"team: {{target: t, outputs: {{t: {output}}}}}\n", encoding="utf-8")
    team = Team(root)
    for number in range(6):
        assert team.dbt(f"night-{number}", "fast") == 0
    return root


@pytest.fixture
def team(
    history: Path, tmp_path: Path, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    root = tmp_path / "team"
    shutil.copytree(history, root)
    monkeypatch.setenv("SLUICE_WAREHOUSE_URL", f"duckdb:///{root / 'team.duckdb'}")
    monkeypatch.setenv("SLUICE_DBT_ARTIFACTS", "runs")
    with connected(prefect_server.url):
        team = Team(root)
        watch_models(str(root))
        assert (team.told, team.open) == ([], [])
        yield team


def test_a_dbt_run_that_fails_is_told_and_is_over_with_the_next_good_one(team: Team) -> None:
    assert team.dbt("tonight", "broken") != 0
    watch_models(str(team.root))
    (message,) = team.told
    assert (message["kind"], message["severity"]) == ("problem", "critical")
    assert any("dbt_run_latest: status" in each for each in team.open), team.open
    assert any("dbt_model_latest: status" in each for each in team.open), team.open
    assert team.dbt("later", "fast") == 0
    watch_models(str(team.root))
    assert [each["kind"] for each in team.told] == ["problem", "resolved"]
    assert team.open == []


def test_a_model_that_became_slow_against_its_history_is_told(team: Team) -> None:
    assert team.dbt("tonight", "slow") == 0
    watch_models(str(team.root))
    (message,) = team.told
    assert (message["kind"], message["severity"]) == ("problem", "critical")
    (alert,) = team.open
    assert "fct_orders took " in alert
    assert "times its median of" in alert
    assert "over 6 runs" in alert


def test_a_dbt_run_that_does_not_come_is_told(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUICE_DBT_ARTIFACTS", "")  # else what is there would say again when it was run
    with duckdb.connect(str(team.warehouse)) as connection:  # two days go by
        connection.execute("update data_quality.dbt_runs set finished_at = finished_at - interval 2 day")
    watch_models(str(team.root))
    (alert,) = team.open
    assert "dbt_run_latest: The newest finished_at must be at most 26 h old" in alert
    assert [message["kind"] for message in team.told] == ["problem"]


def test_each_look_is_on_record_as_a_run_of_its_own(team: Team) -> None:
    with team.ledger() as ledger:
        (run,) = ledger.flow_runs.latest_ends()
    assert (run.flow, run.state) == ("watch-models", RunState.COMPLETED)
