"""Run checkpoints on a warehouse, exactly as a project would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy.engine import URL

from checkpoints.gate import Gate
from checkpoints.ledger import Ledger
from checkpoints.result import CheckpointRun, ExpectationOutcome
from checkpoints.runner import CheckpointRunner
from checkpoints.spec import find_checkpoint, load_checkpoints
from expectations.facts import Source
from gx.context import open_context
from gx.warehouse.base import Warehouse

NOW = datetime(2025, 10, 1, 6, tzinfo=UTC)
LOAD = "marts"

Suites = Mapping[str, Sequence[Any]]
"""For each table its expectations, as they stand in YAML: name and arguments, perhaps a severity."""


@dataclass
class Checks:
    """A project of its own: suites given as data, one checkpoint over all of them, one gate."""

    directory: Path
    warehouse: Warehouse
    sources: Mapping[str, Source] = field(default_factory=dict)
    now: datetime = NOW
    ingest_id: str = "ingest-1"

    def run(self, suites: Suites, **settings: Any) -> CheckpointRun:
        """Write one suite for each table, all with these settings, then run the checkpoint over them."""
        suites_dir = self.directory / "expectations" / "suites"
        suites_dir.mkdir(parents=True, exist_ok=True)
        for file in suites_dir.iterdir():
            file.unlink()
        for index, (table, expectations) in enumerate(suites.items()):
            document = {"table": table, "expectations": list(expectations), **settings}
            YAML().dump(document, suites_dir / f"{index}.yml")
        checkpoints_dir = self.directory / "checkpoints"
        checkpoints_dir.mkdir(exist_ok=True)
        YAML().dump({"suites": ["*"], "gates": [LOAD]}, checkpoints_dir / "all.yml")
        checkpoints = load_checkpoints(checkpoints_dir)
        runner = CheckpointRunner(
            suites_dir=suites_dir,
            open_context=lambda: open_context(self.directory, self.state),
            warehouse=self.warehouse,
            ledger=self.ledger,
            sources=self.sources,
            checkpoints=checkpoints,
            clock=lambda: self.now,
        )
        return runner.run(find_checkpoint(checkpoints, "all"), self.ingest_id)

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def ledger(self) -> Ledger:
        self.state.mkdir(parents=True, exist_ok=True)
        return Ledger(URL.create("sqlite", database=str(self.state / "ledger.sqlite")), gate_valid_hours=24)

    def gate(self) -> Gate:
        """The gate that the checkpoint guards."""
        return self.ledger.gate(LOAD, ["all"], ingest_id=self.ingest_id, now=self.now)


def only(run: CheckpointRun) -> ExpectationOutcome:
    """The outcome of a run of one expectation."""
    (outcome,) = run.outcomes
    return outcome
