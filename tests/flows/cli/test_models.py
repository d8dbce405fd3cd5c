"""``sluice models``: loading what dbt's runs took, and listing the slowest, as a person does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.flows.cli.foreign import ForeignProject
from tests.flows.dbt_runs.artifacts import leave, manifest, result, run_results

TABLES = manifest(fct={"materialized": "table"}, dim={"materialized": "table"})


def night(project: ForeignProject, number: int, seconds: float, **more: Any) -> str:
    """The artifacts of one night's run, ``number`` nights ago."""
    at = (datetime.now(UTC) - timedelta(days=number, minutes=1)).isoformat()
    metadata = {"invocation_id": f"night-{number}", "generated_at": at}
    results = [result(seconds=seconds, timing=[]), result("dim", 0.5, timing=[])]
    leave(project.root / "runs" / f"{number}", run_results(*results, metadata=metadata, **more), TABLES)
    return str(project.root / "runs")


def test_runs_are_loaded_once_and_the_slowest_is_listed_first_with_its_history(project: ForeignProject) -> None:
    for number in range(5, 0, -1):
        night(project, number, 240)
    runs = night(project, 0, 30_095)
    answer = project.sluice("models", "load", "--artifacts", runs)
    assert (answer.code, answer.out) == (0, f"dbt's artifacts in {runs}: 6 of 6 runs are new, 12 models written\n")
    again = project.sluice("models", "load", "--artifacts", runs, "--json")
    assert again.document == [
        {"source": f"dbt's artifacts in {runs}", "runs": 6, "new_runs": 0, "models": 0, "problems": [], "notes": []}
    ]
    first, second = project.sluice("models", "list").out.splitlines()
    told = "fct 30,095.00 s SLOW success $100.3167 125.4 x median of 240.00 s over 5 runs"
    assert " ".join(first.split()) == told
    assert second.split()[:4] == ["dim", "0.50", "s", "OK"]
    (slowest,) = project.sluice("models", "list", "--limit", "1", "--json").document
    assert (slowest["model"], slowest["performance_status"], slowest["median_seconds"]) == ("fct", "SLOW", 240)


def test_a_file_that_cannot_be_read_is_told_and_takes_no_other_with_it(project: ForeignProject) -> None:
    runs = night(project, 1, 240)
    leave(project.root / "runs" / "0", b'{"metadata": {"dbt_schema', None)
    answer = project.sluice("models", "load", "--artifacts", runs)
    assert answer.code == 3
    assert "1 of 1 runs are new" in answer.out
    file = project.root / "runs" / "0" / "run_results.json"
    assert f"not read: {file}: it is not whole JSON" in answer.err


def test_an_artifact_that_is_a_list_is_refused_in_a_sentence(project: ForeignProject) -> None:
    leave(project.root / "runs" / "0", b"[]", None)
    answer = project.sluice("models", "load", "--artifacts", str(project.root / "runs"))
    assert answer.code == 3
    assert "run_results.json: it: Input should be an object" in answer.err


def test_one_long_name_does_not_push_the_other_rows_away(project: ForeignProject) -> None:
    long = "m" * 150
    configs: dict[str, Any] = {long: {"materialized": "table"}, "dim": {"materialized": "table"}}
    tables = manifest(**configs)
    results = [result(long, 9, timing=[]), result("dim", 0.5, timing=[])]
    metadata = {"invocation_id": "one", "generated_at": datetime.now(UTC).isoformat()}
    leave(project.root / "runs" / "0", run_results(*results, metadata=metadata), tables)
    project.sluice("models", "load", "--artifacts", str(project.root / "runs"))

    first, second = project.sluice("models", "list").out.splitlines()

    assert first.startswith(f"{long} ")
    assert second.startswith("dim ")
    assert second.index("0.50 s") < 80


