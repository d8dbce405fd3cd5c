"""What is kept of a table's scan, so that the next one need not read all of it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gx.scan.merging import Kept, from_text, to_text


@dataclass(frozen=True)
class ScanState:
    """What is kept of a table's scan.

    Attributes:
        where: the table and its warehouse.
        columns: a hash of the table's columns and their types.
        column: the column that orders arrivals.
        watermark: its greatest value; None for a table without rows.
        rows: how many rows there were.
        values: of each column of the SELECT, by its SQL.
        not_kept: the columns of the SELECT whose values may not be kept, or would not help.
        full_scan_at: when all rows were last read.
    """

    where: str
    columns: str
    column: str
    watermark: Kept
    rows: int
    values: Mapping[str, Kept]
    not_kept: frozenset[str]
    full_scan_at: datetime

    def to_json(self) -> dict[str, Any]:
        """For the ledger: numbers and times, and the hashes of SQL that they answer."""
        return {
            "where": self.where,
            "columns": self.columns,
            "column": self.column,
            "watermark": to_text(self.watermark),
            "rows": self.rows,
            "values": {name: to_text(value) for name, value in self.values.items()},
            "not_kept": sorted(self.not_kept),
            "full_scan_at": self.full_scan_at.isoformat(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ScanState | None:
        """What :meth:`to_json` wrote; None if it is anything else, for then all rows are read."""
        try:
            full_scan_at = datetime.fromisoformat(document["full_scan_at"])
            if full_scan_at.tzinfo is None:
                return None
            return cls(
                where=str(document["where"]),
                columns=str(document["columns"]),
                column=str(document["column"]),
                watermark=from_text(document["watermark"]),
                rows=int(document["rows"]),
                values={str(name): from_text(value) for name, value in document["values"].items()},
                not_kept=frozenset(document["not_kept"]),
                full_scan_at=full_scan_at,
            )
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            return None
