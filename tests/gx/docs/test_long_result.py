from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from gx.docs.details import PER_PAGE, TOLD_FIRST
from tests.gx.docs.browsing import chromium, needs_chromium, opened
from tests.gx.docs.long_result import FAILURES, opening, publish
from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read


@pytest.fixture(scope="module")
def page_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLUICE_STATE_DIR", str(state))
        return publish(DocsProject(state))


def test_no_page_of_a_long_result_is_large_and_each_expectation_is_told_in_full(page_path: Path) -> None:
    pages = sorted(page_path.parent.glob("*.html"))
    assert len(pages) == 1 + FAILURES // PER_PAGE
    assert max(path.stat().st_size for path in pages) < 2_000_000
    told = [path.read_text().count('<li class="outcome') for path in pages if path != page_path]
    assert told == [PER_PAGE] * (FAILURES // PER_PAGE)


def test_its_own_page_lists_all_and_tells_the_worst(page_path: Path) -> None:
    page = read(page_path.read_text())
    assert page.text.count("must be unique.") == FAILURES + TOLD_FIRST
    further = {link for link in page.links if link.startswith("~")}
    assert len(further) == FAILURES // PER_PAGE
    assert all((page_path.parent / link).is_file() for link in further)


@needs_chromium
def test_it_opens_quickly_and_leads_to_the_details_without_scripts(page_path: Path) -> None:
    with chromium() as browser:
        times = opening(browser, page_path)
        # Measured: docs/benchmarks/data-docs-pages.md. Other work on a machine that tests may triple it.
        assert times["usable"] < 6_000
        assert times["blocked"] < 1_000
        with opened(browser, page_path, java_script_enabled=False) as (page, _):
            page.get_by_role("link", name="column_2999: values must be unique.").click()
            told = page.locator("#e3000")
            expect(told).to_contain_text("column_2999: values must be unique.")
            expect(told).to_contain_text("SELECT id, column_2999 FROM s.t")
            page.get_by_role("link", name="The run").click()
            assert page.url == page_path.as_uri()


def test_the_further_pages_go_with_their_run(project: DocsProject) -> None:
    project = project.limited({"runs": 1})
    project.publish(project.store_run("s.t", [result(expectation(index=n)) for n in range(250)]))
    assert len(list(project.site.rglob("~*.html"))) == 2
    for day in (1, 2):
        project.publish(project.store_run("s.t", [result()], day=day))
    assert not list(project.site.rglob("~*.html"))
