"""What a preflight says: one line for each thing it looked at, or could not look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checkpoints.spec import ALERTS_FILE
from gx.warehouse.access import Answer

CONFIGURATION = "configuration"
"""The check of what people write: suites, checkpoints, the registry, what the monitor is to watch."""

SECRETS = "secrets"
"""What a line is about that says that secrets cannot be read."""


class Status(StrEnum):
    """What became of one check."""

    FINE = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    """It could not be found out; it may be fine, and nobody says so."""
    NONE = "none"
    """There is nothing of the kind here that could be checked."""


@dataclass(frozen=True)
class Line:
    """One check's outcome.

    Attributes:
        check: what it belongs to: ``warehouse``, ``account dbt-production``, ``ledger``, ...
        what: the thing looked at, the same whatever came out.
        detail: for people; no secret.
        remedy: the statement that would put it right, to be executed as it is.
        stops: whether a run must not begin.
        transient: whether it may be well in a moment.
        about_warehouse: the virtual warehouse that it is about, folded.
    """

    check: str
    what: str
    status: Status
    detail: str
    remedy: str | None = None
    stops: bool = False
    transient: bool = False
    about_warehouse: str | None = None

    @property
    def is_of_a_file(self) -> bool:
        """Whether what is wrong is a file that stops no run."""
        return not self.stops and (self.check == CONFIGURATION or self.what in (ALERTS_FILE, SECRETS))

    def __str__(self) -> str:
        remedy = f": {self.remedy}" if self.remedy else ""
        return f"{self.check}: {self.what}: {self.detail}{remedy}"


def line_of(check: str, what: str, answer: Answer, *, stops: bool, about_warehouse: str | None = None) -> Line:
    """The line of a warehouse's answer. One that could not be had stops nothing: it is no proof of a fault."""
    status = {True: Status.FINE, False: Status.FAILED, None: Status.NOT_CHECKED}[answer.holds]
    stopping = stops and status is Status.FAILED
    return Line(
        check, what, status, answer.detail, answer.remedy, stopping, answer.transient, about_warehouse=about_warehouse
    )
