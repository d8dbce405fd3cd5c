"""A suite as people write it: what must be true of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from gx.warehouse.table import TableName


class Severity(StrEnum):
    """How bad a failure is. GX's own three levels."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class ExpectationSpec:
    """One expectation of a suite, not yet known to GX.

    Attributes:
        type: GX's name, such as ``expect_column_values_to_be_unique``.
        kwargs: GX's own keyword arguments.
        severity: how bad a failure is.
        blocking: whether a failure closes the gate; by default a critical one does.
        notes: why it is there, for people.
        line: where it stands in the suite's file.
    """

    type: str
    kwargs: Mapping[str, Any]
    severity: Severity
    blocking: bool
    notes: str | None
    line: int

    @property
    def column(self) -> str | None:
        """The column or columns it is about, for people; None for an expectation about the table."""
        for key in ("column", "column_A", "column_list", "column_set"):
            if value := self.kwargs.get(key):
                if key == "column_A":
                    return f"{value}, {self.kwargs.get('column_B')}"
                return value if isinstance(value, str) else ", ".join(map(str, value))
        return None


@dataclass(frozen=True)
class ArrivalsSpec:
    """How a table tells which of its rows are new, so that a check need not read the others again.

    Attributes:
        column: orders the arrivals of rows: ``_fivetran_synced``, a load id. A new row's is greater than any before.
        full_scan_hours: after how many hours all rows are read all the same.
    """

    column: str
    full_scan_hours: float = 24


@dataclass(frozen=True)
class QuarantineSpec:
    """What becomes of rows that fail an expectation which blocks and names rows: their keys are put on record.

    Attributes:
        max_percent: of all the table's rows, how many may be left out.
        leave_out: whether the next load leaves them out, and the gate opens all the same, within ``max_percent``.
    """

    max_percent: float
    leave_out: bool = False


@dataclass(frozen=True)
class SuiteSpec:
    """What must be true of one table.

    Attributes:
        name: unique in the project; by default the table's name.
        table: the table.
        expectations: in the order of the file; never empty.
        file: where it was read from.
        layer: the folder of the file under ``expectations/suites``; empty at the top.
        allow_empty: whether an empty table is all right. By default it is not: every expectation about rows
            holds on no rows, which is how a load that brought nothing passes its tests.
        arrivals: lets a check read only the rows that are new; without it all rows are read each time.
        observing: in so many runs, the first that finish, a failing expectation does not block; 0 means from the
            first run on it does. What could not be checked always blocks.
        observes: whether it still does, in the run at hand.
        pii: columns whose values may appear nowhere, not even summed up.
        samples: columns of which failing values may be shown.
        keys: columns whose values may name a failing row.
        quarantine: puts failing rows on record by their ``keys``; without it none are.
    """

    name: str
    table: TableName
    expectations: tuple[ExpectationSpec, ...]
    file: Path
    layer: str = ""
    owner: str | None = None
    description: str | None = None
    allow_empty: bool = False
    tags: tuple[str, ...] = field(default=())
    arrivals: ArrivalsSpec | None = None
    observing: int = 0
    pii: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    quarantine: QuarantineSpec | None = None

    observes: bool = False

    def observed(self) -> SuiteSpec:
        """The suite while it observes: none of its expectations blocks."""
        softened = tuple(replace(each, blocking=False) for each in self.expectations)
        return replace(self, expectations=softened, observes=True)
