"""``sluice models watch``: what dbt's runs did reaches a person without anybody loading or checking."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import RunState
from flows.turn import turn
from gx.settings import REFERENCE_PROJECT, Settings
from tests.flows.cli.foreign import ForeignProject
from tests.flows.dbt_runs.artifacts import leave, manifest, result, run_results

TABLES = manifest(fct={"materialized": "table"})
SUITES = REFERENCE_PROJECT / "expectations" / "suites" / "data_quality"


def watched(project: ForeignProject) -> ForeignProject:
    """The reference's two suites and its checkpoint, and a channel that writes to a file."""
    shutil.copytree(SUITES, project.root / "expectations" / "suites" / "data_quality")
    project.checkpoint('suites: ["data_quality.*"]\n', "models")
    project.checkpoint("channels:\n  people: {type: file, path: told.jsonl}\n", "_alerts")
    project.set("DBT_ARTIFACTS", str(project.root / "runs"))
    return project


def night(project: ForeignProject, number: int, seconds: float = 240, *, run: str = "run", **more: Any) -> None:
    """The artifacts of a run that ended so many nights ago."""
    at = (datetime.now(UTC) - timedelta(days=number, seconds=5)).isoformat()
    metadata = {"invocation_id": f"{run}-{number}", "generated_at": at}
    results = run_results(result(seconds=seconds, timing=[], **more), metadata=metadata)
    leave(project.root / "runs" / f"{run}-{number}", results, TABLES)


def told(project: ForeignProject) -> list[tuple[str, str]]:
    """Kind and headline of what reached the channel, without what brings up to date and calls nobody."""
    file = project.state / "told.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [(each["kind"], each["headline"]) for each in map(json.loads, lines) if each["kind"] != "update"]


def open_alerts(project: ForeignProject) -> list[tuple[str, str]]:
    with closing(ledger_of(project)) as ledger:
        return [(alert.problem.severity.value, alert.problem.title) for alert in ledger.alerts.unresolved()]


def ledger_of(project: ForeignProject) -> Ledger:
    return Ledger(Settings(project=project.root).ledger(), gate_valid_hours=24)


def how_runs_ended(project: ForeignProject) -> list[tuple[str, RunState | None]]:
    with closing(ledger_of(project)) as ledger:
        return [(run.flow, run.state) for run in ledger.flow_runs.latest_ends()]


def test_a_model_that_became_slow_is_told_once_and_is_over_when_it_is_fast_again(project: ForeignProject) -> None:
    watched(project)
    for number in range(6, 1, -1):
        night(project, number)
    night(project, 1, 900)
    night(project, 0, 901)
    first, second = (project.sluice("models", "watch") for _ in range(2))
    assert (first.code, second.code) == (1, 1), first.err
    assert "7 of 7 runs are new" in first.out
    assert "0 of 7 runs are new" in second.out
    assert "fct took 901 s, 3.8 times its median of 240 s over 6 runs." in first.out
    assert [kind for kind, _ in told(project)] == ["problem"]
    night(project, 0, 239, run="after")
    assert project.sluice("models", "watch").code == 0
    assert [kind for kind, _ in told(project)] == ["problem", "resolved"]
    assert open_alerts(project) == []


def test_a_failed_run_and_a_run_that_did_not_come_are_told(project: ForeignProject) -> None:
    watched(project)
    night(project, 2, status="error")
    assert project.sluice("models", "watch").code == 1
    titles = [title for severity, title in open_alerts(project) if severity == "critical"]
    assert any("dbt_run_latest" in title and "status" in title for title in titles), titles
    assert any("dbt_model_latest" in title and "status" in title for title in titles), titles
    assert any("dbt_run_latest" in title and "at most 26 h old" in title for title in titles), titles
    assert told(project)[0][0] == "problem"


