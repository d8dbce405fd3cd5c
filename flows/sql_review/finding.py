"""What a review says: what was found, what was allowed, and what it could not look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is. Either makes the command fail: what is all right as it is has a reason, which can be written."""

    ERROR = "error"
    """Work grows with the square of the data, or everything is done anew each time."""
    WARNING = "warning"
    """It costs more than it has to, or will be wrong on a day that has not come yet."""


@dataclass(frozen=True)
class Finding:
    """One place in one file that breaks a rule.

    Attributes:
        file: as a person would name it.
        line: 1-based, in that file, also where what was read is what dbt made of it.
        end_line: the last line of what is at fault.
        column: 1-based.
        exact: whether line and column are those of the text at fault; otherwise the nearest line that made it.
        rule: the rule's id, as a suppression names it.
        reason: why there is such a rule, and where it comes from.
        suggestion: what to do.
        rewrite: the whole statement without its faults of this kind, where that is mechanical.
    """

    file: str
    line: int
    end_line: int
    column: int
    exact: bool
    rule: str
    severity: Severity
    message: str
    reason: str
    suggestion: str
    rewrite: str | None = None


@dataclass(frozen=True)
class Allowed:
    """A finding that somebody allowed, with the reason that is written beside it."""

    finding: Finding
    because: str


@dataclass(frozen=True)
class NotReviewed:
    """Something of which nothing is known: that there is no finding in it means nothing.

    Attributes:
        file: as a person would name it.
        reason: why, and what to do.
        line: 1-based, where known.
    """

    file: str
    reason: str
    line: int | None = None


@dataclass(frozen=True)
class Review:
    """All that was looked at.

    Attributes:
        reviewed: the files that were.
        left_out: files that are no SQL to review, such as Python models, and why: one line for each kind.
        unknown_sizes: the models of which nobody knows how large they are, so that no rule about large ones was asked.
        plans: how many statements were explained by the warehouse; None when it was not asked.
    """

    reviewed: tuple[str, ...]
    findings: tuple[Finding, ...]
    allowed: tuple[Allowed, ...]
    not_reviewed: tuple[NotReviewed, ...]
    left_out: tuple[str, ...] = ()
    unknown_sizes: tuple[str, ...] = ()
    plans: int | None = None
