"""A project whose gates are copied to a warehouse."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.data_quality import DataQuality
from checkpoints.gate import Gate
from checkpoints.ledger import Ledger
from checkpoints.override import new_override
from checkpoints.result import CheckpointRun, Verdict
from checkpoints.spec import gates_of, load_checkpoints
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from tests.checkpoints.runs import run_of

SCHEMA = "data_quality"
LOADS = ("staging", "marts")
_CHECKPOINTS = {"raw": "gates: [staging]", "staging": "gates: [marts]"}
_LIMITS = """
table: shop.orders
expectations:
  - expect_table_to_be_fresh: {column: at, max_age_hours: 6}
  - expect_table_to_be_fresh: {column: at, max_age_hours: 3}
    severity: warning
"""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Copied:
    """The ledger, and its copy."""

    warehouse: Warehouse
    directory: Path
    ledger_url: URL
    hours: float = 24

    def __post_init__(self) -> None:
        checkpoints = self.directory / "checkpoints"
        suites = self.directory / "suites"
        for folder in (checkpoints, suites):
            folder.mkdir(parents=True, exist_ok=True)
        for name, gates in _CHECKPOINTS.items():
            (checkpoints / f"{name}.yml").write_text(f'suites: ["*"]\n{gates}\n', encoding="utf-8")
        (suites / "orders.yml").write_text(_LIMITS, encoding="utf-8")
        self.checkpoints = load_checkpoints(checkpoints)
        self.ledger = Ledger(self.ledger_url, gate_valid_hours=self.hours)
        self.copy = DataQuality(SCHEMA, self.warehouse, self.ledger, self.checkpoints, suites, now)

    def rows(self, table: str, *columns: str, order: str = "1") -> list[tuple[Any, ...]]:
        names = ", ".join(columns) or "*"
        with self.warehouse.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT {names} FROM {SCHEMA}.{table} ORDER BY {order}").all()
        return [tuple(row) for row in found]

    def open_in_sql(self) -> set[str]:
        """The gates that are open to those who ask the warehouse; before there is a view, none."""
        with self.warehouse.connect() as connection:
            tables = sa.text("SELECT count(*) FROM information_schema.tables WHERE lower(table_name) = 'gate_open'")
            if not connection.execute(tables).scalar():
                return set()
        return {load for load, is_open in self.rows("gate_open", "load", "is_open") if is_open is True}

    def gate(self, load: str) -> Gate:
        return self.ledger.gate(load, gates_of(self.checkpoints)[load], ingest_id=None, now=now())

    def open_in_ledger(self) -> set[str]:
        return {load for load in LOADS if self.gate(load).is_open}

    def begin_ingest(self, ingest_id: str) -> None:
        with self.copy.closing(None, ingest_id, "the ingest has begun") as closed:
            self.ledger.begin_ingest(ingest_id, "test", now())
        closed.check()

    def begin(self, run: CheckpointRun) -> None:
        gates = self.checkpoints[run.checkpoint].gates
        with self.copy.closing(gates, run.ingest_id, f"{run.checkpoint} has not finished") as closed:
            self.ledger.begin_run(run.run_id, run.checkpoint, run.ingest_id, gates, run.started_at)
        closed.check()

    def finish(self, run: CheckpointRun) -> str | None:
        self.ledger.finish_run(run, self.checkpoints[run.checkpoint].gates)
        return self.copy.record(run.run_id)

    def check(self, checkpoint: str, ingest_id: str, verdict: Verdict = Verdict.PASSED, **more: Any) -> CheckpointRun:
        """A run from its beginning to its end."""
        made = run_of(verdict, run_id=f"{checkpoint}-{now().timestamp()}", checkpoint=checkpoint, ingest_id=ingest_id)
        run = replace(made, **{"started_at": now(), "finished_at": now(), **more})
        self.begin(run)
        assert self.finish(run) is None
        return run

    def override(self, load: str, until: str = "1h") -> None:
        ingest = self.ledger.latest_ingest()
        self.ledger.override(new_override(load, ingest, reason="figure 847342", by="Ada", until=until, now=now()))
        self.copy.refresh()

    def revoke(self, load: str) -> None:
        with self.copy.closing([load], None, "the override was revoked"):
            self.ledger.revoke(load, "Bob", now())
        self.copy.refresh()

    def close(self) -> None:
        self.ledger.close()
        self.warehouse.release()


def everything(copied: Copied) -> None:
    """All that opens and closes gates, one after the other; at its end both gates are open."""
    copied.begin_ingest("ingest-2")
    copied.check("raw", "ingest-2")
    copied.begin(run_of(Verdict.PASSED, run_id=f"dies-{now().timestamp()}", checkpoint="raw", ingest_id="ingest-2"))
    copied.check("raw", "ingest-2", Verdict.FAILED)
    copied.override("staging")
    copied.revoke("staging")
    copied.check("raw", "ingest-2", Verdict.WARNED)
    with copied.copy.closing(["marts"], "ingest-2", "the load began"):
        copied.ledger.close_gates("staging", "ingest-2", ["marts"], "the load began", now())
    copied.check("staging", "ingest-2")


def _steps_of(owner: type, name: str, step: Callable[[], None]) -> None:
    real = getattr(owner, name)

    def stepping(*arguments: Any, **more: Any) -> Any:
        step()  # before each: what comes after one is before the next
        return real(*arguments, **more)

    setattr(owner, name, stepping)


def killed_at(number: int, warehouse_url: URL, ledger_url: URL, directory: Path) -> None:
    """In a process of its own: go through all that opens and closes gates, and be killed at that step."""
    left = number

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("begin_ingest", "begin_run", "finish_run", "close_gates", "override", "revoke"):
        _steps_of(Ledger, name, step)
    for name in ("_write", "_write_gates", "_write_results"):
        _steps_of(DataQuality, name, step)
    everything(Copied(open_warehouse(warehouse_url, wait_seconds=20), directory, ledger_url))
