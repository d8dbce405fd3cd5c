"""A table's page: its runs, the newest first."""

from __future__ import annotations

from dataclasses import dataclass

from gx.docs.history import TableRuns
from gx.docs.paths import link
from gx.docs.paths import table_page as page_path
from gx.docs.records import RunPoint


@dataclass(frozen=True)
class TablePage:
    """A table and its runs."""

    table: str
    runs: tuple[tuple[str, RunPoint], ...]
    """Each with the link to its page."""


def table_page(history: TableRuns) -> TablePage:
    """The page of this table."""
    here = page_path(history.key)
    return TablePage(history.latest.table, tuple((link(here, run.path), run) for run in reversed(history.points)))
