"""Lines of the lists of runs, as HTML.

A list has hundreds of runs, and a publish changes one or two of them. So a line is made once, by the template, when
its run is published, and what the site remembers keeps it as it is shown. `sluice docs rebuild` makes all anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from gx.docs.paths import INDEX, link
from gx.docs.records import RunPoint
from gx.docs.text import duration, percent
from gx.docs.view import macro


@dataclass(frozen=True)
class Cell:
    """One figure of a run: as people read it, and as the plots do."""

    text: str
    value: str = ""
    """Empty when there is no figure."""


def run_row(run: RunPoint, page: str) -> Markup:
    """The line of a run in the list of a table's runs, which is on the page at this path."""
    return macro("rows.html", "run")(run, link(page, run.path), _cells(run))


def recent_row(run: RunPoint, table: str, checkpoint: str) -> Markup:
    """The line of a run in the front page's list of the last runs of all tables."""
    said = ", ".join(f"{count} {severity}" for severity, count in run.failed_by_severity.items())
    return macro("rows.html", "recent")(run, link(INDEX, run.path), table, checkpoint, said)


def kept(row: str) -> Markup:
    """A line that the site remembers: it was made by one of the above, which escaped all that is in it."""
    return Markup(row)  # noqa: S704 - see above


def _cells(run: RunPoint) -> tuple[Cell, ...]:
    hours = (run.time - run.newest).total_seconds() / 3600 if run.newest else None
    return (
        Cell(f"{run.failed:,} of {run.total:,}", str(run.failed)),
        _NONE if run.rows is None else Cell(f"{run.rows:,}", str(run.rows)),
        _NONE if run.duplicates is None else Cell(f"{run.duplicates:,}", str(run.duplicates)),
        _NONE if run.missing_percent is None else Cell(percent(run.missing_percent), f"{run.missing_percent:g}"),
        _NONE if hours is None else Cell(duration(max(hours, 0)), f"{max(hours, 0):.3f}"),
        _NONE if run.seconds is None else Cell(f"{run.seconds:,.2f} s", f"{run.seconds:.3f}"),
    )


_NONE = Cell("\N{EN DASH}")
