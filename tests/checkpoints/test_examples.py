"""The examples in the documentation, as far as they can be run without the tools that they are for."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

import checkpoints.asking
from checkpoints.gate import GateClosedError
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from tests.checkpoints.runs import run_of

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))
TOOLS = ("airflow", "dagster")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_compiles_and_asks_by_names_that_there_are(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    compile(tree, str(file), "exec")
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "checkpoints.asking"]
    names = [alias.name for node in imports for alias in node.names]
    assert names
    assert all(hasattr(checkpoints.asking, name) for name in names)


def functions_of(file: Path) -> dict[str, Any]:
    """The example without what needs its tool: the functions that it calls."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not (isinstance(node, ast.With) or _of_a_tool(node))]
    names: dict[str, Any] = {}
    exec(compile(tree, str(file), "exec"), names)
    return names


def _of_a_tool(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith(TOOLS)


def test_airflows_functions_ask_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "shop" / "checkpoints"
    directory.mkdir(parents=True)
    (directory / "staging.yml").write_text("suites: ['*']\ngates: [marts, dashboards]\n", encoding="utf-8")
    names = functions_of(EXAMPLES / "airflow_gate.py")
    assert names["dashboards_may_be_built"]("ingest-1") is False

    ledger = Ledger(make_url(f"sqlite:///{tmp_path / 'shop' / '.sluice' / 'ledger.sqlite'}"), gate_valid_hours=1e5)
    for verdict in (Verdict.FAILED, Verdict.PASSED):
        run = run_of(verdict, run_id=verdict, ingest_id="ingest-1")
        ledger.begin_ingest("ingest-1", "test", run.started_at)
        ledger.begin_run(run.run_id, run.checkpoint, "ingest-1", ["marts", "dashboards"], run.started_at)
        ledger.finish_run(run, ["marts", "dashboards"])
        assert names["dashboards_may_be_built"]("ingest-1") is (verdict is Verdict.PASSED)
        if verdict is Verdict.FAILED:
            with pytest.raises(GateClosedError):
                names["marts_may_be_built"]("ingest-1")
    names["marts_may_be_built"]("ingest-1")
    ledger.close()
