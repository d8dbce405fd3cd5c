"""A large incremental model that does not say which rows are the same, or how they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import CLUSTERING_DIALECTS, Model

_KEYLESS = ("append", "insert_overwrite", "microbatch")
"""dbt's strategies that use no key. One that is stated is meant; without one dbt appends, which seldom is."""

_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*|/\*.*?\*/", re.DOTALL)
_ASKS = re.compile(r"\w*incremental\w*\s*\(|\{[{%][^}]*\bthis\b")
"""How a model's text says what is new: dbt's own macro, one that is named after it, or what is there already."""
_RANGES = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)


def _large(sql: ParsedSql, sizes: Sizes) -> Model | None:
    model = sql.source.model
    return model if model and model.materialized == "incremental" and sizes.is_large(model.rows) else None


def _without_key(sql: ParsedSql, sizes: Sizes) -> Iterator[Hit]:
    model = _large(sql, sizes)
    if model and not model.unique_key and model.incremental_strategy not in _KEYLESS:
        yield Hit(
            f"{model.name} is incremental, has {model.rows:,} rows and no unique_key: a row that comes again is"
            " a second row",
            "set unique_key, or state an incremental_strategy that needs none (append)",
        )


def _without_cluster(sql: ParsedSql, sizes: Sizes) -> Iterator[Hit]:
    model = _large(sql, sizes)
    if model and not model.has_cluster_by and sql.source.dialect in CLUSTERING_DIALECTS:
        yield Hit(
            f"{model.name} is incremental, has {model.rows:,} rows and no cluster_by: each merge looks through all of"
            " it for the rows to replace",
            "set cluster_by to the unique_key's columns, or to the date that readers filter by",
        )


def _without_filter(sql: ParsedSql, sizes: Sizes) -> Iterator[Hit]:
    model = _large(sql, sizes)
    if not model or model.incremental_strategy == "microbatch":
        return  # dbt filters by the event's time
    wheres = [where for scope in sql.scopes if (where := scope.expression.args.get("where"))]
    if (
        _ASKS.search(_COMMENT.sub("", sql.source.text))
        or any(where.find(*_RANGES) for where in wheres)
        or _reads_itself(sql, model)
    ):
        return
    yield Hit(
        f"{model.name} is incremental, has {model.rows:,} rows and no filter by is_incremental(): each run reads and"
        " writes all of it again",
        "within {% if is_incremental() %} filter by what is newer than the rows that are there; or state why it must be"
        " whole",
    )


def _reads_itself(sql: ParsedSql, model: Model) -> bool:
    own = {name.rpartition(".")[2].lower() for name in (*model.tables, model.name)}
    return any(table.name.lower() in own for statement in sql.statements for table in statement.find_all(exp.Table))


UNIQUE_KEY = Rule(
    "incremental-unique-key",
    Severity.ERROR,
    f"{INCIDENT}: the fast version has a unique_key; without one, rows that a sync sends again are counted twice"
    " (incident 1)",
    _without_key,
    needs_rows=True,
)
CLUSTER_BY = Rule(
    "incremental-cluster-by",
    Severity.WARNING,
    f"{INCIDENT}, long-term solution 5: clustering keys on large incremental models",
    _without_cluster,
    needs_rows=True,
)
INCREMENTAL_FILTER = Rule(
    "incremental-filter",
    Severity.ERROR,
    f"{INCIDENT}: 2.3 million rows rebuilt daily; an incremental model without a filter does that, and merges",
    _without_filter,
    needs_rows=True,
)
