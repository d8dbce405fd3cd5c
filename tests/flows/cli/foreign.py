"""A team's own project: suites, checkpoints and a DuckDB file that have nothing of the reference warehouse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from flows.cli.app import cli

ORDERS = """
create schema shop;
create table shop.orders as select * from (values
    (1, 'a@example.com', 'usd', 10.00, timestamp '2025-09-01 10:00', 100),
    (2, 'b@example.com', 'eur', 20.50, timestamp '2025-09-02 10:00', 100),
    (2, null,            'gbp', -3.25, timestamp '2025-09-03 10:00', 101),
    (4, 'd@example.com', 'usd', null,  timestamp '2025-09-04 10:00', 999),
    (5, null,            null,  40.00, timestamp '2025-09-05 10:00', null)
) as t (id, email, currency, amount, ordered_at, customer_id);
create table shop.customers as select * from (values (100), (101), (102), (null)) as t (customer_id);
create table shop.nothing (id integer);
"""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


@dataclass(frozen=True)
class ForeignProject:
    """A project directory, and the command line on it, in this process."""

    root: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def database(self) -> Path:
        return self.root / "data" / "team.duckdb"

    @property
    def state(self) -> Path:
        return self.root / ".sluice"

    def sql(self, statements: str) -> None:
        self.database.parent.mkdir(exist_ok=True)
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statements)

    def suite(self, *expectations: str, table: str = "shop.orders", file: str | None = None, more: str = "") -> Path:
        """Write a suite; each expectation is a line of YAML, with further lines indented by four spaces."""
        path = self.root / "expectations" / "suites" / (file or f"{table}.yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"  - {expectation}\n" for expectation in expectations)
        path.write_text(f"table: {table}\n{more}expectations:\n{lines}", encoding="utf-8")
        return path

    def checkpoint(self, text: str = 'suites: ["*"]\ngates: [marts]\n', name: str = "mycheck") -> Path:
        path = self.root / "checkpoints" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def set(self, name: str, value: str) -> None:
        self.monkeypatch.setenv(f"SLUICE_{name}", value)

    def sluice(self, *arguments: str, project: bool = True) -> Answer:
        """Run the command; a traceback in its output fails the test."""
        chosen = [*arguments, *(["--project", str(self.root)] if project else [])]
        result: Result = CliRunner().invoke(cli, chosen)
        answer = Answer(result.exit_code, result.stdout, result.stderr)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in answer.out + answer.err
        return answer

    def check(self, *arguments: str) -> Answer:
        return self.sluice("check", "mycheck", *arguments)

    def gate(self, *arguments: str) -> Answer:
        return self.sluice("gate", "check", "marts", *arguments)


def make(root: Path, monkeypatch: pytest.MonkeyPatch) -> ForeignProject:
    """A project with data and a checkpoint, and no suite yet."""
    root.mkdir(parents=True, exist_ok=True)
    project = ForeignProject(root, monkeypatch)
    project.sql(ORDERS)
    project.checkpoint()
    project.set("WAREHOUSE_URL", f"duckdb:///{project.database}")
    return project
