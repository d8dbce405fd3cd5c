"""The site's sections. Each makes the pages it is told to and never asks what else there is."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType

from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    SiteSectionIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.exceptions import InvalidKeyError
from great_expectations.render.renderer.site_builder import DefaultSiteSectionBuilder

from gx.docs import paths
from gx.docs.details import Further, detail_pages, possible_paths
from gx.docs.history import Keep, TableRuns
from gx.docs.manifest import Manifest
from gx.docs.neighbours import with_neighbours
from gx.docs.objects import HTML
from gx.docs.pages import ResultPage
from gx.docs.parts import Identifier
from gx.docs.records import RunRecord, table_key
from gx.docs.roll_up import BrokenPage
from gx.docs.run_record import record
from gx.docs.text import clean
from gx.masking import mask_error

_LOG = logging.getLogger(__name__)


class SectionBuilder(DefaultSiteSectionBuilder):
    """What the sections share: that one bad page takes no other with it."""

    # GX looks at the signature of __init__ for what to pass: there is none here.
    made: list[str]
    """Pages that the last `build` made as they should be."""
    broken: list[BrokenPage]
    """Pages that it could not make, and that say why."""

    def begin(self) -> None:
        """Forget what was made before."""
        self.made, self.broken = [], []

    def html(self, path: str, title: str, render: Callable[[], str]) -> str:
        """What ``render`` returns, or a page that says why there is none."""
        try:
            html = render()
        except InvalidKeyError:
            raise  # what is not stored has no page
        except Exception as error:  # noqa: BLE001 - a renderer is anyone's code; the other pages go on
            _LOG.debug("the Data Docs page of %s could not be rendered", title, exc_info=error)
            why = clean(mask_error(f"{type(error).__name__}: {error}"), 500)
            self.broken.append(BrokenPage(path=path, what=title, why=why))
            home = paths.link(path, paths.INDEX)
            return str(self.view_class.render(None, title=title, message=why, home=home, template="broken.html"))
        self.made.append(path)
        return html

    def write(self, key: Identifier, html: str) -> None:
        """Write the page of a suite or a result."""
        self.target_store.set(SiteSectionIdentifier(site_section_name=self.name, resource_identifier=key), html)


class SuiteSectionBuilder(SectionBuilder):
    """One page per suite, written anew whenever a result of the suite is published."""

    def build(self, resource_identifiers: Sequence[Identifier] | None = None) -> None:
        """Write the pages of these identifiers that are suites'; of every stored suite when there are none given."""
        self.begin()
        given = self.source_store.list_keys() if resource_identifiers is None else resource_identifiers
        for key in dict.fromkeys(given):
            if isinstance(key, ExpectationSuiteIdentifier):
                self._build_one(key)

    def _build_one(self, key: ExpectationSuiteIdentifier) -> None:
        path = paths.suite_page(key.to_tuple())

        def render() -> str:
            page = self.renderer_class.render(self.source_store.get(key), key)
            return str(self.view_class.render(page, home=paths.link(path, paths.INDEX)))

        try:
            self.write(key, self.html(path, f"suite {clean(key.name, 500)}", render))
        except InvalidKeyError:
            # A result may be published without its suite; its page then has no link to one.
            _LOG.info("suite %r is not in the expectations store and gets no page", key.name)


class ResultSectionBuilder(SectionBuilder):
    """One page per validation result, with further ones for a long result, and the record of each for the manifest."""

    manifest: Manifest
    """Set by the site."""

    def begin(self) -> None:
        """As `SectionBuilder.begin`."""
        super().begin()
        self.records: list[RunRecord] = []
        """One per result that could be read."""
        self.pages: dict[str, bytes] = {}
        """Their pages, by path: to be written with the links to the runs beside."""
        self.missing: list[str] = []
        """What was asked for and is not in the store, as sentences."""
        self._suite_pages: dict[str, str] = {}

    def build(self, resource_identifiers: Sequence[Identifier] | None = None) -> None:
        """Write the pages of these identifiers that are results'; of every stored result when there are none given."""
        self.begin()
        given = self.source_store.list_keys() if resource_identifiers is None else resource_identifiers
        for key in dict.fromkeys(given):
            if isinstance(key, ValidationResultIdentifier):
                self._build_one(key)

    def _build_one(self, key: ValidationResultIdentifier) -> None:
        path = paths.result_page(key.to_tuple())
        suite_path = self._suite_page(key.expectation_suite_identifier)
        title = f"a run of suite {clean(key.expectation_suite_identifier.name, 500)}"

        def render() -> str:
            page: ResultPage = self.renderer_class.render(self.source_store.get(key), key)
            known = record(page, path=path, suite_path=suite_path)
            self.records.append(known)
            home, further = paths.link(path, paths.INDEX), Further.of(page, path)
            for detail_path, detail in detail_pages(page, path):
                links = {"home": home, "run_link": paths.link(detail_path, path), "further": further}
                html = self.view_class.render(detail, template="details.html", **links)
                self.manifest.objects.write(detail_path, html.encode(errors="replace"), HTML)
            return str(
                self.view_class.render(
                    page,
                    home=home,
                    suite_link=paths.link(path, suite_path) if suite_path else "",
                    table_link=paths.link(path, known.table_path),
                    further=further,
                )
            )

        try:
            html = self.html(path, title, render)
        except InvalidKeyError:
            self.missing.append(f"no validation result in the store for {'/'.join(key.to_tuple())}")
            return
        if self.records and self.records[-1].path == path:
            self.pages[path] = html.encode(errors="replace")
        else:
            self.write(key, html)  # of no table: it could not be read

    def _suite_page(self, key: ExpectationSuiteIdentifier) -> str:
        """The path of a suite's page; empty when there is none."""
        if key.name not in self._suite_pages:
            there = self.target_store.store_backends[ExpectationSuiteIdentifier].has_key(key.to_tuple())
            self._suite_pages[key.name] = paths.suite_page(key.to_tuple()) if there else ""
        return self._suite_pages[key.name]


