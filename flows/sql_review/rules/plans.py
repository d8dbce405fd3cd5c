"""What a warehouse says of how it would run a statement."""

from __future__ import annotations

from collections.abc import Iterator

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes


def _only_by_plan(_sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    return iter(())


NESTED_LOOP = Rule(
    "plan-nested-loop",
    Severity.ERROR,
    f"{INCIDENT}, step 4: its plan was a nested loop over 2.3 million rows",
    _only_by_plan,
)
LARGE_SCAN = Rule(
    "plan-large-scan",
    Severity.WARNING,
    f"{INCIDENT}, step 4: sequential scans of whole tables",
    _only_by_plan,
)
PLAN_RULES = (NESTED_LOOP, LARGE_SCAN)
