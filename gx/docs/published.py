"""What a publish has written, for the index; it also comes back from processes that write for another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gx.docs.history import TableRuns
from gx.docs.records import RunRecord
from gx.docs.roll_up import BrokenPage


@dataclass(frozen=True)
class Published:
    """Pages that were written, and what they say.

    Attributes:
        made: the paths of the pages that are as they should be.
        missing: what was asked for and is not in the store, as sentences.
    """

    tables: tuple[TableRuns, ...] = ()
    records: tuple[RunRecord, ...] = ()
    made: tuple[str, ...] = ()
    broken: tuple[BrokenPage, ...] = ()
    missing: tuple[str, ...] = ()

    @classmethod
    def together(cls, parts: Iterable[Published]) -> Published:
        """All of these as one."""
        all_parts = list(parts)
        return cls(
            tables=tuple(each for part in all_parts for each in part.tables),
            records=tuple(each for part in all_parts for each in part.records),
            made=tuple(each for part in all_parts for each in part.made),
            broken=tuple(each for part in all_parts for each in part.broken),
            missing=tuple(each for part in all_parts for each in part.missing),
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What is not as it should be, as sentences."""
        return (*self.missing, *(f"the page of {page.what} could not be made: {page.why}" for page in self.broken))
