"""What an expectation may need to know that is not in its table, looked up before the table is read.

An expectation never reaches for a clock, a ledger or a source by itself: it is handed the facts, and its
verdict stays a pure function of them and of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from expectations.accepted import Columns
from expectations.usual_level import Past
from gx.errors import SluiceError


@dataclass(frozen=True)
class Measure:
    """One number to read at a source: a count of rows, of distinct values, or a sum.

    Attributes:
        table: the table, or for an API the kind of object (``charges``).
        column: the column to sum; without it rows are counted.
        distinct: count the distinct values of this column instead.
        where: equality conditions, column to value.
        since_column: with ``since`` and ``until``, the window: ``since <= column < until``.
    """

    table: str
    column: str | None = None
    distinct: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    since_column: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Source(Protocol):
    """A system of record that warehouse figures are reconciled with."""

    def read(self, measure: Measure) -> Decimal | int:
        """The figure as the source has it now.

        Raises:
            SluiceError: the source cannot be reached, or does not have it.
        """
        ...


class History(Protocol):
    """What the accepted runs of a table found; not those for the ingest at hand, which is not to judge itself."""

    def row_counts(self) -> Sequence[Past]:
        """Its rows.

        Raises:
            SluiceError: the history could not be read.
        """
        ...

    def figures(self, expectation: str, column: str) -> Sequence[Past]:
        """What one of its expectations observed of a column.

        Raises:
            SluiceError: the history could not be read.
        """
        ...


class NoHistory:
    """Nothing was ever accepted."""

    def row_counts(self) -> Sequence[Past]:
        """None."""
        return ()

    def figures(self, expectation: str, column: str) -> Sequence[Past]:
        """None."""
        del expectation, column
        return ()


class UnknownFactError(SluiceError):
    """A fact could not be looked up; the expectation that needs it counts as errored."""


WAREHOUSE = "warehouse"
"""The source that is the warehouse itself: an earlier layer of the same data, or another table of this one."""


@dataclass(frozen=True)
class Facts:
    """The facts of one checkpoint run.

    Attributes:
        table: the table at hand, for people.
        now: the time of the run, in UTC.
        previous_row_count: rows of the table at hand in the last run that counted them; None for none.
        sources: by the name that suites use.
        read_as: where a table of the warehouse is read, when not where its name says.
        history: what the runs before found of this table.
        columns: the table's columns as the warehouse's catalog has them; None where it does not tell.
        accepted: the columns that were last accepted for it; None for none.
    """

    table: str
    now: datetime
    previous_row_count: int | None
    sources: Mapping[str, Source]
    read_as: Callable[[str], str] = str
    history: History = NoHistory()  # noqa: RUF009 - it holds nothing
    columns: Columns | None = None
    accepted: Columns | None = None

    def measure(self, source: str, measure: Measure) -> Decimal | int:
        """Read one figure from a source.

        Raises:
            UnknownFactError: there is no such source.
            SluiceError: the source could not answer.
        """
        if source not in self.sources:
            known = ", ".join(sorted(self.sources)) or "none"
            raise UnknownFactError(
                f"no source is called {source}; there are: {known}. "
                f"Set SLUICE_SOURCE_{source.upper()}_URL to a database URL to add it."
            )
        if source == WAREHOUSE:
            measure = replace(measure, table=self.read_as(measure.table))
        return self.sources[source].read(measure)


@runtime_checkable
class NeedsFacts(Protocol):
    """An expectation that is completed with facts before it is validated."""

    def with_facts(self, facts: Facts) -> Any:
        """A copy that holds the facts it needs.

        Raises:
            SluiceError: a fact could not be looked up.
        """
        ...
