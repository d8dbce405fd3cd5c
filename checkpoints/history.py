"""A table's history, read from the ledger when an expectation first asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from checkpoints.ledger import Ledger
from expectations.usual_level import Past


class TableHistory:
    """What the accepted runs of one table found, without the ingest at hand. Times are UTC without a zone."""

    def __init__(self, ledger: Ledger, table: str, ingest_id: str) -> None:
        self._ledger = ledger
        self._table = table
        self._ingest_id = ingest_id

    @cached_property
    def _runs(self) -> tuple[tuple[str, Past], ...]:
        runs = self._ledger.counted_runs(self._table, self._ingest_id)
        return tuple((run_id, Past(at, rows)) for run_id, at, rows in runs)

    @cached_property
    def _observed(self) -> dict[tuple[str, str], dict[str, float]]:
        return {
            key: dict(by_run)
            for key, by_run in self._ledger.observed(self._table, [run_id for run_id, _ in self._runs]).items()
        }

    def row_counts(self) -> Sequence[Past]:
        """Its rows.

        Raises:
            LedgerError: the ledger could not be read.
        """
        return [past for _, past in self._runs]

    def figures(self, expectation: str, column: str) -> Sequence[Past]:
        """What one of its expectations observed of a column.

        Raises:
            LedgerError: the ledger could not be read.
        """
        values = self._observed.get((expectation, column), {})
        return [Past(past.at, values[run_id]) for run_id, past in self._runs if run_id in values]
