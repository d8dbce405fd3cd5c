"""What the site remembers of a run."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.pages import Outcome, ResultPage, Severity, Verdict
from gx.docs.paths import table_page
from gx.docs.text import clean

RUNS_SHOWN = 30
"""Runs per table on the index: a month of daily loads."""
RECENT_RUNS = 500
"""Runs of all tables that the index lists, to be searched and filtered."""
RUNS_PLOTTED = 400
"""Runs per table that its own page plots: a year of daily loads."""
_PROBLEMS_SHOWN = 3


class Freshness(BaseModel):
    """How old a table's data may be, and when its newest row arrived; from the suite's freshness expectation."""

    model_config = ConfigDict(frozen=True)

    newest: AwareDatetime
    warn_hours: float | None = None
    error_hours: float


class GateMark(BaseModel):
    """What one checkpoint run decided for one load."""

    model_config = ConfigDict(frozen=True)

    load: str
    checkpoint: str
    open: bool
    reasons: tuple[str, ...] = ()
    decided_at: AwareDatetime
    valid_until: AwareDatetime | None = None


class RunFacts(BaseModel):
    """What the rooms know of the run of one table and GX does not; in the stored result's ``meta["sluice"]``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table: str = ""
    layer: str = ""
    owner: str = ""
    checkpoint: str = ""
    verdict: Verdict | None = None
    """Of the whole checkpoint run."""
    run_id: str = ""
    ingest_id: str = ""
    rows: int | None = None
    seconds: float | None = None
    """How long the table's validation took."""
    statements: int = 0
    freshness: Freshness | None = None
    gates: tuple[GateMark, ...] = ()


class Problem(BaseModel):
    """One expectation that did not hold, in two short sentences."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    severity: Severity
    sentence: str
    observed: str


class RunMark(BaseModel):
    """One run in a table's strip."""

    model_config = ConfigDict(frozen=True)

    path: str
    """The run's page, relative to the site; it identifies the run."""
    time: AwareDatetime
    verdict: Verdict
    failed: int
    total: int
    rows: int | None = None


class RunPoint(RunMark):
    """One run in a table's plots."""

    seconds: float | None = None
    duplicates: int | None = None
    """Rows that uniqueness expectations found to be too many; None without such an expectation."""
    missing_percent: float | None = None
    """The greatest share of nulls that a not-null expectation found; None without one."""
    newest: AwareDatetime | None = None
    """When the newest row arrived, as the freshness expectation saw it."""
    failed_by_severity: dict[Severity, int] = Field(default_factory=dict)

    def mark(self) -> RunMark:
        """What a strip needs of this run."""
        return RunMark.model_validate({name: getattr(self, name) for name in RunMark.model_fields})


class RunRecord(RunPoint):
    """One published run."""

    suite: str
    suite_path: str
    table: str
    checkpoint: str
    checkpoint_verdict: Verdict | None = None
    run_name: str
    ingest_id: str
    errors: int
    problems: tuple[Problem, ...]
    table_path: str = ""
    """The page of the table's history, relative to the site."""
    layer: str = ""
    owner: str = ""
    freshness: Freshness | None = None
    gates: tuple[GateMark, ...] = ()

    def point(self) -> RunPoint:
        """What plots need of this run."""
        return RunPoint.model_validate({name: getattr(self, name) for name in RunPoint.model_fields})


def table_key(table: str, suite: str) -> str:
    """What tells tables apart: the name, and the suite where it has another one."""
    return table if suite == table else f"{table}\n{suite}"


def record(page: ResultPage, *, path: str, suite_path: str) -> RunRecord:
    """What is remembered of a page."""
    open_outcomes = page.open
    failed = dict.fromkeys(Severity, 0)
    for each in open_outcomes:
        failed[each.rule.severity] += 1
    return RunRecord(
        path=path,
        time=page.run_time,
        verdict=page.verdict,
        failed=len(open_outcomes),
        total=len(page.outcomes),
        suite=page.suite,
        suite_path=suite_path,
        table=page.table,
        table_path=table_page(table_key(page.table, page.suite)),
        checkpoint=page.checkpoint,
        checkpoint_verdict=page.checkpoint_verdict,
        run_name=page.run_name,
        ingest_id=page.ingest_id,
        failed_by_severity={severity: count for severity, count in failed.items() if count},
        errors=sum(1 for each in open_outcomes if each.verdict is Verdict.ERRORED),
        problems=tuple(_problem(each) for each in open_outcomes[:_PROBLEMS_SHOWN]),
    )


def _problem(outcome: Outcome) -> Problem:
    return Problem(
        verdict=outcome.verdict,
        severity=outcome.rule.severity,
        sentence=clean(outcome.rule.sentence, 200),
        observed=clean(outcome.error or outcome.observed or outcome.unexpected, 200),
    )
