"""What a run goes on from where rows mostly arrive, and what it keeps for the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from checkpoints.ledger.scan_states import ScanStates
from checkpoints.result import CheckpointRun
from expectations.suite import SuiteSpec
from gx.scan.arrivals import Arrivals
from gx.shown import spelled
from gx.warehouse.table import CatalogTable


@dataclass(frozen=True)
class ScanMemory:
    """The states of earlier scans.

    Attributes:
        states: of the ledger.
        warehouse: names the warehouse; the state of a table in another one says nothing.
        full_scan: whether to read all rows all the same.
    """

    states: ScanStates
    warehouse: str
    full_scan: bool

    def arrivals(self, suite: SuiteSpec, table: CatalogTable, run: CheckpointRun) -> Arrivals | None:
        """How the run may read the new rows alone; None for a table that does not tell which they are."""
        if suite.arrivals is None:
            return None
        before = self.states.get(suite.name)
        why_all = None
        if self.full_scan:
            why_all = "a full scan was asked for"
        elif before and before.full_scan_at > run.started_at:
            why_all = "the last full scan lies in the future"
        elif before and run.started_at - before.full_scan_at >= timedelta(hours=suite.arrivals.full_scan_hours):
            why_all = f"the last full scan is more than {suite.arrivals.full_scan_hours:g} hours old"
        pii = frozenset(spelled(name) for name in suite.pii)
        return Arrivals(f"{table} in {self.warehouse}", suite.arrivals.column, before, run.started_at, why_all, pii)

    def keep(self, run: CheckpointRun, clock: Callable[[], datetime]) -> None:
        """Keep what the next scans go on from. Before the verdict: a gate is not to open on what is half written."""
        for scan in run.scans:
            if scan.state is not None:
                self.states.put(scan.suite, scan.state, run.run_id, clock())
            elif scan.why_all is not None:
                self.states.forget(scan.suite, run.started_at, run.run_id, clock())
