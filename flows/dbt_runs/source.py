"""What every source of dbt runs has in common."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from checkpoints.data_quality.dbt_runs import MeasuredRun
from gx.errors import SluiceError


class RunSourceError(SluiceError):
    """A source of dbt runs could not be read; the message says which, why and what to do.

    Attributes:
        transient: whether a later try may help.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)


@dataclass(frozen=True)
class Found:
    """What a source told.

    Attributes:
        runs: those that could be read, as far as they could.
        problems: what could not; none of it is in the runs, or it is there as unknown.
        notes: what is not known of runs that could be read, for a file of theirs was not kept.
    """

    runs: tuple[MeasuredRun, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class RunSource(Protocol):
    """Somewhere that tells of dbt runs."""

    @property
    def kind(self) -> str:
        """Which kind of source it is; runs of one kind are compared with each other."""
        ...

    def describe(self) -> str:
        """The source for people, without secrets."""
        ...

    def read(self, since: datetime, known: Set[str]) -> Found:
        """The runs that ended since then.

        Args:
            since: in UTC without a zone.
            known: ids of runs that need not be read again.

        Raises:
            RunSourceError: nothing of it could be read.
        """
        ...
