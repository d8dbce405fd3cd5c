"""pointblank over Ibis on DuckDB: one plan, interrogated without collecting extracts of failing rows.

Its default collects them, with one more query for each check, which numbers all rows: at 5 million rows that takes
most of a minute, on clean data too. What it does best is compared.
"""

from __future__ import annotations

import importlib
from typing import Any

from tests.bench.checks import Check, Kind
from tests.bench.task import TABLE, Task


class Pointblank:
    """A ``Validate`` with one step for each check."""

    packages = ("pointblank", "ibis-framework", "duckdb")

    def prepare(self, task: Task) -> None:
        # By name: they are installed only in the environment of the bench.
        self._pointblank: Any = importlib.import_module("pointblank")
        ibis: Any = importlib.import_module("ibis")
        config = {key: value for key, value in task.config.items() if key != "access_mode"}
        self._database = ibis.duckdb.connect(str(task.database), read_only=True, **config)
        self._checks = task.checks

    def run(self) -> int:
        plan = self._pointblank.Validate(data=self._database.table(TABLE))
        for check in self._checks:
            plan = _add(plan, check)
        results = plan.interrogate(collect_extracts=False)
        passed = [step.all_passed for step in results.validation_info]
        if len(passed) != len(self._checks) or any(step.eval_error for step in results.validation_info):
            raise RuntimeError("pointblank did not evaluate every step")
        return sum(not each for each in passed)

    def connection(self) -> Any:
        return self._database.con.cursor()

    def program(self) -> list[str]:
        return []

    def judge(self, code: int, output: str) -> int:
        return int(output.removeprefix("failing=")) if code == 0 else -1


def _add(plan: Any, check: Check) -> Any:
    column, low, high = check.column, check.low, check.high
    match check.kind:
        case Kind.UNIQUE:
            return plan.rows_distinct(columns_subset=[column])
        case Kind.NOT_NULL:
            return plan.col_vals_not_null(column)
        case Kind.IN_SET:
            return plan.col_vals_in_set(column, set=list(check.values))
        case Kind.LENGTH:
            return plan.col_vals_str_len(column, min_val=low, max_val=high, na_pass=True)
        case Kind.ROW_COUNT:
            return plan.row_count_match(low)
        case Kind.BETWEEN if None not in (low, high):
            return plan.col_vals_between(column, low, high, na_pass=True)
        case Kind.BETWEEN:
            method, bound = ("col_vals_le", high) if low is None else ("col_vals_ge", low)
            return getattr(plan, method)(column, bound, na_pass=True)
        case Kind.SUM | Kind.MEAN:
            aggregate = "col_sum" if check.kind is Kind.SUM else "col_avg"
            method, bound = (f"{aggregate}_le", high) if low is None else (f"{aggregate}_ge", low)
            return getattr(plan, method)(column, bound)


TOOL = Pointblank()
