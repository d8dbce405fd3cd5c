from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gx.docs.errors import SiteBusyError
from gx.docs.folder import Folder
from gx.docs.history import Keep, TableRuns
from gx.docs.manifest import Manifest
from gx.docs.pages import Severity, Verdict
from gx.docs.paths import ROLL_UP, table_state
from gx.docs.records import RECENT_RUNS, RUNS_LISTED, RUNS_SHOWN, RunRecord
from gx.docs.roll_up import BrokenPage, RollUp
from gx.docs.standing import GateNow, Standing

START = datetime(2025, 9, 1, tzinfo=UTC)


def run(number: int, table: str = "s.t", verdict: Verdict = Verdict.PASSED) -> RunRecord:
    return RunRecord(
        path=f"validations/{table}/{number}.html",
        time=START + timedelta(hours=number),
        verdict=verdict,
        failed=0,
        total=1,
        suite=table,
        suite_path="",
        table=table,
        checkpoint="nightly",
        run_name="",
        ingest_id="",
        failed_by_severity={Severity.INFO: 1},
        errors=0,
        problems=(),
    )


def runs(numbers: Sequence[int], table: str = "s.t", keep: Keep | None = None) -> TableRuns:
    return TableRuns.of(None, [run(number, table) for number in numbers], keep or Keep())


def paths(numbers: Sequence[int], table: str = "s.t") -> list[str]:
    return [run(number, table).path for number in numbers]


def test_runs_are_in_order_and_one_that_is_published_again_counts_once() -> None:
    history = TableRuns.of(runs([1, 3]), [run(2), run(3), run(0)], Keep())
    assert [point.path for point in history.every] == paths([0, 1, 2, 3])
    assert history.latest == run(3)


def test_a_run_and_those_beside_it_know_their_neighbours() -> None:
    history = runs(range(5))
    beside = {path: (each.previous, each.next) for path, each in history.beside(paths([2]))}
    one, two, three = paths([1, 2, 3])
    assert beside == {one: (paths([0])[0], two), two: (one, three), three: (two, paths([4])[0])}


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (Keep(runs=3), [7, 8, 9]),
        (Keep(days=0.1), [7, 8, 9]),
        (Keep(runs=1, days=0.0001), [9]),
        (Keep(), list(range(10))),
    ],
)
def test_what_is_over_the_limit_is_dropped_and_the_last_run_never_is(keep: Keep, kept: list[int]) -> None:
    history = runs(range(10), keep=keep)
    assert [point.path for point in history.every] == paths(kept)
    assert list(history.dropped) == paths([number for number in range(10) if number not in kept])


def test_dropping_much_is_spread_over_several_publishes() -> None:
    history = runs(range(120), keep=Keep(runs=10))
    assert (len(history.every), len(history.dropped)) == (70, 50)
    history = TableRuns.of(history, [], Keep(runs=10))
    assert (len(history.every), len(history.dropped)) == (20, 50)


def test_since_when_a_table_fails_outlives_the_runs_that_are_kept() -> None:
    history = runs([0])
    for number in range(1, 9):
        history = TableRuns.of(history, [run(number, verdict=Verdict.FAILED)], Keep(runs=3))
    assert history.since == run(1).time


def test_the_roll_up_is_bounded() -> None:
    roll_up = RollUp.empty().with_tables([runs(range(600)), runs(range(600, 700), "s.other")])
    assert [len(table.marks) for table in roll_up.tables.values()] == [RUNS_SHOWN, RUNS_SHOWN]
    assert len(roll_up.recent) == RECENT_RUNS
    assert [each.path for each in roll_up.recent[:2]] == paths([699, 698], "s.other")
    assert "nightly" in roll_up.recent[0].row
    assert '<span class="severities">1 info</span>' in roll_up.recent[0].row


def test_what_was_dropped_is_on_no_list() -> None:
    full = RollUp.empty().with_tables([runs(range(4))])
    pruned = full.with_tables([TableRuns.of(runs(range(4)), [run(4)], Keep(runs=2))])
    assert [mark.path for mark in pruned.tables["s.t"].marks] == paths([3, 4])
    assert [each.path for each in pruned.recent] == paths([4, 3])


def test_a_run_that_is_published_again_is_listed_as_it_is_now() -> None:
    every = range(RECENT_RUNS + 100)
    history = runs(every)
    roll_up = RollUp.empty().with_tables([history])
    for number in (every[-1], every[-RECENT_RUNS]):  # one as it is, and one that is packed
        again = run(number, verdict=Verdict.ERRORED)
        history = TableRuns.of(history, [again], Keep())
        roll_up = roll_up.with_tables([history], [again.path])
        (line,) = [each.row for each in roll_up.recent if each.path == again.path]
        assert line.startswith('<tr class="errored">')
    assert history.rows[run(every[-1]).path].startswith('<tr class="errored">')
    assert len(roll_up.recent) == RECENT_RUNS