def test_a_source_that_cannot_be_read_is_told_and_what_is_on_record_is_judged(project: ForeignProject) -> None:
    watched(project)
    night(project, 0)
    assert project.sluice("models", "watch").code == 0
    (project.root / "runs" / "run-0" / "run_results.json").write_text('{"metadata"', encoding="utf-8")
    for _ in range(2):
        answer = project.sluice("models", "watch")
        assert answer.code == 3
        assert "it is not whole JSON" in answer.err
        assert "models: passed" in answer.out
    (alert,) = open_alerts(project)
    assert alert == ("warning", f"not all could be read from dbt's artifacts in {project.root / 'runs'}")
    assert [kind for kind, _ in told(project)] == ["problem"]
    night(project, 0)
    assert project.sluice("models", "watch").code == 0
    assert [kind for kind, _ in told(project)] == ["problem", "resolved"]


def test_settings_of_a_source_that_are_incomplete_are_told_without_the_secret(project: ForeignProject) -> None:
    watched(project).set("DBT_CLOUD_TOKEN", "dbtc_secret")
    answer = project.sluice("models", "watch", "--json")
    assert answer.code == 3
    assert answer.document["run"] is None
    assert answer.document["unchecked"] == "no dbt run is on record yet"
    assert "SLUICE_DBT_CLOUD_ACCOUNT_ID" in answer.err
    assert open_alerts(project) == [("warning", "not all could be read from the settings of dbt's runs")]
    assert "dbtc_secret" not in answer.out + answer.err + (project.state / "told.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("DBT_ARTIFACTS", "", "nothing was ingested yet, and no source of dbt runs is set"),
        ("DATA_QUALITY_SCHEMA", "none", "SLUICE_DATA_QUALITY_SCHEMA is none"),
        ("DATA_QUALITY_SCHEMA", "watched", "its suites read data_quality, and SLUICE_DATA_QUALITY_SCHEMA"),
    ],
)
def test_where_nothing_can_be_judged_that_is_said_and_no_alert_raised(
    project: ForeignProject, name: str, value: str, why: str
) -> None:
    night(watched(project), 0)
    project.set(name, value)
    answer = project.sluice("models", "watch")
    assert answer.code == 0, answer.err
    assert f"models was not checked: {why}" in answer.out
    assert (told(project), open_alerts(project)) == ([], [])


def test_a_project_without_the_checkpoint_has_its_runs_on_record_all_the_same(project: ForeignProject) -> None:
    night(project, 0)
    project.set("DBT_ARTIFACTS", "runs")
    answer = project.sluice("models", "watch")
    assert answer.code == 0
    assert "1 of 1 runs are new" in answer.out
    assert "models was not checked: this project has no checkpoint models" in answer.out


def test_it_gives_way_to_a_run_at_work_and_says_so(project: ForeignProject) -> None:
    night(watched(project), 0)
    project.set("WAIT_SECONDS", "0")
    with turn(project.state, "sluice run", wait_seconds=0, progress=no_progress):
        answer = project.sluice("models", "watch")
    assert answer.code == 0
    assert "models was not checked: sluice run" in answer.out
    assert how_runs_ended(project) == [("watch-models", RunState.STOPPED)]
    assert (told(project), open_alerts(project)) == ([], [])


def test_that_it_could_not_look_for_hours_is_told(project: ForeignProject, monkeypatch: pytest.MonkeyPatch) -> None:
    night(watched(project), 0)
    assert project.sluice("models", "watch").code == 0
    monkeypatch.setattr("flows.dbt_runs.watching._LONGEST_UNSEEN", timedelta(0))
    project.set("WAIT_SECONDS", "0")
    with turn(project.state, "sluice run", wait_seconds=0, progress=no_progress):
        answer = project.sluice("models", "watch")
    assert answer.code != 0
    assert how_runs_ended(project) == [("watch-models", RunState.FAILED)]
    assert open_alerts(project) == [("critical", "watch-models failed")]


no_progress: Callable[[str], None] = lambda _: None  # noqa: E731
