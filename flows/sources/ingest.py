"""The interface every ingest has, and what it returns: what arrived, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]
"""Gives the time now, in UTC, without a zone (as the warehouse stores it)."""

Progress = Callable[[str], None]
"""Told, in words for a person, what an ingest is doing."""


def silent(_message: str) -> None:
    """A progress callback that says nothing."""


@dataclass(frozen=True)
class IngestedTable:
    """How many rows one ingest brought to one table."""

    table: str
    """`schema.table` in the warehouse."""
    rows: int
    """Rows written by this ingest, re-sent copies included."""


@dataclass(frozen=True)
class IngestResult:
    """What one ingest brought. Times are UTC without a zone."""

    ingest_id: str
    source: str
    started_at: datetime
    finished_at: datetime
    tables: tuple[IngestedTable, ...]

    @property
    def rows(self) -> int:
        """Rows over all tables."""
        return sum(table.rows for table in self.tables)


class Ingest(Protocol):
    """Brings the source's data to raw."""

    def run(self, ingest_id: str, progress: Progress = silent) -> IngestResult:
        """Run one ingest to its end.

        Raises:
            IngestError: it did not complete; `transient` says whether a retry may help.
        """
        ...
