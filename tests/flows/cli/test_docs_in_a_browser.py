"""Every kind of page as a company would see it: from a web server that sends the policy, in a real Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from flows.cli.docs_server import docs_server
from gx.docs.errors import DataDocsError
from gx.docs.records import RUNS_LISTED
from tests.gx.docs import showcase
from tests.gx.docs.browsing import chromium, needs_chromium, opened
from tests.gx.docs.project import DocsProject, expectation, result

pytestmark = needs_chromium
FAILED = "staging/stg_stripe_charges"
_SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tmp_path_factory.mktemp("every")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLUICE_STATE_DIR", str(state))
        project = DocsProject(state)
        showcase.publish(project, days=3)
        failing = [result(expectation(index=n), success=False, unexpected_count=n) for n in range(250)]
        project.publish(project.store_run("s.long", failing))
        project.publish(*(project.store_run("s.old", [result()], day=day) for day in range(RUNS_LISTED + 1)))
        project.store_suite("s.broken", [expectation()])
        (state / "gx/expectations/s/broken.json").write_text('{"name": "s.broken", "expectations": [{"type": null}]}')
        with pytest.raises(DataDocsError):
            project.publish(project.store_run("s.broken", [result()]))
        yield project.site


def _kinds(site: Path) -> dict[str, str]:
    """A page of each kind, relative to the site."""
    found = {
        "front page": site / "index.html",
        "suite": site / f"expectations/{FAILED}.html",
        "run": max((site / "validations" / FAILED).rglob("warehouse-table.html")),
        "long run": next(path for path in (site / "validations/s/long").rglob("*.html") if path.name[0] != "~"),
        "details": next((site / "validations/s/long").rglob("~*.html")),
        "table": site / f"tables/{FAILED.replace('/', '.')}.html",
        "all runs": site / "tables/all/s.old.html",
        "broken": site / "expectations/s/broken.html",
    }
    return {kind: str(path.relative_to(site)) for kind, path in found.items()}


def test_behind_the_policy_every_page_works_and_asks_nobody_else(browser: Browser, site: Path) -> None:
    with docs_server(site, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for kind, path in _kinds(site).items():
            with opened(browser) as (page, seen):
                answer = page.goto(server.url + quote(path))
                assert answer is not None
                assert answer.headers["content-security-policy"].startswith("default-src 'none'"), kind
                if kind in ("table", "all runs"):
                    expect(page.locator("figure:visible canvas").first).to_be_visible()
                if kind == "front page":
                    page.get_by_label("Verdict").select_option("failed")
                    expect(page.locator("#found")).to_contain_text(" of ")
                assert seen.messages == [], kind
                assert [url for url in seen.requests if not url.startswith((server.url, "data:"))] == [], kind
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_shows_it_whole(browser: Browser, site: Path, scheme: str) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": 390, "height": 844}}
    for kind, path in _kinds(site).items():
        with opened(browser, site / path, bypass_csp=True, **options) as (page, _):
            found = Axe().run(page).response["violations"]
            serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in _SERIOUS]
            assert serious == [], kind
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, kind
