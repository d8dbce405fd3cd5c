"""What `sluice run` and `sluice check` refuse, and what the gates are afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gx.settings import REFERENCE_PROJECT
from tests.journeys.command import Sluice
from tests.journeys.conftest import GoodRun

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """The reference's suites and checkpoints as another project."""
    project = tmp_path / "copy"
    shutil.copytree(REFERENCE_PROJECT / "expectations" / "suites", project / "expectations" / "suites")
    (project / "checkpoints").mkdir()
    for file in (REFERENCE_PROJECT / "checkpoints").glob("*.yml"):
        shutil.copy(file, project / "checkpoints")
    return project


def test_run_is_for_the_reference_and_tells_others_what_to_do_instead(project_copy: Path, tmp_path: Path) -> None:
    ended = Sluice(tmp_path / "state").run("run", "--json", "--project", str(project_copy))

    assert ended.code == 2
    assert "sluice check CHECKPOINT --project DIR" in ended.document["error"]
    assert not (tmp_path / "state").exists()


def test_a_suite_that_broke_since_the_good_run_closes_the_gate_that_was_open(
    project_copy: Path, good_run: GoodRun, state_after_good_run: Path
) -> None:
    suite = project_copy / "expectations" / "suites" / "raw" / "users.yml"
    lines = suite.read_text(encoding="utf-8").splitlines()
    broken_at = next(number for number, line in enumerate(lines, 1) if "expect_column_values_to_not_be_null" in line)
    lines[broken_at - 1] = "  - expect_column_values_to_not_be_nul: {column: user_id}"
    suite.write_text("\n".join(lines), encoding="utf-8")
    sluice = Sluice(state_after_good_run, {"SLUICE_PROJECT": str(project_copy)})
    assert sluice.run("gate", "check", "staging").code == 0

    ended = sluice.run("check", "raw", "--json")
    gate = sluice.run("gate", "check", "staging", "--json")

    assert ended.code == 2
    assert f"users.yml:{broken_at}" in ended.document["error"]
    assert "expect_column_values_to_not_be_null" in ended.document["error"]
    assert (gate.code, gate.document["ingest_id"]) == (1, good_run.ingest_id)
    assert "raw errored" in gate.document["reasons"][0]
    assert "users.yml" in gate.document["reasons"][0]
