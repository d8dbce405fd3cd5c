"""What people do with the site, in a real Chromium: opened from a folder, offline, without any server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gx.docs.standing import GateNow, Standing
from tests.gx.docs import showcase
from tests.gx.docs.browsing import chromium, needs_chromium, opened
from tests.gx.docs.project import FIRST_RUN, DocsProject, result

pytestmark = needs_chromium
FAILED = "staging.stg_stripe_charges"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tmp_path_factory.mktemp("showcase")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLUICE_STATE_DIR", str(state))
        project = DocsProject(state)
        showcase.publish(project, days=6)
        yield project.site


def _run_page(site: Path) -> Path:
    return max((site / "validations/staging/stg_stripe_charges").rglob("warehouse-table.html"))


def _expect_rows(page: Page, count: int) -> None:
    expect(page.locator("#recent tbody tr:visible")).to_have_count(count)


def test_from_the_front_page_to_the_statement_that_finds_the_failing_rows(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html", offline=True) as (page, seen):
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "✕Not all right: 1 of 10 tables failing, 1 gate closed"
        )
        page.get_by_role("row", name=FAILED).get_by_role("link", name="Failed").click()
        expect(page.get_by_text("Closed gate of marts")).to_be_visible()
        first = page.locator(".outcome").first
        expect(first.get_by_text("charge_id: values must be unique.")).to_be_visible()
        expect(first.get_by_role("cell", name="ch_3S104417")).to_have_count(2)
        assert "GROUP BY charge_id HAVING count(*) > 1" in first.locator(".statement").inner_text()
        page.get_by_role("link", name="Previous run").click()
        expect(page.locator("header")).to_contain_text("Passed")
        page.get_by_role("link", name="Next run").click()
        expect(page.locator("header")).to_contain_text("Failed")
    assert seen.strange == []
    assert seen.messages == []


def test_a_reconciliation_shows_both_sides_and_the_difference(browser: Browser, site: Path) -> None:
    with opened(browser, _run_page(site)) as (page, _):
        figures = page.locator(".figures tr").all_inner_texts()
    assert [" ".join(row.split()) for row in figures] == [
        "staging.stg_stripe_charges $847,342",
        "charges at Stripe $412,184",
        "Difference $435,158 (105.6 % apart)",
        "Allowed 1 %",
    ]


def test_the_filter_is_in_the_address_and_the_back_button_undoes_it(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html") as (page, _):
        page.get_by_label("Verdict").select_option("warned")
        _expect_rows(page, 3)
        page.get_by_label("Severity").select_option("critical")
        _expect_rows(page, 0)
        page.go_back()
        _expect_rows(page, 3)
        assert page.url.endswith("#verdict=warned")
        page.get_by_role("row", name="marts.fct_user_activity").first.get_by_role("link").first.click()
        page.go_back()
        page.reload()
        _expect_rows(page, 3)
        page.get_by_role("button", name="Clear").click()
        _expect_rows(page, 50)
        page.get_by_label("Search").fill("stripe_charges failed")
        _expect_rows(page, 1)
        page.get_by_role("button", name="Clear").click()
        page.get_by_label("Table").select_option(FAILED)
        page.get_by_label("From").fill("2025-10-11")
        page.get_by_label("To", exact=True).fill("2025-10-12")
        _expect_rows(page, 2)
        expect(page.locator("#found")).to_have_text("2 of 60 runs")


def test_a_list_that_is_long_shows_its_beginning_until_asked_for_more(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html") as (page, _):
        _expect_rows(page, 50)
        page.get_by_role("button", name="Show all 60 runs").click()
        _expect_rows(page, 60)


def test_ages_and_expired_gates_are_told_as_of_the_moment_of_reading(browser: Browser, site: Path) -> None:
    with opened(browser) as (page, _):
        page.clock.set_fixed_time(showcase.NOW)
        page.goto((site / "index.html").as_uri())
        row = page.get_by_role("row", name="marts.fct_user_activity").first
        expect(row.locator(".age")).to_contain_text("Stale Last updated 6 h")
        expect(page.locator("#since-then")).to_have_text("As you read this, the data of 1 table is stale.")
        expect(page.locator(".gates")).to_contain_text("Open dashboards")
        page.clock.set_fixed_time(showcase.NOW.replace(day=14))
        page.reload()
        expect(page.locator(".gates")).to_contain_text("Closed dashboards")
        expect(page.locator("#since-then")).to_have_text(
            "As you read this, the data of 10 tables is stale, and 2 gate decisions have expired, "
            "and nothing has been checked for 2 d 2 h."
        )


def test_without_scripts_everything_is_there(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html", java_script_enabled=False) as (page, _):
        _expect_rows(page, 60)
        expect(page.locator("#filter")).to_be_hidden()
        row = page.get_by_role("row", name="marts.fct_user_activity").first
        expect(row.locator(".age")).to_contain_text("before the check")
        page.get_by_role("link", name="stg_stripe_charges").first.click()
        expect(page.locator("figure")).to_have_count(6)
        expect(page.locator("figure:visible")).to_have_count(0)
        expect(page.locator("#runs tbody tr")).to_have_count(6)
        page.locator("#runs a").first.click()
        expect(page.locator(".statement")).to_be_visible()


def test_a_tables_history_is_drawn_and_each_point_leads_to_its_run(browser: Browser, site: Path) -> None:
    with opened(browser, site / f"tables/{FAILED}.html", offline=True) as (page, seen):
        expect(page.locator("figure:visible canvas")).to_have_count(6)
        plot = page.locator("figure").first
        box = plot.locator(".u-over").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 20)
        expect(plot.locator(".said")).to_have_text("3,908 rows on 2025-10-12 06:00 UTC")
        page.mouse.click(box["x"] + box["width"] - 1, box["y"] + 20)
        expect(page.locator("h1")).to_have_text(FAILED)
        expect(page.locator(".outcome").first).to_be_visible()
    assert seen.strange == []
    assert seen.messages == []


def test_the_keyboard_reaches_the_content_and_the_filter(browser: Browser, site: Path) -> None:
    with opened(browser, site / "index.html") as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        page.get_by_label("Search").focus()
        page.keyboard.type("errored")
        _expect_rows(page, 0)


def test_what_was_all_right_when_it_was_checked_is_not_said_to_be_so_for_ever(
    browser: Browser, project: DocsProject
) -> None:
    until = FIRST_RUN + timedelta(hours=24)
    gate = GateNow(load="marts", open=True, since=FIRST_RUN, until=until, why=("staging passed",))
    project.publish(project.store_run("s.t", [result()]), standing=Standing(as_of=FIRST_RUN, gates=(gate,)))
    with opened(browser) as (page, _):
        page.clock.set_fixed_time(FIRST_RUN + timedelta(hours=1))
        page.goto((project.site / "index.html").as_uri())
        expect(page.locator("h1")).to_contain_text("✓All right: 1 table checked")
        page.clock.set_fixed_time(FIRST_RUN + timedelta(hours=25))
        page.reload()
        expect(page.locator("h1")).to_contain_text("!Was all right: 1 table checked")
        expect(page.locator(".banner")).to_have_class("banner warned")
        expect(page.locator(".gates")).to_contain_text(f"Closed marts since {until:%Y-%m-%d %H:%M} UTC")


def test_a_long_name_does_not_make_the_front_page_wider_than_a_phone(browser: Browser, project: DocsProject) -> None:
    project.publish(project.store_run("s." + "long_" * 60, [result()]), project.store_run("s.t", [result()]))
    with opened(browser, project.site / "index.html", viewport={"width": 375, "height": 800}) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
