from __future__ import annotations

import re

from gx.docs.overview import overview
from gx.docs.pages import Verdict
from gx.docs.roll_up import BrokenPage, RollUp
from gx.docs.standing import CheckpointNow, GateNow, Standing
from gx.docs.view import PageView
from tests.gx.docs.project import FIRST_RUN, DocsProject, expectation, result
from tests.gx.docs.reading import read

FAILED = [result(success=False, element_count=2846, unexpected_count=1423, unexpected_percent=50.0)]
WARNED = [result(expectation(severity="warning"), success=False)]
PASSED = [result()]


def test_when_nothing_fails_the_first_words_say_so(project: DocsProject) -> None:
    page = project.publish(project.store_run("s.a", PASSED), project.store_run("s.b", PASSED))
    assert "<title>All right: 2 tables checked, none failing" in page
    assert read(page).text.count("0 of 1") == 4  # in the list of tables, and in that of runs


def test_when_something_fails_the_first_words_say_how_much(project: DocsProject) -> None:
    page = project.publish(
        project.store_run("s.a", PASSED), project.store_run("s.b", FAILED), project.store_run("s.c", WARNED)
    )
    text = read(page).text
    assert "1 of 3 tables failing" in text
    assert "1 failed, 1 warned, 1 passed" in text


def test_the_worst_tables_come_first_with_what_failed(project: DocsProject) -> None:
    page = project.publish(
        project.store_run("s.a_passes", PASSED, checkpoint="staging"),
        project.store_run("s.b_warns", WARNED, checkpoint="staging"),
        project.store_run("s.c_fails", FAILED, checkpoint="staging"),
        project.store_run("s.d_errs", [result(error="no such table")], checkpoint="raw"),
    )
    text = read(page).text
    assert "Needs attention 3 tables" in text
    order = [text.index(name) for name in ("d_errs", "c_fails", "b_warns", "staging 1 table", "a_passes")]
    assert order == sorted(order)
    assert "charge_id: values must be unique. 1,423 of 2,846 values unexpected (50 %)" in text
    assert "1 of 1 1 critical" in text
    assert "no such table" in text


def test_a_failing_table_says_since_when(project: DocsProject) -> None:
    for day, outcomes in enumerate([PASSED, FAILED, PASSED, FAILED, WARNED, FAILED, [result(error="x")]]):
        page = project.publish(project.store_run("s.a", outcomes, day=day))
    assert "failing since 2025-09-06 06:00 UTC, 2 runs" in read(page).text


def test_since_when_outlives_the_runs_that_are_kept(project: DocsProject) -> None:
    page = ""
    for day in range(35):
        page = project.publish(project.store_run("s.a", PASSED if day == 0 else FAILED, day=day))
    assert "failing since 2025-09-02 06:00 UTC, 30 runs or more" in read(page).text


def test_a_table_has_a_picture_of_its_last_thirty_runs(project: DocsProject) -> None:
    keys = [project.store_run("s.a", FAILED if day == 33 else PASSED, day=day, rows=100 + day) for day in range(34)]
    page = project.publish(*keys)
    assert 'aria-label="last 30 runs: 1 failed, 29 passed"' in page
    assert len(re.findall(r"\d+,[\d.]+", re.findall(r'<polyline points="([^"]*)"', page)[0])) == 30


def test_the_list_of_recent_runs_links_to_each_the_newest_first(project: DocsProject) -> None:
    keys = [project.store_run("s.a", PASSED, day=day) for day in range(3)]
    links = [link for link in read(project.publish(*keys)).links if link.startswith("validations/")]
    latest, recent = links[0], links[-3:]
    assert recent == sorted(recent, reverse=True)
    assert latest == recent[0]
    assert all((project.site / link).is_file() for link in links)


def test_rows_tell_their_change_and_the_age_of_the_data(project: DocsProject) -> None:
    fresh = {"newest": "2025-09-02T02:00:00Z", "warn_hours": 3, "error_hours": 6}
    project.publish(project.store_run("marts.a", PASSED, rows=1_000, layer="marts"))
    text = read(project.publish(project.store_run("marts.a", PASSED, day=1, rows=900, freshness=fresh))).text
    assert "900\N{MINUS SIGN}100 (\N{MINUS SIGN}10.0 %)" in text
    assert "Warning Last updated 2025-09-02 02:00 UTC, 4 h before the check" in text


def _standing(day: int, *, opened: bool) -> Standing:
    now = FIRST_RUN.replace(day=day)
    why = ("staging passed",) if opened else ("staging failed: charge_id is not unique",)
    gate = GateNow(load="marts", open=opened, since=now, why=why, more=not opened)
    return Standing(as_of=now, gates=(gate,))


def test_gates_are_told_with_since_when_and_why(project: DocsProject) -> None:
    for day, opened in enumerate([True, False, False], start=1):
        page = project.publish(project.store_run("s.a", PASSED, day=day), standing=_standing(day, opened=opened))
    text = read(page).text
    assert "Not all right: 1 table checked, none failing, 1 gate closed" in text
    assert "Closed marts since 2025-09-02 06:00 UTC staging failed: charge_id is not unique" in text
    assert "and more" in text
    text = read(project.publish(standing=_standing(4, opened=True))).text
    assert "Open marts since 2025-09-04 06:00 UTC staging passed" in text
    assert "All right" in text


def test_a_checkpoint_that_failed_is_told_though_all_its_tables_passed(project: DocsProject) -> None:
    nightly = CheckpointNow(name="nightly", verdict=Verdict.ERRORED, time=FIRST_RUN)
    key = project.store_run("s.a", PASSED)
    text = read(project.publish(key, standing=Standing(as_of=FIRST_RUN, checkpoints=(nightly,)))).text
    assert "Not all right: 1 table checked, none failing, and yet checkpoint nightly errored" in text


def test_a_page_that_could_not_be_made_is_listed_with_the_reason() -> None:
    broken = BrokenPage(path="tables/s.t.html", what="table s.t", why="KeyError: <i>nope</i>")
    page = overview(RollUp.empty().with_pages([], [broken]), site="Data Docs")
    html = PageView("index.html").render(page)
    assert "table s.t: KeyError: <i>nope</i>" in read(html).text
    assert "tables/s.t.html" in read(html).links


def test_an_older_run_that_arrives_late_does_not_become_the_latest(project: DocsProject) -> None:
    project.publish(project.store_run("s.a", PASSED, day=5))
    assert "All right" in project.publish(project.store_run("s.a", FAILED, day=2))


def test_a_quiet_table_never_vanishes(project: DocsProject) -> None:
    project.publish(project.store_run("s.quiet", PASSED))
    page = project.publish(*[project.store_run("s.busy", PASSED, day=day) for day in range(1, 60)])
    assert "quiet" in read(page).text


def test_the_schema_is_shown_when_the_asset_lacks_it(project: DocsProject) -> None:
    page = project.publish(project.store_run("staging.stg_users", PASSED, asset="stg_users"))
    assert "staging.stg_users" in read(page).text


def test_publishing_a_run_again_changes_nothing(project: DocsProject) -> None:
    key = project.store_run("s.a", FAILED)
    assert project.publish(key) == project.publish(key)


def test_a_site_without_runs_says_what_to_do(project: DocsProject) -> None:
    text = read(project.publish()).text
    assert "Nothing has been checked yet" in text
    assert "Run a checkpoint" in text
