"""What is worth telling of the way in which a warehouse would run a statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NestedLoop:
    """Every row of one input is compared with every row of another.

    Attributes:
        operation: as the warehouse calls it.
        rows: estimated rows of both inputs; None where it does not estimate.
    """

    operation: str
    rows: tuple[float, float] | None


@dataclass(frozen=True)
class TableScan:
    """All of a table is read, whatever the statement asks of it.

    Attributes:
        operation: as the warehouse calls it.
        table: with schema and database, as far as the plan names them.
        rows: of the table, estimated; None where nobody knows.
    """

    operation: str
    table: str
    rows: float | None


@dataclass(frozen=True)
class Plan:
    """The nested loops and whole scans of one statement, in the plan's order."""

    loops: tuple[NestedLoop, ...] = ()
    scans: tuple[TableScan, ...] = ()


Node = dict[str, Any]
"""One step of a plan as JSON has it."""
