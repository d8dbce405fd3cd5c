"""What is remembered of a run, from its page."""

from __future__ import annotations

import re

from gx.docs.pages import Outcome, ResultPage, Severity, Verdict
from gx.docs.paths import table_page
from gx.docs.records import Problem, RuleLine, RunRecord, table_key
from gx.docs.text import clean

RULES_KEPT = 300
"""Sentences of a suite on its table's page; the suite's own page has all."""
_PROBLEMS_SHOWN = 3
_UNIQUE = re.compile(r"^expect_(column_values|compound_columns)_to_be_unique$")
_NOT_NULL = "expect_column_values_to_not_be_null"


def record(page: ResultPage, *, path: str, suite_path: str) -> RunRecord:
    """What is remembered of a page."""
    open_outcomes = page.open
    failed = dict.fromkeys(Severity, 0)
    for each in open_outcomes:
        failed[each.rule.severity] += 1
    facts = page.facts
    return RunRecord(
        path=path,
        time=page.run_time,
        verdict=page.verdict,
        failed=len(open_outcomes),
        total=len(page.outcomes),
        rows=facts.rows,
        seconds=facts.seconds,
        duplicates=_duplicates(page.outcomes),
        missing_percent=_missing(page.outcomes),
        newest=facts.freshness.newest if facts.freshness else None,
        suite=page.suite,
        suite_path=suite_path,
        table=page.table,
        table_path=table_page(table_key(page.table, page.suite)),
        layer=facts.layer,
        owner=facts.owner,
        description=facts.description,
        checkpoint=page.checkpoint,
        run_name=page.run_name,
        ingest_id=page.ingest_id,
        failed_by_severity={severity: count for severity, count in failed.items() if count},
        errors=sum(1 for each in open_outcomes if each.verdict is Verdict.ERRORED),
        problems=tuple(_problem(each) for each in open_outcomes[:_PROBLEMS_SHOWN]),
        freshness=facts.freshness,
        gates=facts.gates,
        overrides=facts.overrides,
        alerts=facts.alerts,
        limits=page.limits,
        rules=_rules(page.outcomes),
    )


def _duplicates(outcomes: tuple[Outcome, ...]) -> int | None:
    counted = [each.unexpected_count for each in outcomes if _UNIQUE.match(each.rule.expectation)]
    return max((count for count in counted if count is not None), default=None)


def _missing(outcomes: tuple[Outcome, ...]) -> float | None:
    shares = [each.unexpected_percent for each in outcomes if each.rule.expectation == _NOT_NULL]
    return max((share for share in shares if share is not None), default=None)


def _rules(outcomes: tuple[Outcome, ...]) -> tuple[RuleLine, ...]:
    in_order = sorted(outcomes, key=lambda each: each.rule.index)
    return tuple(
        RuleLine(
            sentence=clean(each.rule.sentence, 300),
            severity=each.rule.severity,
            blocking=each.rule.blocking,
            verdict=each.verdict,
            notes=clean(each.rule.notes, 300),
        )
        for each in in_order[:RULES_KEPT]
    )


def _problem(outcome: Outcome) -> Problem:
    return Problem(
        verdict=outcome.verdict,
        severity=outcome.rule.severity,
        sentence=clean(outcome.rule.sentence, 200),
        observed=clean(outcome.error or outcome.observed or outcome.unexpected, 200),
    )
