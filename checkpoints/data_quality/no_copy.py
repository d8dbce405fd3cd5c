"""What callers may ask of the copy, and a copy that is not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from checkpoints.data_quality.tables import DataQualityTables
from gx.errors import SluiceError


@dataclass(frozen=True)
class Closed:
    """Whether the warehouse knows that gates were closed; if not, ``problem`` says why."""

    problem: SluiceError | None = None

    def check(self) -> None:
        """Go on only if it does.

        Raises:
            SluiceError: it does not, and may tell that they are open.
        """
        if self.problem is not None:
            raise self.problem


class NoDataQuality:
    """No copy is kept, and nothing is written."""

    schema: str | None = None

    @contextmanager
    def closing(self, loads: Sequence[str] | None, ingest_id: str | None, reason: str) -> Iterator[Closed]:
        """Close gates in the warehouse, then let the ledger be told in the block: killed between, it is more closed.

        The block always runs. All other gates are copied as the ledger has them.

        Args:
            loads: whose gates; None means all.
            ingest_id: the ingest because of which.
            reason: why, without a value of the data.

        Raises:
            LedgerError: the ledger cannot be used; the block was not run.
        """
        del loads, ingest_id, reason
        yield Closed()

    def record(self, run_id: str) -> str | None:
        """After a run: copy what it found, and how the gates stand now. Why that was impossible, if it was."""
        del run_id
        return None

    def write(self, work: Callable[[Connection, DataQualityTables], None]) -> None:
        """Write to the schema's tables in one transaction, while no other process does.

        Raises:
            SluiceError: the warehouse cannot be written; nothing of it stays.
        """

    def refresh(self) -> None:
        """Copy how the gates stand now.

        Raises:
            SluiceError: the ledger cannot be read, or the warehouse not be written.
        """
