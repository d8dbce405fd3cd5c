"""Reviews sources: every rule on each, then what the author allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flows.sql_review.finding import Allowed, Finding, NotReviewed
from flows.sql_review.lines import LineMap
from flows.sql_review.parsing import ParsedSql, parse, quiet
from flows.sql_review.rules.known import RULES
from flows.sql_review.rules.plans import PLAN_RULES
from flows.sql_review.rules.rule import Hit, Rule
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import SqlSource, UnreadableError
from flows.sql_review.suppressions import apply, read_suppressions

NAMES = tuple(rule.id for rule in (*RULES, *PLAN_RULES))
"""Every rule that a suppression may name."""
Explain = Callable[[ParsedSql, Sizes], Iterable[tuple[Rule, Hit]]]
"""Asks a warehouse how it would run what was parsed. Raises UnreadableError when it does not say."""

_CONFIG = re.compile(r"\bconfig\s*\(")


@dataclass
class Reviewed:
    """What was found in some sources."""

    files: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    allowed: list[Allowed] = field(default_factory=list)
    not_reviewed: list[NotReviewed] = field(default_factory=list)
    unknown_sizes: list[str] = field(default_factory=list)
    plans: int = 0


def review(sources: Iterable[SqlSource], sizes: Sizes, explain: Explain | None = None) -> Reviewed:
    """Ask every rule of each source. A source that cannot be reviewed does not keep the others from it."""
    done = Reviewed()
    for source in sources:
        try:
            with quiet():
                _review(source, sizes, explain, done)
        except UnreadableError as error:
            done.not_reviewed.append(NotReviewed(source.file, str(error)))
        except Exception as error:  # noqa: BLE001 - sqlglot raises anything on odd SQL; the other files go on
            done.not_reviewed.append(NotReviewed(source.file, f"the review stumbled over it ({type(error).__name__})"))
    done.findings.sort(key=lambda found: (found.file, found.line, found.column, found.rule))
    return done


def _review(source: SqlSource, sizes: Sizes, explain: Explain | None, done: Reviewed) -> None:
    sql = parse(source)
    lines = LineMap(source.sql, source.text)
    hits = [(rule, hit) for rule in RULES for hit in rule.find(sql, sizes)]
    not_asked = {rule.id for rule in PLAN_RULES}
    if explain is not None:
        try:
            hits += explain(sql, sizes)
            done.plans += 1
            not_asked = set()
        except UnreadableError as error:
            done.not_reviewed.append(NotReviewed(source.file, f"its plan: {error}"))
    if source.model is None or source.model.rows is None:
        not_asked |= {rule.id for rule in RULES if rule.needs_rows}
    if source.model is not None and source.model.rows is None and source.model.materialized in ("table", "incremental"):
        done.unknown_sizes.append(source.model.name)
    found = [_finding(source, rule, hit, lines) for rule, hit in hits]
    suppressions, bad = read_suppressions(source.file, source.text, NAMES)
    whole_file = {rule.id for rule in (*RULES, *PLAN_RULES) if rule.needs_rows or rule in PLAN_RULES}
    left, allowed = apply(source.file, found, suppressions, whole_file=whole_file, not_asked=not_asked)
    done.findings += [*left, *bad]
    done.allowed += allowed
    done.files.append(source.file)


def _finding(source: SqlSource, rule: Rule, hit: Hit, lines: LineMap) -> Finding:
    if hit.span is None:
        config = _CONFIG.search(source.text)
        start = lines.start(config[0]) if config else lines.start("\0")
        end = start
    else:
        start, end = lines.place(hit.span[0]), lines.place(hit.span[1])
    return Finding(
        file=source.file,
        line=start.line,
        end_line=max(start.line, end.line),
        column=start.column,
        exact=start.exact,
        rule=rule.id,
        severity=rule.severity,
        message=hit.message,
        reason=rule.reason,
        suggestion=hit.suggestion,
        rewrite=hit.rewrite,
    )
