"""sluice. Warm: the validation alone, as a checkpoint run has it done; whole process: ``sluice check``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from checkpoints.runner import utc_now
from checkpoints.validation import TableValidation, validate_tables
from expectations.build import build_expectations
from expectations.loader import load_suites
from gx.settings import load_settings
from gx.warehouse.opening import open_warehouse
from tests.bench.checks import Check, Kind
from tests.bench.task import TABLE, Task

_NAMES = {
    Kind.UNIQUE: "expect_column_values_to_be_unique",
    Kind.NOT_NULL: "expect_column_values_to_not_be_null",
    Kind.IN_SET: "expect_column_values_to_be_in_set",
    Kind.BETWEEN: "expect_column_values_to_be_between",
    Kind.LENGTH: "expect_column_value_lengths_to_be_between",
    Kind.ROW_COUNT: "expect_table_row_count_to_be_between",
    Kind.SUM: "expect_column_sum_to_be_between",
    Kind.MEAN: "expect_column_mean_to_be_between",
}


class Sluice:
    """A project of one suite and one checkpoint."""

    packages = ("great-expectations", "duckdb-engine", "sqlalchemy", "duckdb")

    def prepare(self, task: Task) -> None:
        self._project = task.workdir / "project"
        _write_project(self._project, task)
        settings = load_settings(self._project)
        (suite,) = load_suites(settings.suites_dir)
        self._warehouse = open_warehouse(settings.warehouse(), wait_seconds=0)
        table = self._warehouse.find_tables([suite.table])[suite.table]
        self._tables = [TableValidation(suite, table, build_expectations(suite))]

    def run(self) -> int:
        with self._warehouse.hold():
            tables = validate_tables(self._warehouse, self._tables, ingest_id="bench", now=utc_now(), clock=utc_now)
        (validated,) = tables.values()
        if validated.result is None:
            raise RuntimeError(f"no result: {validated.error}")
        return sum(not each.success for each in validated.result.results)

    def connection(self) -> Any:
        pooled: Any = self._warehouse.engine.raw_connection()
        return pooled.driver_connection.cursor()

    def program(self) -> list[str]:
        # What the installed script `sluice` does.
        sluice = [sys.executable, "-c", "from flows.cli import main; main()"]
        return [*sluice, "check", "bench", "--json", "--project", str(self._project)]

    def judge(self, code: int, output: str) -> int:
        if code not in (0, 1):
            return -1
        return sum(not result["success"] for result in json.loads(output)["results"])


def _write_project(project: Path, task: Task) -> None:
    suite = {"table": TABLE, "expectations": [{_NAMES[check.kind]: _arguments(check)} for check in task.checks]}
    checkpoint = {"suites": [TABLE], "gates": ["bench"]}
    for file, content in (("expectations/suites/charges.yml", suite), ("checkpoints/bench.yml", checkpoint)):
        path = project / file
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")  # JSON is YAML
    (project / ".env").write_text(f"SLUICE_WAREHOUSE_URL={task.url}\n", encoding="utf-8")


def _arguments(check: Check) -> dict[str, Any]:
    given = {"column": check.column, "min_value": check.low, "max_value": check.high}
    arguments: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return arguments | ({"value_set": list(check.values)} if check.values else {})


TOOL = Sluice()
