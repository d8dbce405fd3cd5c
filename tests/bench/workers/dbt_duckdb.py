"""dbt test on DuckDB. Warm: ``dbtRunner`` with the manifest it has parsed before; whole process: ``dbt test``.

dbt brings ``unique``, ``not_null`` and ``accepted_values``; the others are generic tests of the project, as people
write them or take them from a package.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.factory import get_adapter_by_type
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from tests.bench.checks import Check, Kind
from tests.bench.task import TABLE, Task

_MACROS = """
{% macro outside(value, low, high) %}
(false {% if low is not none %}or {{ value }} < {{ low }}{% endif %}
{% if high is not none %}or {{ value }} > {{ high }}{% endif %})
{% endmacro %}
{% test between(model, column_name, low=none, high=none) %}
select {{ column_name }} from {{ model }} where {{ outside(column_name, low, high) }}
{% endtest %}
{% test length_between(model, column_name, low=none, high=none) %}
select {{ column_name }} from {{ model }} where {{ outside('length(' ~ column_name ~ ')', low, high) }}
{% endtest %}
{% test row_count_between(model, low=none, high=none) %}
select n from (select count(*) as n from {{ model }}) counted where {{ outside('n', low, high) }}
{% endtest %}
{% test sum_between(model, column_name, low=none, high=none) %}
select n from (select sum({{ column_name }}) as n from {{ model }}) summed where {{ outside('n', low, high) }}
{% endtest %}
{% test mean_between(model, column_name, low=none, high=none) %}
select n from (select avg({{ column_name }}) as n from {{ model }}) averaged where {{ outside('n', low, high) }}
{% endtest %}
"""
_NAMES = {
    Kind.UNIQUE: "unique",
    Kind.NOT_NULL: "not_null",
    Kind.IN_SET: "accepted_values",
    Kind.BETWEEN: "between",
    Kind.LENGTH: "length_between",
    Kind.ROW_COUNT: "row_count_between",
    Kind.SUM: "sum_between",
    Kind.MEAN: "mean_between",
}


class Dbt:
    """A project of one source and its tests."""

    packages = ("dbt-core", "dbt-duckdb", "duckdb")

    def prepare(self, task: Task) -> None:
        self._task, self._project = task, task.workdir / "project"
        _write_project(self._project, task)
        place = str(self._project)
        self._arguments = ["--quiet", "test", "--project-dir", place, "--profiles-dir", place]
        os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
        parsed = dbtRunner().invoke(["--quiet", "parse", *self._arguments[2:]])
        if not isinstance(parsed.result, Manifest):
            raise RuntimeError(f"dbt cannot parse its project: {parsed.exception}")
        self._runner = dbtRunner(manifest=parsed.result)

    def run(self) -> int:
        return self._counted(self._runner.invoke(self._arguments).result)

    def connection(self) -> Any:
        self.run()  # the adapter opens the file, and keeps it open, with the first run
        database = get_adapter_by_type("duckdb").connections._ENV.conn
        assert isinstance(database, duckdb.DuckDBPyConnection)
        return database.cursor()

    def program(self) -> list[str]:
        return [str(Path(sys.executable).with_name("dbt")), *self._arguments]

    def judge(self, code: int, output: str) -> int:
        del output
        if code not in (0, 1):
            return -1
        results = json.loads((self._project / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
        statuses = [result["status"] for result in results]
        complete = len(statuses) == len(self._task.checks) and set(statuses) <= {"pass", "fail"}
        return statuses.count("fail") if complete else -1

    def _counted(self, result: Any) -> int:
        statuses = [str(each.status) for each in result.results]
        if len(statuses) != len(self._task.checks) or not set(statuses) <= {"pass", "fail"}:
            raise RuntimeError(f"dbt answered {statuses}")
        return statuses.count("fail")


def _write_project(project: Path, task: Task) -> None:
    output = {
        "type": "duckdb",
        "path": str(task.database),
        "threads": task.limits.threads,
        "config_options": task.config,
    }
    tests: dict[str | None, list[dict[str, Any]]] = {}
    for number, check in enumerate(task.checks):
        tests.setdefault(check.column, []).append({_NAMES[check.kind]: {"name": f"n{number}", **_arguments(check)}})
    table = {
        "name": TABLE,
        "data_tests": tests.pop(None, []),
        "columns": [{"name": column, "data_tests": listed} for column, listed in tests.items()],
    }
    files = {
        "dbt_project.yml": {"name": "bench", "profile": "bench", "version": "1.0"},
        "profiles.yml": {"bench": {"target": "bench", "outputs": {"bench": output}}},
        "models/sources.yml": {"sources": [{"name": "bench", "schema": "main", "tables": [table]}]},
    }
    for name, content in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(json.dumps(content, indent=1), encoding="utf-8")  # JSON is YAML
    (project / "macros").mkdir()
    (project / "macros" / "tests.sql").write_text(_MACROS, encoding="utf-8")


def _arguments(check: Check) -> dict[str, Any]:
    if check.values:
        return {"arguments": {"values": list(check.values)}}
    bounds = {"low": check.low, "high": check.high}
    given = {name: value for name, value in bounds.items() if value is not None}
    return {"arguments": given} if given else {}


TOOL = Dbt()
