"""A table with more runs than its page lists has a page of all of them, which is written now and then."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from gx.docs import store_and_publish
from gx.docs.history import Keep, TableRuns
from gx.docs.paths import all_runs_page, table_page
from gx.docs.publishing import open_site
from gx.docs.records import RUNS_LISTED
from gx.docs.repair import reconcile
from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read
from tests.gx.docs.test_manifest import run

TABLE = "staging.stg_users"
MORE = RUNS_LISTED + 20


def _publish(project: DocsProject, days: Iterable[int]) -> None:
    rule = expectation(column="id")
    store_and_publish(project.context, dict(project.run(TABLE, [result(rule)], day=day) for day in days))


def _runs(project: DocsProject, page: str) -> list[str]:
    """The runs that a page lists, as paths of the site, the newest first."""
    listed = [link for link in read(project.page(page)).links if "validations/" in link]
    depth = page.count("/")
    return list(dict.fromkeys(link.removeprefix("../" * depth) for link in listed))


@pytest.fixture
def long_kept(project: DocsProject) -> DocsProject:
    """A table with more runs than its page lists."""
    _publish(project, range(MORE))
    return project


def test_until_its_page_is_full_a_table_has_no_other(project: DocsProject) -> None:
    _publish(project, range(RUNS_LISTED))
    assert len(_runs(project, table_page(TABLE))) == RUNS_LISTED
    assert not project.objects.has(all_runs_page(TABLE))


def test_a_tables_page_lists_the_newest_and_leads_to_all(long_kept: DocsProject) -> None:
    newest, every = (_runs(long_kept, page(TABLE)) for page in (table_page, all_runs_page))
    assert (len(newest), len(every)) == (RUNS_LISTED, MORE)
    assert newest == every[:RUNS_LISTED]
    assert "all/staging.stg_users.html" in read(long_kept.page(table_page(TABLE))).links
    assert "../staging.stg_users.html" in read(long_kept.page(all_runs_page(TABLE))).links
    assert f"{MORE} runs kept" in read(long_kept.page(table_page(TABLE))).text


def test_the_page_of_all_is_not_written_by_every_publish(long_kept: DocsProject) -> None:
    before = long_kept.page(all_runs_page(TABLE))
    _publish(long_kept, [MORE])
    assert long_kept.page(all_runs_page(TABLE)) == before
    _publish(long_kept, range(MORE + 1, MORE + RUNS_LISTED + 1))
    assert len(_runs(long_kept, all_runs_page(TABLE))) == MORE + RUNS_LISTED + 1


def test_a_run_that_is_in_it_and_is_published_again_is_shown_as_it_is_now(long_kept: DocsProject) -> None:
    rule = expectation(column="id")
    store_and_publish(long_kept.context, dict([long_kept.run(TABLE, [result(rule, success=False)], day=3)]))
    assert "1 of 1" in read(long_kept.page(all_runs_page(TABLE))).text


def test_what_is_dropped_is_on_neither_page(long_kept: DocsProject) -> None:
    limited = long_kept.limited({"runs": RUNS_LISTED})
    _publish(limited, range(MORE, MORE + 40))  # so many at once are over the limit that they go
    _publish(limited, [MORE + 40])
    kept = {path for path in limited.objects.list("validations") if path.endswith(".html")}
    for page in (table_page, all_runs_page):
        assert set(_runs(limited, page(TABLE))) <= kept
    short = long_kept.limited({"runs": 5})
    for day in range(MORE + 41, MORE + 50):
        _publish(short, [day])
    assert not short.objects.has(all_runs_page(TABLE))
    assert len(_runs(short, table_page(TABLE))) == 5


def test_reconcile_makes_it_again(long_kept: DocsProject) -> None:
    before = _runs(long_kept, all_runs_page(TABLE))
    _publish(long_kept, [MORE])
    long_kept.objects.delete(all_runs_page(TABLE))
    assert reconcile(open_site(long_kept.context)).problems == ()
    assert _runs(long_kept, all_runs_page(TABLE))[1:] == before


@pytest.mark.parametrize("seed", range(20))
def test_however_runs_come_every_kept_one_is_on_one_of_the_two_pages(seed: int) -> None:
    # As the pages would be written: what they list, from what the history says at that moment.
    draw = random.Random(seed)
    keep = Keep(runs=draw.choice([RUNS_LISTED - 20, RUNS_LISTED + 30, 1000]))
    numbers = list(range(RUNS_LISTED * 2))
    moved = draw.sample(numbers, 20)  # these come late, and some twice
    coming = [number for number in numbers if number not in moved] + moved + moved[:5]
    history: TableRuns | None = None
    all_runs: set[str] = set()
    while coming:
        batch, coming = coming[: (size := draw.choice([1, 1, 3, 70]))], coming[size:]
        history = TableRuns.of(history, [run(number) for number in batch], keep)
        kept = [point.path for point in history.every]
        if history.all_is_due:
            all_runs = set(kept)
        elif history.all_until is None:
            all_runs = set()
        assert all_runs | set(kept[-RUNS_LISTED:]) == set(kept)
