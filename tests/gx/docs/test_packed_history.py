"""What is kept as a text says the same as what is not: histories and the index, however runs come."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from gx.docs.history import Keep, TableRuns
from gx.docs.manifest import Manifest
from gx.docs.objects import JSON
from gx.docs.pages import Verdict
from gx.docs.paths import ROLL_UP
from gx.docs.records import RECENT_RUNS, RUNS_LISTED, RunPoint, RunRecord
from gx.docs.roll_up import RollUp
from gx.docs.table_history import TableHistory
from tests.gx.docs.project import DocsProject, result
from tests.gx.docs.test_manifest import paths, run, runs

MANY = 3 * RUNS_LISTED


def _one_by_one(numbers: range) -> TableRuns:
    history = runs(numbers[:1])
    for number in numbers[1:]:
        history = TableRuns.of(history, [run(number)], Keep())
    return TableRuns.model_validate_json(history.model_dump_json())


def test_a_long_history_has_all_its_runs_and_few_to_read() -> None:
    history = _one_by_one(range(MANY))
    assert [point.path for point in history.every] == paths(range(MANY))
    assert list(history.newest_first()) == list(reversed(history.every))
    assert history.kept == MANY
    assert RUNS_LISTED <= len(history.points) < RUNS_LISTED + 50


def test_one_that_was_stored_before_runs_were_packed_is_read() -> None:
    points = tuple(run(number).point() for number in range(MANY))
    before = TableRuns(latest=run(MANY - 1), points=points, since=points[0].time, all_until=points[-1].time)
    history = TableRuns.of(before, [run(MANY)], Keep())
    assert [point.path for point in history.every] == paths(range(MANY + 1))
    assert len(history.points) < RUNS_LISTED + 50


def test_a_run_among_the_packed_ones_is_replaced_and_a_late_one_finds_its_place() -> None:
    without = [number for number in range(MANY) if number != 7]
    history = TableRuns.of(runs(without), [run(7), run(9, verdict=Verdict.FAILED)], Keep())
    assert [point.path for point in history.every] == paths(range(MANY))
    assert [point.path for point in history.every if point.verdict.failing] == paths([9])


def test_neighbours_are_found_where_packed_runs_begin() -> None:
    history = _one_by_one(range(MANY))
    first = MANY - len(history.points)
    for number in (first - 1, first, first + 1, first + 2, 3):
        beside = dict(history.beside(paths([number])))
        one, two, three = paths([number - 1, number, number + 1])
        assert list(beside) == [one, two, three]
        assert (beside[two].previous, beside[two].next) == (one, three)


@pytest.mark.parametrize("seed", range(20))
def test_packed_or_not_a_history_says_the_same(seed: int) -> None:
    draw = random.Random(seed)
    keep = Keep(runs=draw.choice([40, 160, 1000]), days=draw.choice([None, None, 8]))
    share = draw.choice([0.0, 0.02, 0.3, 1.0])
    numbers = list(range(400))
    late = draw.sample(numbers, 15)
    coming = [number for number in numbers if number not in late]
    for number in late * 2:
        coming.insert(draw.randrange(number, len(coming) + 20), number)
    history: TableRuns | None = None
    known: list[RunPoint] = []
    while coming:
        batch, coming = coming[: (size := draw.choice([1, 1, 1, 4, 60]))], coming[size:]
        records = [run(number, verdict=Verdict.FAILED if draw.random() < share else Verdict.PASSED) for number in batch]
        history = TableRuns.of(history, records, keep)
        together = {point.path: point for point in (*known, *(each.point() for each in records))}
        known = sorted(together.values(), key=lambda point: point.time)
        dropped = keep.over(known)
        known = known[len(dropped) :]
        assert (history.every, history.kept) == (tuple(known), len(known))
        assert history.dropped == tuple(point.path for point in dropped)
        assert history.since <= _start(known)
        if any(one.verdict is not two.verdict for one, two in pairwise(known)):
            assert history.since == _start(known)


def _start(points: list[RunPoint]) -> datetime:
    """Since when a table is in its state, as far as these runs tell."""
    start = points[-1]
    for point in reversed(points):
        if point.verdict is not start.verdict:
            break
        start = point
    return start.time


def test_what_cannot_be_unpacked_is_not_there_and_said(caplog: pytest.LogCaptureFixture) -> None:
    history = _one_by_one(range(MANY))
    damaged = history.model_copy(
        update={"older": tuple(each.model_copy(update={"packed": "?"}) for each in history.older)}
    )
    assert damaged.every == history.points
    assert "sluice docs reconcile" in caplog.text


def test_the_index_knows_the_streak_and_the_rows_before() -> None:
    def at(number: int, rows: int | None, verdict: Verdict = Verdict.FAILED) -> RunRecord:
        return run(number, verdict=verdict).model_copy(update={"rows": rows})

    first = TableRuns.of(None, [at(0, 10, Verdict.PASSED), at(1, 20)], Keep())
    shown = TableHistory.of(first)
    assert (shown.failing, shown.rows_before, len(shown.marks)) == (1, 10, 2)
    shown = shown.merged(TableRuns.of(first, [at(2, None), at(3, 5)], Keep()))
    assert (shown.failing, shown.rows_before) == (3, None)
    shown = shown.merged(TableRuns.of(first, [at(4, 5, Verdict.PASSED)], Keep()))  # knows less of those before
    assert (shown.failing, shown.rows_before, len(shown.marks)) == (0, 5, 5)


@pytest.mark.parametrize("seed", range(10))
def test_the_list_of_recent_runs_is_that_of_all_runs(seed: int) -> None:
    draw = random.Random(seed)
    roll_up = RollUp.empty()
    tables: dict[str, TableRuns | None] = dict.fromkeys(["s.a", "s.b", "s.c"])
    keep = Keep(runs=draw.choice([60, 1000]))
    for step in range(60):
        given, changed = [], []
        for name in draw.sample(sorted(tables), draw.choice([1, 1, 3])):
            first = draw.randrange(step * 10 + 1)  # some late, some again
            records = [run(number, name) for number in range(first, first + draw.choice([1, 5, 40]))]
            tables[name] = TableRuns.of(tables[name], records, keep)
            given.append(tables[name])
            changed += [record.path for record in records]
        roll_up = roll_up.with_tables((each for each in given if each), changed)
    # Once more all of them, as `sluice docs reconcile` does: where runs were dropped, older ones have come up.
    kept = [runs for runs in tables.values() if runs]
    newest = sorted((point.time for runs in kept for point in runs.every), reverse=True)[:RECENT_RUNS]
    assert [datetime.fromisoformat(each.time) for each in roll_up.with_tables(kept).recent] == newest


def test_a_roll_up_of_an_older_version_is_made_anew(project: DocsProject) -> None:
    for day in range(3):
        page = project.publish(project.store_run("s.a", [result()], day=day), project.store_run("s.b", [result()]))
    before = Manifest(project.objects).roll_up()
    mark = {"path": "x", "time": (run(0).time + timedelta(days=1)).isoformat(), "verdict": "passed"}
    old = f'{{"version": 3, "tables": {{"s.a": {{"marks": [{mark}]}}}}}}'
    project.objects.write(ROLL_UP, old.replace("'", '"').encode(), JSON)
    assert project.publish() == page
    assert Manifest(project.objects).roll_up().tables == before.tables
