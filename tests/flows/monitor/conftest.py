"""A project with one checkpoint, a channel that writes to a file, and a monitor whose clock the test sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import FlowRun, RunState
from flows.alerting import alerting_of
from flows.monitor.monitor import MonitorReport, run_monitor
from gx.settings import Settings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Shop:
    """The project."""

    settings: Settings
    ledger: Ledger
    now: datetime = NOON
    ids: list[str] = field(default_factory=list)

    def look(self, after: timedelta = timedelta()) -> MonitorReport:
        """The monitor looks, so much later."""
        self.now += after
        alerting = alerting_of(self.settings, self.ledger, lambda: self.now)
        return run_monitor(self.settings, self.ledger, alerting, lambda: self.now)

    def run(self, flow: str, state: RunState | None, *, ingest_id: str | None = None, problem: str = "it broke") -> str:
        """A run that began now and ended so; None: it gives no sign of life any more."""
        run_id = f"run-{len(self.ids)}"
        self.ids.append(run_id)
        self.ledger.flow_runs.begin(FlowRun(run_id, flow, flow, self.now, self.now, ingest_id=ingest_id))
        if state is not None:
            failed = state is RunState.FAILED
            self.ledger.flow_runs.finish(run_id, state, self.now, problem if failed else None)
        return run_id

    @property
    def open(self) -> list[str]:
        """The titles of the open alerts."""
        return [alert.problem.title for alert in self.ledger.alerts.unresolved()]

    @property
    def told(self) -> list[tuple[str, str]]:
        """What reached the channel: kind and headline."""
        file = self.settings.state_dir / "told.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        messages: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return [(each["kind"], each["headline"]) for each in messages]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "orders.yml").write_text('suites: ["orders"]\ngates: [marts]\n')
    (checkpoints / "_alerts.yml").write_text("channels:\n  people: {type: file, path: told.jsonl}\n")
    settings = Settings(project=tmp_path, state=tmp_path / "state")
    ledger = Ledger(settings.ledger(), gate_valid_hours=24)
    yield Shop(settings, ledger)
    ledger.close()
