"""What the site remembers of a run."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.pages import Severity, Verdict
from gx.docs.standing import AlertNow

RUNS_SHOWN = 30
"""Runs per table on the index: a month of daily loads."""
RECENT_RUNS = 100
"""Runs of all tables that the index lists, to be searched and filtered."""
RUNS_LISTED = 60
"""Runs that a table's page lists and plots: two months of daily loads. It does not grow; all that are kept have a page
of their own."""
RUNS_PLOTTED = 400
"""Runs that the page of all runs plots: a year of daily loads."""


class Revised(BaseModel):
    """What the manifest keeps in one object."""

    model_config = ConfigDict(frozen=True)

    revision: int = 0
    """How often it was changed."""


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


class OverrideMark(BaseModel):
    """A person's word that held a gate open when the run was published, against its checkpoints."""

    model_config = ConfigDict(frozen=True)

    load: str
    by: str
    reason: str
    made_at: AwareDatetime
    until: AwareDatetime


class RunFacts(BaseModel):
    """What the rooms know of the run of one table and GX does not; in the stored result's ``meta["sluice"]``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table: str = ""
    layer: str = ""
    owner: str = ""
    description: str = ""
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
    overrides: tuple[OverrideMark, ...] = ()
    """Of any gate, not only of those that this run decides."""
    softer: bool = False
    """Whether the checkpoint only reports, and nothing that fails blocks a load."""
    alerts: tuple[AlertNow, ...] = ()
    """Those of the table that went on when the run was published."""


class Limits(BaseModel):
    """What a table's suite allows, as far as it can be drawn into its plots."""

    model_config = ConfigDict(frozen=True)

    rows_min: float | None = None
    rows_max: float | None = None
    change_percent: float | None = None
    """How far the row count may be from that of the run before."""
    missing_percent: float | None = None
    """The greatest share of nulls that any column may have."""


class RuleLine(BaseModel):
    """One expectation of the suite, as the table's page lists it."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    severity: Severity
    blocking: bool
    verdict: Verdict
    notes: str = ""


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


class RunRecord(RunPoint):
    """One published run."""

    suite: str
    suite_path: str
    table: str
    checkpoint: str
    run_name: str
    ingest_id: str
    errors: int
    problems: tuple[Problem, ...]
    table_path: str = ""
    """The page of the table's history, relative to the site."""
    layer: str = ""
    owner: str = ""
    description: str = ""
    freshness: Freshness | None = None
    gates: tuple[GateMark, ...] = ()
    overrides: tuple[OverrideMark, ...] = ()
    alerts: tuple[AlertNow, ...] = ()
    limits: Limits = Limits()
    rules: tuple[RuleLine, ...] = ()
    """The suite in plain sentences, as far as a page lists it; kept for the table's page only."""

    def point(self) -> RunPoint:
        """What plots need of this run."""
        return RunPoint.model_validate({name: getattr(self, name) for name in RunPoint.model_fields})


def table_key(table: str, suite: str) -> str:
    """What tells tables apart: the name, and the suite where it has another one."""
    return table if suite == table else f"{table}\n{suite}"
