"""dbt's artifacts in a folder: what is read of them, and what is told of those that cannot be."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows.dbt_runs.folder import ArtifactsFolder, read_folder
from flows.dbt_runs.source import RunSourceError
from tests.flows.dbt_runs.artifacts import content, leave, manifest, result, run_results

EVER = datetime(2000, 1, 1)  # noqa: DTZ001 - as sources are asked
WHOLE = manifest(fct={"materialized": "table"}, inc={"materialized": "incremental"})


def refused(folder: Path) -> str:
    with pytest.raises(RunSourceError) as caught:
        read_folder(folder, job="nightly")
    return str(caught.value)


def test_a_run_is_read_with_its_models(tmp_path: Path) -> None:
    run, problems, _ = read_folder(leave(tmp_path, run_results(result()), WHOLE), job="nightly")
    assert problems == ()
    assert (run.run_id, run.source, run.job, run.command, run.status) == (
        "invocation-1",
        "dbt",
        "nightly",
        "run",
        "success",
    )
    assert (run.started_at, run.finished_at) == (datetime(2025, 10, 1, 2), datetime(2025, 10, 1, 2, 5))  # noqa: DTZ001
    (model,) = run.models
    assert (model.name, model.seconds, model.rows, model.full_refresh) == ("fct", 3.5, 7, False)
    assert model.finished_at == datetime(2025, 10, 1, 2, 0, 4, 600_000)  # noqa: DTZ001


def test_a_model_that_was_skipped_has_the_runs_end_and_no_timing(tmp_path: Path) -> None:
    results = run_results(result(status="error"), result("inc", 0.0, "skipped", timing=[], adapter_response={}))
    run, _, _ = read_folder(leave(tmp_path, results, WHOLE), job="nightly")
    assert run.status == "error"
    assert [(model.status, model.rows) for model in run.models] == [("error", 7), ("skipped", None)]
    assert run.models[1].finished_at == run.finished_at


@pytest.mark.parametrize(
    ("config", "flag", "full"),
    [
        ({"materialized": "incremental"}, True, True),
        ({"materialized": "incremental"}, False, False),
        ({"materialized": "incremental", "full_refresh": False}, True, False),
        ({"materialized": "incremental", "full_refresh": True}, False, True),
        ({"materialized": "table"}, True, False),
    ],
)
def test_a_full_refresh_is_of_incremental_models(
    tmp_path: Path, config: dict[str, Any], flag: bool, full: bool
) -> None:
    results = run_results(result(), args={"full_refresh": flag})
    run, _, _ = read_folder(leave(tmp_path, results, manifest(fct=config)), job="nightly")
    assert run.models[0].full_refresh is full


def test_tests_and_seeds_of_a_build_are_no_models(tmp_path: Path) -> None:
    others = [result(unique_id="test.shop.unique"), result(unique_id="seed.shop.countries")]
    run, _, _ = read_folder(leave(tmp_path, run_results(result(), *others, which="build"), WHOLE), job="nightly")
    assert [model.unique_id for model in run.models] == ["model.shop.fct"]


@pytest.mark.parametrize("which", ["test", "compile", "docs", "seed", None])
def test_results_of_a_command_that_builds_no_models_are_none(tmp_path: Path, which: str | None) -> None:
    # dbt compile has its models succeed in no time at all.
    told = refused(leave(tmp_path, run_results(result(seconds=0.01), which=which), WHOLE))
    assert told.startswith(f"{tmp_path / 'run_results.json'}: results of ")
    assert "builds no models" in told


@pytest.mark.parametrize("cut", [0, 1, 40, 400, -1])
def test_half_written_results_are_not_read_as_far_as_they_go(tmp_path: Path, cut: int) -> None:
    leave(tmp_path, content(run_results(result(), result("inc")))[:cut], WHOLE)
    assert refused(tmp_path) == (
        f"{tmp_path / 'run_results.json'}: it is not whole JSON; dbt may still be writing it, or was killed"
    )


@pytest.mark.parametrize(
    ("spoiled", "problem"),
    [
        ({"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v7.json"}},
         "it is of dbt's run-results schema v7; v4 to v6 can be read. Nothing of it was taken over"),
        ({"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v1.json"}},
         "schema v1; v4 to v6"),
        ({"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}},
         "its dbt_schema_version is not one of dbt's run-results"),
        ({"metadata": {"dbt_schema_version": None}}, "metadata.dbt_schema_version: "),
        ({"metadata": {"invocation_id": None}}, "lacks generated_at or invocation_id"),
        ({"results": [{"unique_id": "model.shop.fct", "status": "success"}]},
         "results.0.execution_time: Field required"),
        ({"results": None}, "results: "),
    ],
)  # fmt: skip
def test_results_that_are_other_than_known_are_refused_with_what_is_wrong(
    tmp_path: Path, spoiled: dict[str, Any], problem: str
) -> None:
    results = run_results(result(), metadata=spoiled.get("metadata", {}))
    results |= {name: value for name, value in spoiled.items() if name != "metadata"}
    told = refused(leave(tmp_path, results, WHOLE))
    assert told.startswith(f"{tmp_path / 'run_results.json'}: ")
    assert problem in told


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, -0.5])
def test_a_time_that_is_none_is_unknown_and_the_run_unreadable(tmp_path: Path, seconds: float) -> None:
    results = run_results(result(seconds=seconds), result("inc", 2.0))
    run, problems, _ = read_folder(leave(tmp_path, results, WHOLE), job="nightly")
    assert [model.seconds for model in run.models] == [None, 2.0]
    assert run.models[0].performance == "UNKNOWN"
    assert run.status == "unreadable"
    assert problems == (
        f"{tmp_path / 'run_results.json'}: the execution_time of model.shop.fct is {seconds:g}, no time",
    )


@pytest.mark.parametrize(
    ("beside", "problem"),
    [
        (None, "there is no such file"),
        (b'{"metadata": {"dbt_sch', "it is not whole JSON"),
        (manifest("https://schemas.getdbt.com/dbt/manifest/v13.json"), "schema v13; v4 to v12 can be read"),
    ],
)
def test_without_a_usable_manifest_the_times_are_read_and_the_want_is_told(
    tmp_path: Path, beside: dict[str, Any] | bytes | None, problem: str
) -> None:
    results = run_results(result(), args={"full_refresh": True})
    run, problems, notes = read_folder(leave(tmp_path, results, beside), job="nightly")
    assert [(model.seconds, model.full_refresh) for model in run.models] == [(3.5, True)]
    (told,) = notes if beside is None else problems  # one that was not kept is no fault
    assert len(problems) + len(notes) == 1
    assert told.startswith(f"{tmp_path / 'manifest.json'}: ")
    assert problem in told


def test_runs_that_were_kept_in_folders_are_all_read_and_a_bad_one_takes_none_with_it(tmp_path: Path) -> None:
    for number in range(3):
        results = run_results(result(), metadata={"invocation_id": f"invocation-{number}"})
        leave(tmp_path / f"night-{number}", results, WHOLE)
    leave(tmp_path / "night-bad", b"{", WHOLE)
    found = ArtifactsFolder(tmp_path).read(EVER, frozenset())
    assert sorted(run.run_id for run in found.runs) == [f"invocation-{number}" for number in range(3)]
    assert [str(tmp_path / "night-bad") in problem for problem in found.problems] == [True]


def test_runs_that_ended_before_are_left(tmp_path: Path) -> None:
    leave(tmp_path, run_results(result()), WHOLE)
    source = ArtifactsFolder(tmp_path / "run_results.json")
    assert len(source.read(datetime(2025, 10, 1, 2, 5), frozenset()).runs) == 1  # noqa: DTZ001
    assert source.read(datetime(2025, 10, 1, 2, 6), frozenset()).runs == ()  # noqa: DTZ001


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_without_results_says_where_dbt_would_write_them(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "target"
    if made:
        folder.mkdir()
    with pytest.raises(RunSourceError, match=r"target: there is no run_results.json.*SLUICE_DBT_ARTIFACTS"):
        ArtifactsFolder(folder).read(EVER, frozenset())
