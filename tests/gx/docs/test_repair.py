"""Reconciling and rebuilding: a site and what is stored come together again, wherever they were when they parted."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gx.docs import paths, store_and_publish
from gx.docs.errors import DataDocsError
from gx.docs.objects import JSON
from gx.docs.publishing import open_site
from gx.docs.repair import Repaired, rebuild, reconcile
from tests.gx.docs.project import FIRST_RUN, DocsProject, expectation, result
from tests.gx.docs.reading import read


def _reconcile(project: DocsProject) -> Repaired:
    return reconcile(open_site(project.context))


def _rebuild(project: DocsProject) -> Repaired:
    site = open_site(project.context)
    return rebuild(site, lambda parts: map(site.write, parts))


def _published(project: DocsProject, days: int = 4) -> None:
    project.store_suite("s.a", [expectation()])
    for day in range(days):
        project.publish(*(project.store_run(suite, [result()], day=day) for suite in ("s.a", "s.b")))


def test_where_nothing_is_missing_nothing_is_written(anywhere: DocsProject) -> None:
    _published(anywhere)
    before = anywhere.pages()
    assert _reconcile(anywhere) == Repaired(runs=8, written=0, dropped=0, problems=())
    assert anywhere.pages() == before


def test_whatever_page_or_memory_is_lost_reconcile_brings_it_back(anywhere: DocsProject) -> None:
    _published(anywhere)
    before = anywhere.pages()
    for path in [*before, *anywhere.objects.list("manifest")]:
        anywhere.objects.delete(path)
        repaired = _reconcile(anywhere)
        assert anywhere.pages() == before, path
        assert (repaired.runs, repaired.problems) == (8, ())


def test_a_result_that_was_stored_and_never_published_is_published(anywhere: DocsProject) -> None:
    _published(anywhere)
    key = anywhere.store_run("s.c", [result()], day=2)
    assert _reconcile(anywhere).runs == 9
    assert paths.link(paths.INDEX, paths.result_page(key.to_tuple())) in read(anywhere.page("index.html")).links


def test_a_rebuild_makes_the_same_site_from_the_results_alone(anywhere: DocsProject) -> None:
    _published(anywhere)
    before = anywhere.pages()
    for path in [*before, *anywhere.objects.list("manifest")]:
        anywhere.objects.delete(path)
    assert _rebuild(anywhere) == Repaired(runs=8, written=11, dropped=0, problems=())
    assert anywhere.pages() == before


def test_a_broken_page_is_tried_again(project: DocsProject) -> None:
    key = project.store_run("s.a", [result()])
    stored = next((project.state / "gx/validations").rglob("warehouse-table.json"))
    whole = stored.read_text()
    stored.write_text("{")
    with pytest.raises(DataDocsError, match=r"a run of suite s\.a could not be made"):
        project.publish(key)
    (problem,) = _reconcile(project).problems
    assert "a run of suite s.a" in problem
    stored.write_text(whole)
    assert _reconcile(project).problems == ()
    assert "1 table checked" in project.page("index.html")


def test_a_lower_limit_deletes_pages_results_and_memory_alike(anywhere: DocsProject) -> None:
    _published(anywhere, days=6)
    limited = anywhere.limited({"runs": 5, "tables": {"s.b": {"runs": 2}}})
    repaired = _reconcile(limited)
    assert (repaired.runs, repaired.dropped) == (7, 5)
    kept = limited.tables()
    assert {table: len(runs) for table, runs in kept.items()} == {"s.a": 5, "s.b": 2}
    assert limited.stored_pages() == {path for runs in kept.values() for path in runs}
    assert set(limited.objects.list("validations")) == limited.stored_pages()
    links = {link for link in read(limited.page("index.html")).links if link.startswith("validations/")}
    assert links == limited.stored_pages()
    oldest = read(limited.page(kept["s.b"][0]))
    assert "Previous run" not in oldest.text
    assert "Next run" in oldest.text


def test_a_publish_drops_what_the_one_before_took_off_the_pages(anywhere: DocsProject) -> None:
    limited = anywhere.limited({"runs": 3})
    quiet = limited.store_run("s.quiet", [result()], day=-400)
    limited.publish(quiet)
    for day in range(7):
        limited.publish(limited.store_run("s.a", [result()], day=day))
    kept = limited.tables()
    assert [len(kept["s.a"]), len(kept["s.quiet"])] == [3, 1]
    assert len(limited.stored_pages()) == 3 + 1 + 1  # one is off the pages, and goes with the next publish
    assert "s.quiet" in {path.split(".html")[0].removeprefix("tables/") for path in limited.objects.list("tables")}


def test_a_note_whose_results_never_came_is_forgotten_after_a_day_of_runs(anywhere: DocsProject) -> None:
    site = open_site(anywhere.context)
    key, _ = anywhere.run("s.gone", [result()])
    store_and_publish(anywhere.context, {})  # is about nothing: no note is left for the next to read
    assert site.pending.notes() == []
    site.pending.announce([key])
    anywhere.publish(anywhere.store_run("s.a", [result()], day=0.5))
    assert len(site.pending.notes()) == 1
    anywhere.publish(anywhere.store_run("s.a", [result()], day=1.5))
    assert site.pending.notes() == []


def test_a_note_that_cannot_be_read_stops_nothing(anywhere: DocsProject) -> None:
    anywhere.objects.write(f"{paths.PENDING}/x.json", b"{", JSON)
    anywhere.publish(anywhere.store_run("s.a", [result()]))
    assert list(anywhere.objects.list(paths.PENDING)) == []


def test_half_of_a_checkpoint_that_was_stored_is_published_and_the_rest_when_it_comes(anywhere: DocsProject) -> None:
    site = open_site(anywhere.context)
    stored = anywhere.store_run("s.stored", [result()])
    late, outcome = anywhere.run("s.late", [result()])
    site.pending.announce([stored, late])
    anywhere.publish()
    assert list(anywhere.tables()) == ["s.stored"]
    (note,) = site.pending.notes()
    assert note.pages == (paths.result_page(late.to_tuple()),)
    anywhere.context.validation_results_store.set(late, outcome)
    anywhere.publish()
    assert sorted(anywhere.tables()) == ["s.late", "s.stored"]
    assert site.pending.notes() == []


def test_histories_hold_what_plots_need(project: DocsProject) -> None:
    project.publish(*(project.store_run("s.a", [result(success=day != 1)], day=day) for day in range(3)))
    (file,) = (project.site / "manifest/tables").glob("*.json")
    history = json.loads(file.read_text())
    assert [(point["verdict"], point["failed"]) for point in history["points"]] == [
        ("passed", 0),
        ("failed", 1),
        ("passed", 0),
    ]
    assert history["since"] == (FIRST_RUN + timedelta(days=2)).isoformat().replace("+00:00", "Z")
