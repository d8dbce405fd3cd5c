"""Soda Core 4: a contract. Warm: verified over an open connection; whole process: ``soda contract verify``."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.checks import Check, Kind
from tests.bench.task import TABLE, Task

_SOURCE = "bench"


class Soda:
    """A data source file and a contract file."""

    packages = ("soda-core", "soda-duckdb", "duckdb")

    def prepare(self, task: Task) -> None:
        self._contract, self._source = task.workdir / "contract.yml", task.workdir / "source.yml"
        self._contract.write_text(json.dumps(_contract(task), indent=1), encoding="utf-8")  # JSON is YAML
        config = {key: value for key, value in task.config.items() if key != "access_mode"}
        connection = {"database": str(task.database), "read_only": True, "configuration": config}
        self._source.write_text(
            json.dumps({"type": "duckdb", "name": _SOURCE, "connection": connection}), encoding="utf-8"
        )
        # By name: it is installed only in the environment of the bench. This one first, they import each other.
        self._verify = importlib.import_module("soda_core.contracts").verify_contract_locally
        implementation = importlib.import_module("soda_duckdb.common.data_sources.duckdb_data_source")
        self._database = duckdb.connect(str(task.database), config=dict(task.config))
        self._opened = implementation.DuckDBDataSourceImpl.from_existing_cursor(self._database, _SOURCE)

    def run(self) -> int:
        session = self._verify(data_sources=[self._opened], contract_file_path=str(self._contract))
        (verified,) = session.contract_verification_results
        if session.has_errors or any(each.outcome.value == "NOT_EVALUATED" for each in verified.check_results):
            raise RuntimeError(session.get_errors_str())
        return sum(each.outcome.value == "FAILED" for each in verified.check_results)

    def connection(self) -> Any:
        return self._database.cursor()

    def program(self) -> list[str]:
        soda = str(Path(sys.executable).with_name("soda"))
        return [soda, "contract", "verify", "-ds", str(self._source), "-c", str(self._contract)]

    def judge(self, code: int, output: str) -> int:
        told = re.search(r"\| Failed\s+\|\s+(\d+) \|", output)
        return int(told[1]) if code in (0, 1) and told else -1


def _contract(task: Task) -> dict[str, Any]:
    by_column: dict[str, list[dict[str, Any]]] = defaultdict(list)
    of_table: list[dict[str, Any]] = []
    for number, check in enumerate(task.checks):
        kind, arguments = _check(check)
        worded = {kind: arguments | {"qualifier": f"n{number}"}} if check.column else {kind: arguments}
        (by_column[check.column] if check.column else of_table).append(worded)
    contract = {
        "dataset": f"{_SOURCE}/main/{TABLE}",
        "columns": [{"name": column, "checks": listed} for column, listed in by_column.items()],
    }
    return contract | ({"checks": of_table} if of_table else {})


def _check(check: Check) -> tuple[str, dict[str, Any]]:
    match check.kind:
        case Kind.UNIQUE:
            return "duplicate", {}
        case Kind.NOT_NULL:
            return "missing", {}
        case Kind.IN_SET:
            return "invalid", {"valid_values": list(check.values)}
        case Kind.BETWEEN:
            return "invalid", _given({"valid_min": check.low, "valid_max": check.high})
        case Kind.LENGTH:
            return "invalid", _given({"valid_min_length": check.low, "valid_max_length": check.high})
        case Kind.ROW_COUNT:
            return "row_count", {"threshold": {"must_be": check.low}}
        case Kind.SUM:
            return "aggregate", {"function": "sum", "threshold": _range(check)}
        case Kind.MEAN:
            return "aggregate", {"function": "avg", "threshold": _range(check)}


def _given(arguments: dict[str, int | None]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _range(check: Check) -> dict[str, Any]:
    return _given({"must_be_greater_than_or_equal": check.low, "must_be_less_than_or_equal": check.high})


TOOL = Soda()