def test_a_history_of_before_lines_were_kept_gets_them() -> None:
    history = runs(range(3))
    before = TableRuns.model_validate_json(history.model_dump_json(exclude={"rows"}))
    assert not before.rows
    assert TableRuns.of(before, [run(3)], Keep()).rows == runs(range(4)).rows
    assert list(runs(range(150)).rows) == paths(range(150 - RUNS_LISTED, 150))


def test_a_slower_publisher_takes_nothing_back() -> None:
    slow = runs([1])
    fast = TableRuns.of(slow, [run(2, verdict=Verdict.FAILED)], Keep())
    roll_up = RollUp.empty().with_tables([fast]).with_tables([slow])
    assert roll_up == RollUp.empty().with_tables([fast])


def _standing(hour: int, **is_open: bool) -> Standing:
    moment = START + timedelta(hours=hour)
    gates = tuple(GateNow(load=load, open=state, since=moment, why=()) for load, state in is_open.items())
    return Standing(as_of=moment, gates=gates)


def test_a_gate_says_since_when_it_is_as_it_is() -> None:
    roll_up = RollUp.empty()
    for hour, state in enumerate([True, False, False, False]):
        roll_up = roll_up.with_standing(_standing(hour, marts=state))
    roll_up = roll_up.with_standing(_standing(4, marts=False, dashboards=True))
    roll_up = roll_up.with_standing(_standing(0, marts=True))  # one that comes late changes nothing
    assert roll_up.with_standing(None).standing == roll_up.standing
    assert roll_up.standing is not None
    assert [(gate.load, gate.open, gate.since) for gate in roll_up.standing.gates] == [
        ("marts", False, START + timedelta(hours=1)),
        ("dashboards", True, START + timedelta(hours=4)),
    ]


def test_a_memory_that_says_nothing_is_none(tmp_path: Path) -> None:
    site = Folder(tmp_path)
    site.write(ROLL_UP, b"{}", "")
    site.write(table_state("s.t"), runs([1]).model_dump_json().encode(), "")
    assert list(Manifest(site).roll_up().tables) == ["s.t"]


def test_a_broken_page_is_listed_until_it_is_made() -> None:
    broken = [BrokenPage(path=path, what="suite s.t", why="KeyError") for path in ("a.html", "b.html")]
    roll_up = RollUp.empty().with_pages([], broken)
    assert list(roll_up.with_pages(["a.html"], []).broken) == ["b.html"]
    assert list(roll_up.with_pages(["a.html"], broken[:1]).broken) == ["b.html"]


def test_whoever_loses_a_swap_shows_what_both_changed(tmp_path: Path) -> None:
    manifest, rival = Manifest(Folder(tmp_path)), Manifest(Folder(tmp_path))
    shown: list[list[str]] = []

    def publish(by: Manifest, number: int, disturb: bool = False) -> TableRuns:
        def show(state: TableRuns) -> None:
            shown.append([point.path for point in state.every])
            if disturb and len(shown) == 1:
                publish(rival, 7)

        return by.change("t.json", TableRuns, lambda known: TableRuns.of(known, [run(number)], Keep()), show)

    publish(manifest, 1, disturb=True)
    assert shown == [paths([1]), paths([7]), paths([1, 7])]


def test_publishing_against_rivals_that_never_rest_ends_with_an_error(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    numbers = iter(range(1_000))

    def show(_: TableRuns) -> None:
        folder.write("t.json", runs([next(numbers)]).model_dump_json().encode(), "")

    manifest = Manifest(folder, longest_pause=0)
    with pytest.raises(SiteBusyError, match="sluice docs reconcile") as raised:
        manifest.change("t.json", TableRuns, lambda known: TableRuns.of(known, [run(0)], Keep()), show)
    assert raised.value.transient


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1, "consumed": 12, "tables": {}}', b"\xff"])
def test_a_roll_up_that_cannot_be_read_is_made_anew_from_the_tables(tmp_path: Path, damage: bytes) -> None:
    folder = Folder(tmp_path)
    manifest = Manifest(folder)
    for table in ("s.a", "s.b"):
        folder.write(table_state(table), runs(range(3), table).model_dump_json().encode(), "")
    folder.write(ROLL_UP, damage, "")
    roll_up = manifest.roll_up()
    assert {key: len(table.marks) for key, table in roll_up.tables.items()} == {"s.a": 3, "s.b": 3}
    assert len(roll_up.recent) == 6
    folder.write(table_state("s.a"), damage, "")
    assert list(manifest.roll_up().tables) == ["s.b"]


def test_a_change_by_another_that_changes_nothing_is_noticed(tmp_path: Path) -> None:
    """Its publisher wrote pages all the same, over those of this one."""
    manifest = Manifest(Folder(tmp_path))
    shown: list[RollUp] = []

    def same(known: RollUp | None) -> RollUp:
        return known or RollUp.empty()

    def show(state: RollUp) -> None:
        shown.append(state)
        if len(shown) == 1:
            Manifest(Folder(tmp_path)).change(ROLL_UP, RollUp, same, lambda _: None)

    manifest.change(ROLL_UP, RollUp, same, lambda _: None)
    manifest.change(ROLL_UP, RollUp, same, show)
    assert len(shown) == 2
