"""A table's page: how it is, its history in plots, what must be true of it, and all of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from gx.docs.ages import Age, age
from gx.docs.history import TableRuns
from gx.docs.paths import all_runs_page, link
from gx.docs.records import RUNS_LISTED, RUNS_PLOTTED, Freshness, RunRecord
from gx.docs.rows import kept, run_row
from gx.docs.text import duration, number, percent


@dataclass(frozen=True)
class Plot:
    """One column of the table of runs as a plot; limits that are not set are empty."""

    title: str
    column: int
    unit: str = ""
    low: str = ""
    high: str = ""
    warn: str = ""
    error: str = ""
    change: str = ""
    """How many percent the value may change between runs."""
    legend: str = ""
    """What the dashed lines are."""


@dataclass(frozen=True)
class TablePage:
    """A table and its runs."""

    table: str
    latest: RunRecord
    run_href: str
    """The page of its latest run."""
    suite_href: str
    since: datetime
    age: Age | None
    plots: tuple[Plot, ...]
    columns: tuple[str, ...]
    runs: tuple[Markup, ...]
    """The newest first."""
    kept: int
    """How many there are, listed or not."""
    other_href: str
    """From the table's page the one of all runs, if there is one; from that the table's page."""
    all_until: datetime | None
    """On the page of all runs: how far it goes."""
    plotted: int = RUNS_PLOTTED
    """How many of them at most the plots show."""


def table_page(history: TableRuns, *, all_runs: bool = False) -> TablePage:
    """The page of this table with its newest runs, or with all of them."""
    latest = history.latest
    every = all_runs_page(history.key)
    here, other = (every, latest.table_path) if all_runs else (latest.table_path, every if history.all_until else "")
    runs = history.every if all_runs else history.points[-RUNS_LISTED:]
    made = {} if all_runs else history.rows  # whose links lead from the table's page
    return TablePage(
        table=latest.table,
        latest=latest,
        run_href=link(here, latest.path),
        suite_href=link(here, latest.suite_path) if latest.suite_path else "",
        since=history.since,
        age=age(latest.freshness, latest.time),
        plots=_plots(latest),
        columns=("Failing", "Rows", "Duplicates", "Nulls", "Age of data", "Duration"),
        runs=tuple(kept(made[run.path]) if run.path in made else run_row(run, here) for run in reversed(runs)),
        kept=history.kept,
        other_href=link(here, other) if other else "",
        all_until=history.all_until if all_runs else None,
    )


def _plots(latest: RunRecord) -> tuple[Plot, ...]:
    """Columns as in the table of runs: the time and the verdict are the first two."""
    limits, fresh = latest.limits, latest.freshness
    return (
        Plot(
            "Rows",
            3,
            "rows",
            low=_text(limits.rows_min),
            high=_text(limits.rows_max),
            change=_text(limits.change_percent),
            legend=_rows_legend(latest),
        ),
        Plot("Failing expectations", 2),
        Plot("Duplicates", 4, "rows", high="0", legend="none allowed"),
        Plot(
            "Nulls, worst column (%)",
            5,
            high=_text(limits.missing_percent),
            legend=f"{percent(limits.missing_percent)} allowed" if limits.missing_percent is not None else "",
        ),
        Plot(
            "Age of the data (hours)",
            6,
            warn=_text(fresh.warn_hours) if fresh else "",
            error=_text(fresh.error_hours) if fresh else "",
            legend=_fresh_legend(fresh),
        ),
        Plot("Duration (seconds)", 7),
    )


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if value < 1e6 else f"{value:.0f}"


def _rows_legend(latest: RunRecord) -> str:
    limits = latest.limits
    said = []
    if limits.rows_min is not None:
        said.append(f"at least {number(limits.rows_min)}")
    if limits.rows_max is not None:
        said.append(f"at most {number(limits.rows_max)}")
    if limits.change_percent is not None:
        said.append(f"{percent(limits.change_percent)} change allowed")
    return ", ".join(said)


def _fresh_legend(fresh: Freshness | None) -> str:
    if fresh is None:
        return ""
    warning = f"warning after {duration(fresh.warn_hours)}, " if fresh.warn_hours is not None else ""
    return f"{warning}stale after {duration(fresh.error_hours)}"
