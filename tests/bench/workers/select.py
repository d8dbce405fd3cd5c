"""The limit: one hand-written SELECT with every number the checks need, sent with DuckDB's own client."""

from __future__ import annotations

from typing import Any

import duckdb

from tests.bench.checks import Check, Kind
from tests.bench.task import TABLE, Task


class Select:
    """One SELECT, one row, compared in Python."""

    packages = ("duckdb",)

    def prepare(self, task: Task) -> None:
        self._checks = task.checks
        numbers = ", ".join(_number(check) for check in task.checks)
        self._sql = f"SELECT {numbers} FROM {TABLE}"
        self._database = duckdb.connect(str(task.database), config=dict(task.config))

    def run(self) -> int:
        numbers = self._database.execute(self._sql).fetchone()
        assert numbers is not None
        return sum(not _holds(check, number) for check, number in zip(self._checks, numbers, strict=True))

    def connection(self) -> Any:
        return self._database.cursor()

    def program(self) -> list[str]:
        return []

    def judge(self, code: int, output: str) -> int:
        return int(output.removeprefix("failing=")) if code == 0 else -1


def _number(check: Check) -> str:
    """What a person would write: how many rows are wrong, or the aggregate itself."""
    column = check.column
    match check.kind:
        case Kind.UNIQUE:
            return f"count({column}) - count(DISTINCT {column})"
        case Kind.NOT_NULL:
            return f"count(*) - count({column})"
        case Kind.IN_SET:
            values = ", ".join(f"'{value}'" for value in check.values)
            return _wrong(f"{column} NOT IN ({values})")
        case Kind.BETWEEN:
            return _wrong(_outside(str(column), check))
        case Kind.LENGTH:
            return _wrong(_outside(f"length({column})", check))
        case Kind.ROW_COUNT:
            return "count(*)"
        case Kind.SUM:
            return f"sum({column})"
        case Kind.MEAN:
            return f"avg({column})"


def _wrong(condition: str) -> str:
    # Not `count(*) FILTER`: at 100 checks DuckDB takes two or three times the CPU for it.
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _outside(value: str, check: Check) -> str:
    bounds = [f"{value} < {check.low}"] if check.low is not None else []
    bounds += [f"{value} > {check.high}"] if check.high is not None else []
    return " OR ".join(bounds)


def _holds(check: Check, number: Any) -> bool:
    if check.kind in (Kind.ROW_COUNT, Kind.SUM, Kind.MEAN):
        return bool((check.low is None or number >= check.low) and (check.high is None or number <= check.high))
    return bool(number == 0)


TOOL = Select()
