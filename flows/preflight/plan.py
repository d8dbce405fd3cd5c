"""What a preflight is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from flows.clock import utc_now
from flows.monitor.declared import Declared
from flows.preflight.accounts import Registry
from gx.settings import Settings
from gx.warehouse.base import Warehouse

PATIENCE_OF_A_RUN = 4
"""How many times as long as somebody before a terminal a run waits for its preflight."""


@dataclass(frozen=True)
class Plan:
    """A project, and the occasion.

    Attributes:
        warehouse: the run's own; not touched but for a DuckDB file, which only one process can have.
        databases: SQL sources by name.
        environment: where Prefect's address and the notifiers' keys are.
        run: whether a run is about to begin, which makes what is not there yet, and is told nothing of accounts that
            it has nothing to do with; otherwise somebody asks.
        account: the only account asked about.
    """

    settings: Settings
    warehouse: Warehouse
    ledger: Ledger
    registry: Registry | None
    databases: Mapping[str, URL]
    environment: Mapping[str, str]
    today: date
    run: bool
    account: str | None = None

    @cached_property
    def declared(self) -> Declared:
        """What the monitor's files say; one for all checks, so that each file is read once."""
        return Declared(self.settings, utc_now())

    @property
    def limit(self) -> float:
        """How long all checks may take together, in seconds. A run has nobody waiting before a terminal."""
        return self.settings.preflight_seconds * (PATIENCE_OF_A_RUN if self.run else 1)

    @property
    def seconds(self) -> float:
        """How long one connection may take: less than all the time there is, so that its own error is told."""
        return max(1.0, self.limit * 0.75)
