"""The workflow: what it may do, whose code it runs, and what its script tells GitHub."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gx.settings import REFERENCE_PROJECT

WORKFLOW = REFERENCE_PROJECT / ".github" / "workflows" / "permission-review.yml"


@pytest.fixture(scope="module")
def workflow() -> Any:
    return YAML(typ="safe").load(WORKFLOW)


@pytest.fixture(scope="module")
def steps(workflow: Any) -> list[dict[str, Any]]:
    (job,) = workflow["jobs"].values()
    return list(job["steps"])


def test_it_runs_for_every_pull_request_and_for_every_review_of_one(workflow: Any) -> None:
    assert set(workflow["on"]) == {"pull_request_target", "pull_request_review"}
    assert "paths" not in workflow["on"]["pull_request_target"]  # a required status that never comes blocks for ever
    assert {"opened", "synchronize"} <= set(workflow["on"]["pull_request_target"]["types"])
    assert {"submitted", "dismissed"} <= set(workflow["on"]["pull_request_review"]["types"])


def test_it_may_read_and_set_a_status_and_nothing_else(workflow: Any) -> None:
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "read", "statuses": "write"}
    assert all("permissions" not in job for job in workflow["jobs"].values())


def test_code_and_registry_are_the_bases_and_nothing_of_the_pull_request_is_checked_out(
    steps: list[dict[str, Any]],
) -> None:
    (checkout,) = [step for step in steps if "checkout" in step.get("uses", "")]
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    for step in steps:
        assert "git checkout" not in step.get("run", "")
        assert "${{" not in step.get("run", "")  # what others write reaches the shell as a variable only


@pytest.mark.parametrize(("code", "state"), [(0, "success"), (1, "failure"), (2, "error"), (3, "error")])
def test_its_script_tells_the_result_as_a_status(
    steps: list[dict[str, Any]], tmp_path: Path, code: int, state: str
) -> None:
    ended, told = _run_script(steps, tmp_path, code=code, readable=True)

    assert ended == code
    assert "statuses/HEAD" in told[-1]
    assert f"state={state}" in told[-1]


def test_reviews_that_cannot_be_read_are_an_error_and_no_success(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    ended, told = _run_script(steps, tmp_path, code=0, readable=False)

    assert ended != 0
    assert "state=error" in told[-1]
    assert not any("state=success" in line for line in told)


def test_what_fails_before_the_review_is_told_as_an_error(steps: list[dict[str, Any]]) -> None:
    last = steps[-1]
    assert last["if"] == "failure() && steps.review.outcome == 'skipped'"
    assert "state=error" in last["run"]


def _run_script(steps: list[dict[str, Any]], directory: Path, *, code: int, readable: bool) -> tuple[int, list[str]]:
    """Its step that reviews, with programs in place of GitHub's and ours that write down what they are told."""
    programs = {
        "bin/gh": f'echo "$*" >> told.txt; case "$*" in *reviews*) exit {0 if readable else 1};; esac',
        ".venv/bin/sluice": f"exit {code}",
    }
    for name, script in programs.items():
        program = directory / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    environment = {
        "PATH": f"{directory / 'bin'}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(directory),
        "GITHUB_STEP_SUMMARY": str(directory / "summary.md"),
        **dict.fromkeys(("REPOSITORY", "NUMBER", "BASE", "AUTHOR", "RUN"), "x"),
        "HEAD": "HEAD",
    }
    (script,) = [step["run"] for step in steps if step.get("id") == "review"]
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as GitHub runs it
    ended = subprocess.run(command, cwd=directory, env=environment, check=False)
    return ended.returncode, (directory / "told.txt").read_text().splitlines()
