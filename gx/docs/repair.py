"""Bring a site and what is stored together again. Unlike publishing, this lists everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

from gx.docs import paths
from gx.docs.errors import DataDocsError
from gx.docs.history import TableRuns
from gx.docs.parts import Identifier, Part, parts
from gx.docs.published import Published
from gx.docs.site import DataDocsSite


@dataclass(frozen=True)
class Repaired:
    """What was done.

    Attributes:
        runs: how many runs there are now.
        written: how many pages were made.
        dropped: how many runs were over the limit, and are deleted.
        problems: what is still not as it should be, as sentences.
    """

    runs: int
    written: int
    dropped: int
    problems: tuple[str, ...]


def reconcile(site: DataDocsSite) -> Repaired:
    """Write every page that is missing or broken though its result is stored, and delete what is over the limit."""
    pages = {path for folder in ("expectations", "validations", "tables") for path in site.objects.list(folder)}
    pages -= site.manifest.roll_up().broken.keys()
    tables = list(site.manifest.tables())
    shown = {point.path for runs in tables for point in runs.every} & pages
    wanted = [key for path, key in _stored(site, tables).items() if path not in (shown if _is_run(key) else pages)]
    published = map(site.write, parts(wanted))
    gone = {runs.key for runs in tables if not _pages_of(runs) <= pages}
    return _finish(site, tables, list(published), gone)


def rebuild(site: DataDocsSite, write: Callable[[Iterable[Part]], Iterator[Published]]) -> Repaired:
    """Write every page anew from what is stored.

    Args:
        site: to be rebuilt. Others may publish to it meanwhile.
        write: writes the pages of each part, here (`DataDocsSite.write`) or in other processes.
    """
    tables = list(site.manifest.tables())
    stored = _stored(site, tables).values()
    # Suites before any process begins: a result's page links to its suite's page if there is one.
    published = [site.write([key for key in stored if not _is_run(key)])]
    published.extend(write(parts(key for key in stored if _is_run(key))))
    _forget_roll_up(site)
    return _finish(site, tables, published, set())


def _pages_of(runs: TableRuns) -> set[str]:
    return {paths.table_page(runs.key), *([paths.all_runs_page(runs.key)] if runs.all_until else [])}


def forget(site: DataDocsSite, table: str) -> Repaired:
    """Delete a table that is checked no longer: its results, and all that is shown or remembered of it.

    Raises:
        DataDocsError: the site knows no such table.
    """
    known = list(site.manifest.tables())
    gone = [runs for runs in known if runs.latest.table == table]
    if not gone:
        names = ", ".join(sorted({runs.latest.table for runs in known})) or "none"
        raise DataDocsError(f"the site knows no table {table!r}; it knows: {names}")
    for runs in gone:
        for path in [*(point.path for point in runs.every), *runs.dropped]:
            site.tables.delete_run(path)
        for path in (
            *_pages_of(runs),
            *filter(None, [runs.latest.suite_path]),
            paths.all_runs_page(runs.key),
            paths.table_state(runs.key),
        ):
            site.objects.delete(path)
    _forget_roll_up(site)
    site.write_index(Published())
    left = [runs for runs in known if runs not in gone]
    return Repaired(
        runs=sum(runs.kept for runs in left),
        written=1,
        dropped=sum(runs.kept for runs in gone),
        problems=(),
    )


def _forget_roll_up(site: DataDocsSite) -> None:
    """Have it made anew from the tables; but since when gates are as they are, it alone knows."""
    before, now = site.manifest.roll_up().standing, site.site_index_builder.standing
    site.objects.delete(paths.ROLL_UP)
    if before is not None:
        site.tell(now.after(before) if now else before)


def _stored(site: DataDocsSite, tables: Iterable[TableRuns]) -> dict[str, Identifier]:
    """What is stored and not about to be deleted, by its page."""
    dropped = {path for runs in tables for path in runs.dropped}
    pages = {_page(key): key for key in site.stored()}
    return {path: key for path, key in pages.items() if path not in dropped}


def _page(key: Identifier) -> str:
    return (paths.suite_page if isinstance(key, ExpectationSuiteIdentifier) else paths.result_page)(key.to_tuple())


def _is_run(key: Identifier) -> bool:
    return isinstance(key, ValidationResultIdentifier)


def _finish(
    site: DataDocsSite, before: Sequence[TableRuns], written: Sequence[Published], without_page: set[str]
) -> Repaired:
    site.tables.begin()
    for runs in list(site.manifest.tables()):
        keep, state = site.tables.keep(runs.latest.table), runs
        while state.dropped or keep.over(state.every) or state.key in without_page:
            without_page.discard(state.key)
            state = site.tables.remember(state.key)
    tables = tuple(site.manifest.tables())
    rest = Published(tables=tuple(site.tables.tables), made=tuple(site.tables.made), broken=tuple(site.tables.broken))
    published = Published.together([*written, rest])
    site.write_index(replace(published, tables=(*published.tables, *tables)))  # the former know what was dropped
    points = {point.path: point.time for runs in tables for point in runs.every}
    if points:
        done = points.keys() | {page.path for page in published.broken}
        for note in site.pending.notes(limit=None):
            site.pending.cross_out(note, done, max(points.values()))
    return Repaired(
        runs=len(points),
        written=len(set(published.made)),
        dropped=sum(len(runs.dropped) for runs in (*before, *published.tables)),
        problems=published.problems,
    )