def test_in_a_project_of_ones_own_nobody_is_sent_to_the_references_run(project: ForeignProject) -> None:
    project.database.unlink(missing_ok=True)
    answer = project.sluice("models", "list")
    assert "there is no file" in answer.err
    assert "the reference project does by sluice run" in answer.err


def test_without_a_manifest_the_times_are_read_and_a_note_says_what_is_lost(project: ForeignProject) -> None:
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    leave(project.root / "runs", run_results(result(timing=[]), metadata={"generated_at": at}))
    project.set("DBT_ARTIFACTS", "runs")

    for command in ("load", "watch"):
        answer = project.sluice("models", command)
        assert answer.code == 0
        assert "runs are new" in answer.out
        assert "manifest.json: there is no such file" in answer.err
        assert "in a run with --full-refresh each model counts as refreshed" in answer.err
    (loaded,) = project.sluice("models", "load", "--json").document
    assert (loaded["problems"], len(loaded["notes"])) == ([], 1)


def test_a_source_that_cannot_be_read_takes_no_other_with_it(project: ForeignProject) -> None:
    runs = night(project, 1, 240)
    project.set("DBT_ARTIFACTS", f"elsewhere, {runs}")
    project.set("DBT_QUERY_HISTORY", "true")
    answer = project.sluice("models", "load")
    assert answer.code == 3
    assert "1 of 1 runs are new" in answer.out
    assert "SLUICE_DBT_QUERY_HISTORY is for Snowflake" in answer.err
    assert "elsewhere: there is no run_results.json" in answer.err


def test_a_run_from_the_future_is_left_out_or_it_would_be_the_newest_for_ever(project: ForeignProject) -> None:
    night(project, 1, 240)
    runs = night(project, -2, 1)
    answer = project.sluice("models", "load", "--artifacts", runs)
    assert answer.code == 3
    assert "run night--2 ended at " in answer.err
    assert "1 of 1 runs are new" in answer.out


def test_prices_are_the_projects(project: ForeignProject) -> None:
    runs = night(project, 0, 3600)
    project.set("MODEL_PRICES", "5, Large=24")
    project.set("MODEL_CLUSTERS", "4")
    assert project.sluice("models", "load", "--artifacts", runs).code == 0
    assert project.sluice("models", "list", "--json").document[0]["estimated_cost_dollars"] == 20


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "no source of dbt runs is set"),
        ({"DBT_CLOUD_TOKEN": "dbtc_secret"}, "DBT_CLOUD_ACCOUNT_ID"),
        ({"DBT_CLOUD_TOKEN": "dbtc_secret", "DBT_CLOUD_ACCOUNT_ID": "1"}, "DBT_CLOUD_JOB_IDS"),
        ({"MODEL_PRICES": "dear", "DBT_ARTIFACTS": "x"}, "MODEL_PRICES holds 'dear'"),
        ({"DATA_QUALITY_SCHEMA": "none", "DBT_ARTIFACTS": "x"}, "DATA_QUALITY_SCHEMA is none"),
    ],
)
def test_settings_that_are_wrong_or_missing_are_named(
    project: ForeignProject, settings: dict[str, str], problem: str
) -> None:
    for name, value in settings.items():
        project.set(name, value)
    answer = project.sluice("models", "load")
    assert answer.code == 2
    assert problem in answer.err
    assert "dbtc_secret" not in answer.err


def test_before_anything_is_on_record_the_list_says_how_it_comes_there(project: ForeignProject) -> None:
    assert "sluice models load" in project.sluice("models", "list").out


def test_a_checkpoint_that_gates_nothing_closes_no_gate_when_it_is_run_again(project: ForeignProject) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    assert project.check("--ingest", "orders-1").code == 0
    project.checkpoint('suites: ["*"]\n', "watch")
    for _ in range(2):
        assert project.sluice("check", "watch").code == 0
    assert project.sluice("gate", "check", "marts", "--ingest", "orders-1").code == 0
    assert project.sluice("gate", "check", "marts").code == 0