class TableSectionBuilder(SectionBuilder):
    """One page per table: its runs, from what the site remembers of them and those that were just published.

    Also writes the runs' pages, with links to those beside, and deletes what is over the limit.
    """

    manifest: Manifest
    """Set by the site, like the other two."""
    keep: Callable[[str], Keep]
    """How much of a table is kept, by its name."""
    records: Sequence[RunRecord] = ()
    """The runs that are published now."""
    pages: Mapping[str, bytes] = MappingProxyType({})
    """Their pages, without links to the runs beside."""

    def begin(self) -> None:
        """As `SectionBuilder.begin`."""
        super().begin()
        self.tables: list[TableRuns] = []
        """The tables whose pages were written."""

    def build(self, resource_identifiers: Sequence[Identifier] | None = None) -> None:
        """Remember `records`, and write `pages` and those of the tables."""
        self.begin()
        grouped: dict[str, list[RunRecord]] = defaultdict(list)
        for each in self.records:
            grouped[table_key(each.table, each.suite)].append(each)
        for key, records in grouped.items():
            self.remember(key, records)

    def remember(self, key: str, records: Sequence[RunRecord] = ()) -> TableRuns:
        """Remember these runs of one table, drop what is over the limit, and write the table's page.

        The page of all its runs is written where it has to be: when the table's page no longer lists all that are
        newer, when a run in it changes or goes, and when there are no new runs to remember.

        Raises:
            gx.docs.errors.SiteBusyError: others kept publishing runs of this table.
        """
        changed = {each.path for each in records}

        def change(known: TableRuns | None) -> TableRuns:
            # Whatever was dropped last time is shown nowhere since. Only now is it gone, and may be forgotten.
            for path in known.dropped if known else ():
                self.delete_run(path)
            table = records[0].table if known is None else known.latest.table
            runs = TableRuns.of(known, records, self.keep(table))
            if known and known.all_until and not runs.all_until:
                self.manifest.objects.delete(paths.all_runs_page(key))
            return runs

        def show(runs: TableRuns) -> None:
            self._write_runs(changed, runs)
            self._write_page(runs)
            if runs.all_until and (runs.all_is_due or not records):
                self._write_page(runs, all_runs=True)

        runs = self.manifest.change(paths.table_state(key), TableRuns, change, show)
        self.tables.append(runs)
        return runs

    def delete_run(self, path: str) -> None:
        """Delete a run's result, its page, and the further ones."""
        self.source_store.remove_key(ValidationResultIdentifier.from_tuple(paths.result_key(path)))
        objects = self.manifest.objects
        for further in reversed(list(takewhile(objects.has, possible_paths(path)))):
            objects.delete(further)
        objects.delete(path)

    def _write_runs(self, changed: set[str], runs: TableRuns) -> None:
        objects = self.manifest.objects
        for path, neighbours in runs.beside(changed):
            changed.add(path)  # whose links may be others after a lost swap, and must not stay as they are now
            stored = None if path in self.pages else objects.read(path)
            page = self.pages.get(path) or (stored.data if stored else None)
            if page is None:
                continue  # deleted by hand; `sluice docs reconcile` makes it again
            linked = with_neighbours(page, path, neighbours)
            if stored is None or linked != stored.data:
                objects.write(path, linked, HTML)

    def _write_page(self, runs: TableRuns, *, all_runs: bool = False) -> None:
        path = (paths.all_runs_page if all_runs else paths.table_page)(runs.key)

        def render() -> str:
            page = self.renderer_class.render(runs, all_runs=all_runs)
            return str(self.view_class.render(page, home=paths.link(path, paths.INDEX)))

        html = self.html(path, f"{'all runs of ' * all_runs}table {runs.latest.table}", render)
        self.manifest.objects.write(path, html.encode(errors="replace"), HTML)
