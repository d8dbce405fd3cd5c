"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.sizes import Sizes


@dataclass(frozen=True)
class Hit:
    """A place that breaks a rule.

    Attributes:
        span: offsets of its first and last character in the SQL; None when it is about the model as a whole.
    """

    message: str
    suggestion: str
    span: tuple[int, int] | None = None
    rewrite: str | None = None


@dataclass(frozen=True)
class Rule:
    """One kind of fault.

    Attributes:
        id: as a suppression names it.
        reason: why there is such a rule, and where it comes from.
        find: every place in a piece of SQL that breaks it.
        needs_rows: it can only be asked of a model whose size is known.
    """

    id: str
    severity: Severity
    reason: str
    find: Callable[[ParsedSql, Sizes], Iterator[Hit]]
    needs_rows: bool = False


INCIDENT = "the requirements document, incident 2 (the model that took 8 hours)"
"""What most rules come from."""
