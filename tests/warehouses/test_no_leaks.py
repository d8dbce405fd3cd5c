"""What a suite does not let be shown is nowhere: every cell is marked, and every byte is searched for the marks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from great_expectations.expectations.registry import list_registered_expectation_implementations
from ruamel.yaml import YAML

from checkpoints.result import CheckpointRun
from flows.cli.app import cli
from flows.reporting import artifact
from flows.workspace import Workspace
from tests.warehouses.conftest import site_of
from tests.warehouses.people import CASTS, CREATE, EXPECTATIONS, INSERT, KEYS, MARKS, PII, SAMPLES, VIEWS, of_text
from tests.warehouses.sites import Site


@dataclass(frozen=True)
class Checked:
    """A project after its checks, and everything that was said meanwhile."""

    root: Path
    site: Site
    said: str
    report: dict[str, Any]

    def files(self) -> list[Path]:
        return [path for path in (self.root / ".sluice").rglob("*") if path.is_file()]

    def results(self) -> list[dict[str, Any]]:
        """The stored results of the expectations on the table."""
        files = (self.root / ".sluice" / "gx" / "validations").rglob("*.json")
        stored = [json.loads(path.read_text()) for path in files]
        return [item for result in stored if result["suite_name"] == "shop.people" for item in result["results"]]


@pytest.fixture(
    scope="module", params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)]
)  # Snowflake's emulator quotes no value in its errors
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    site = site_of(request.param, request)
    site.execute(CREATE, INSERT, *VIEWS)
    root = tmp_path_factory.mktemp(site.kind)
    write(root, "people", EXPECTATIONS, pii=[name for name in PII if name != "x"], samples=SAMPLES, keys=KEYS)
    for number in range(len(CASTS)):
        write(root, f"bad{number}", of_text("x"), pii=["x"])
    (root / "checkpoints").mkdir()
    YAML().dump({"suites": ["*"], "gates": ["marts"]}, root / "checkpoints" / "mine.yml")
    lines: list[str] = []
    runs: list[CheckpointRun] = []
    log = logging.Handler(logging.DEBUG)
    log.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Workspace, "check", kept_check(runs))
        monkeypatch.setenv("SLUICE_WAREHOUSE_URL", site.url.render_as_string(hide_password=False))
        logging.getLogger().addHandler(log)
        try:
            text, document, gate = (
                CliRunner().invoke(cli, [*arguments, "--project", str(root)])
                for arguments in (["check", "mine"], ["check", "mine", "--json"], ["gate", "check", "marts", "--json"])
            )
        finally:
            logging.getLogger().removeHandler(log)
    artifacts = [artifact(run) for run in runs]
    assert len(artifacts) == 2
    assert all(each.startswith("## mine: errored") and each.count("\n- ") > 5 for each in artifacts)
    said = "\n".join([*lines, *artifacts, *(answer.stdout + answer.stderr for answer in (text, document, gate))])
    yield Checked(root, site, said, json.loads(document.stdout))
    site.execute(*(f"DROP VIEW shop.bad{number}" for number in range(len(CASTS))), "DROP TABLE shop.people")


def kept_check(runs: list[CheckpointRun]) -> Callable[..., CheckpointRun]:
    """Checks as ever, and keeps the runs, which is what Prefect's artifacts are made of."""
    check = Workspace.check

    def checked(self: Workspace, *arguments: Any, **options: Any) -> CheckpointRun:
        runs.append(check(self, *arguments, **options))
        return runs[-1]

    return checked


def write(root: Path, table: str, expectations: list[dict[str, Any]], **shown: Sequence[str]) -> None:
    file = root / "expectations" / "suites" / f"{table}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    YAML().dump({"table": f"shop.{table}", **shown, "expectations": expectations}, file)


def test_every_kind_of_expectation_is_tried_and_few_hold(checked: Checked) -> None:
    """Otherwise the tests below would find nothing because there is nothing to find."""
    # Other tests register expectations of their own.
    known = {kind for kind in list_registered_expectation_implementations() if not kind.startswith("expect_docs_")}
    assert {kind for each in EXPECTATIONS for kind in each} == known
    results = [result for result in checked.report["results"] if result["table"] == "shop.people"]
    assert len(results) == len(EXPECTATIONS)
    errors = [result["error"] for result in results if result["error"]]
    assert len(errors) > 50
    assert len([result for result in results if not result["success"]]) - len(errors) > 150
    assert len({result["error"] for result in checked.report["results"]}) > 5


@pytest.mark.parametrize("mark", MARKS)
def test_no_value_is_said(checked: Checked, mark: str) -> None:
    assert mark not in checked.said


@pytest.mark.parametrize("mark", MARKS)
def test_no_value_is_kept(checked: Checked, mark: str) -> None:
    files = checked.files()
    assert {".html", ".json", ".sqlite"} <= {path.suffix for path in files}
    assert [str(path) for path in files if mark.encode() in path.read_bytes()] == []


def test_what_may_be_shown_is_kept(checked: Checked) -> None:
    samples = {
        item["expectation_config"]["type"]: item["result"]["partial_unexpected_list"]
        for item in checked.results()
        if item["result"].get("partial_unexpected_list")
    }
    assert sorted(samples["expect_column_values_to_match_regex"]) == ["even", "odd", "odd"]
    keys = [item["result"].get("partial_unexpected_index_list") for item in checked.results()]
    assert [{"id": 3}] in keys, "of the row without an email"
    assert all(set(row) <= {"id", "status"} for rows in keys for row in rows or [])


def test_a_pii_column_has_no_figures_but_counts(checked: Checked) -> None:
    hidden = [result for result in checked.report["results"] if result["column"] in ("salary", "born_on", "x")]
    told = {str(result["observed_value"]) for result in hidden if "type" not in result["expectation"]}
    assert told - {"None", "***", "1 values (***)", "1", "1.0", "0.25"} == set()
    # The sentences about what is usual tell of counts and shares; the marks above would be found in them.
    assert all(result["sentence"] is None for result in hidden if not result["expectation"].endswith("_as_usual"))
