"""A large table that is built anew each time."""

from __future__ import annotations

from collections.abc import Iterator

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes


def _find(sql: ParsedSql, sizes: Sizes) -> Iterator[Hit]:
    model = sql.source.model
    if model and model.materialized == "table" and sizes.is_large(model.rows):
        yield Hit(
            f"{model.name} is built anew each time, and has {model.rows:,} rows (large is over {sizes.large_rows:,})",
            "make it incremental with a unique_key, so that a run works on what is new; or state why it must be whole",
        )


FULL_REFRESH = Rule(
    "full-refresh",
    Severity.ERROR,
    f"{INCIDENT}: 2.3 million rows rebuilt daily; its standards: no table materialization for more than"
    " 1 million rows without justification",
    _find,
    needs_rows=True,
)
