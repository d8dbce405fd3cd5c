"""``sluice sql review`` as a command: exit codes, output, sizes from the ledger, and its start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli.app import cli
from tests.flows.cli.foreign import ForeignProject
from tests.flows.sql_review.asking import MODELS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def files(project: ForeignProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project.root)
    project.set("PROJECT", str(project.root))
    (project.root / "good.sql").write_text("select id from shop.orders\n", encoding="utf-8")
    (project.root / "bad.sql").write_text("select a.id\nfrom a, b\n", encoding="utf-8")
    (project.root / "broken.sql").write_text("select from where\n", encoding="utf-8")
    return project.root


def sluice(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["sql", "review", *arguments])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("good.sql", 0),
        ("good.sql bad.sql", 1),
        ("", 2),
        ("good.sql --dialect oracle", 2),
        ("good.sql --large-rows 0", 2),
        ("good.sql --compile --manifest m.json", 2),
        ("good.sql broken.sql", 3),
        ("bad.sql missing.sql", 3),
        ("good.sql --manifest missing.json", 3),
        ("good.sql --compile", 3),
    ],
)
def test_the_exit_code_says_what_came_of_it(files: Path, arguments: str, code: int) -> None:
    assert sluice(*arguments.split()).exit_code == code


def test_the_report_names_place_rule_reason_and_what_to_do(files: Path) -> None:
    out = sluice("bad.sql", "broken.sql", "good.sql").output
    assert "bad.sql:2:9: warning cross-join: comma without a condition: every row of b with every row of a" in out
    assert "why: the requirements document, incident 2" in out
    assert "do: join on a condition" in out
    assert "broken.sql: NOT REVIEWED: it does not parse as duckdb" in out
    assert out.splitlines()[-1] == "2 files reviewed, 1 finding, 1 NOT reviewed"


def test_a_rewritten_query_is_shown_once(files: Path) -> None:
    out = sluice(str(MODELS / "fct_user_activity_slow.sql")).output
    assert out.count("error correlated-subquery") == 4
    assert out.count("WITH stg_sessions_by_user_id AS (") == 1


def test_json_is_one_document(files: Path) -> None:
    done = sluice("bad.sql", "broken.sql", "--json")
    document = json.loads(done.stdout)
    assert document["exit_code"] == 3
    assert [(item["file"], item["line"], item["rule"]) for item in document["findings"]] == [
        ("bad.sql", 2, "cross-join")
    ]
    assert [item["file"] for item in document["not_reviewed"]] == ["broken.sql"]
    assert document["reviewed"] == ["bad.sql"]


def test_a_table_is_large_by_the_ledgers_last_count(project: ForeignProject, files: Path) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: amount}\n    severity: warning")
    checked = CliRunner().invoke(cli, ["check", "mycheck"])
    assert checked.exit_code == 0, checked.output
    model = "{{ config(materialized='table', schema='shop') }}\nselect id from {{ ref('raw_orders') }}\n"
    (files / "orders.sql").write_text(model, encoding="utf-8")
    assert sluice("orders.sql").exit_code == 0
    done = sluice("orders.sql", "--large-rows", "4")
    assert done.exit_code == 1
    assert "full-refresh: orders is built anew each time, and has 5 rows" in done.output


def test_a_ledger_that_cannot_be_read_is_told(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "no_ledger.sqlite").write_text("this is no database, whatever it is called", encoding="utf-8")
    monkeypatch.setenv("SLUICE_LEDGER_URL", f"sqlite:///{files / 'no_ledger.sqlite'}")
    (files / "m.sql").write_text("{{ config(materialized='table') }} select id from a", encoding="utf-8")
    done = sluice("m.sql")
    assert done.exit_code == 3
    assert "the ledger: NOT REVIEWED" in done.output


def test_plans_come_from_the_configured_warehouse(files: Path) -> None:
    done = sluice("good.sql", "--explain", "--large-rows", "4")
    assert done.exit_code == 1
    assert "plan-large-scan: the warehouse plans to read all of" in done.output
    assert "1 plan read" in done.output


def test_the_projects_own_models_have_no_finding(files: Path) -> None:
    done = sluice("--compile", str(ROOT / "flows" / "transform"), "--json")
    document = json.loads(done.stdout)
    assert (document["findings"], document["not_reviewed"], done.exit_code) == ([], [], 0)
    assert len(document["reviewed"]) == 18


def test_no_other_command_imports_the_parser(files: Path) -> None:
    code = "import sys; from flows.cli.app import cli; print(sorted({'sqlglot', 'jinja2'} & sys.modules.keys()))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=True)
    assert done.stdout.strip() == "[]"
