"""How many rows tables have, as far as anybody knows, and from how many on a table is large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

LARGE_ROWS = 1_000_000
"""A table with more rows is large: "no table materialization for >1M rows without justification" (the requirements
document, data modeling standards)."""


def _nothing(_table: str) -> int | None:
    return None


@dataclass(frozen=True)
class Sizes:
    """Row counts.

    Attributes:
        large_rows: a table with more rows is large.
        stated: rows by table's name in lower case, as ``meta: {expected_rows: N}`` of models states them.
        counted: rows of a table in the last check that accepted them, by the ledger; None when it was never checked.
    """

    large_rows: int = LARGE_ROWS
    stated: Mapping[str, int] = field(default_factory=dict)
    counted: Callable[[str], int | None] = _nothing

    def rows(self, names: tuple[str, ...]) -> int | None:
        """Rows of a table that is known under one of these names; the ledger's count goes before what is stated."""
        for known in (self.counted, lambda name: self.stated.get(name.lower())):
            for name in names:
                if (rows := known(name)) is not None:
                    return rows
        return None

    def is_large(self, rows: int | None) -> bool:
        """Whether so many rows are known to be many."""
        return rows is not None and rows > self.large_rows


def names_of(database: str | None, schema: str | None, name: str) -> tuple[str, ...]:
    """The names that a suite may give a table, as the ledger then has it."""
    short = f"{schema}.{name}" if schema else name
    long = (f"{database}.{short}",) if database and schema else ()
    spelled = (short, *long)
    return tuple(dict.fromkeys((*spelled, *(item.lower() for item in spelled))))
