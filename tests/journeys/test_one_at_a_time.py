"""Runs that meet: they take turns, wait for a bounded time, and outlive one that is killed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkpoints.ledger import Ledger
from flows.turn import turn
from gx.settings import Settings
from tests.journeys.command import Ended, Running, Sluice
from tests.journeys.conftest import GoodRun
from tests.journeys.tables import PUBLISHED, TRUE_FIGURES, Tables

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

KEYS = {
    "raw_stripe.charges": "id",
    "raw_stripe.customers": "id",
    "raw_stripe.subscriptions": "id",
    "raw_stripe.plans": "id",
    "raw_postgres.users": "user_id",
    "raw_postgres.events": "event_id",
    "raw_postgres.sessions": "session_id",
    "raw_postgres.page_views": "page_view_id",
}


def children_of(pid: int) -> set[int]:
    """The processes that a process started, and they in turn."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # pid (name) state parent ...; the name may hold anything.
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def program(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


@dataclass(frozen=True)
class KilledRun:
    """A run that was killed while its checkpoint `raw` went on."""

    sluice: Sluice
    ingest_id: str
    children: dict[int, str]
    published_before: dict[str, list[tuple[object, ...]]]

    def still_there(self) -> dict[int, str]:
        return {pid: what for pid, what in self.children.items() if program(pid) == what}


@pytest.fixture(scope="module")
def killed_run(good_run: GoodRun, states: Path) -> Iterator[KilledRun]:
    sluice = good_run.copy(states / "meeting")
    before = Tables.of_file(sluice.warehouse).contents(*PUBLISHED)
    run = sluice.start("run")
    run.wait_for("s  raw: ")
    children = {pid: program(pid) for pid in children_of(run.pid)}
    run.kill(signal.SIGKILL)
    ledger = Ledger(Settings(state=sluice.state).ledger(), gate_valid_hours=24)
    ingest_id = ledger.latest_ingest()
    ledger.close()
    assert ingest_id is not None
    killed = KilledRun(sluice, ingest_id, children, before)
    yield killed
    for pid in killed.still_there():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True)
class TwoRuns:
    """Two runs that were started at the same moment, after one was killed."""

    sluice: Sluice
    as_json: Ended
    for_people: Ended


@pytest.fixture(scope="module")
def two_runs(killed_run: KilledRun) -> TwoRuns:
    sluice = killed_run.sluice
    first, second = sluice.start("run", "--json"), sluice.start("run")
    return TwoRuns(sluice, first.end(), second.end())


def test_a_run_killed_during_a_checkpoint_leaves_its_gate_closed(killed_run: KilledRun, good_run: GoodRun) -> None:
    ended = killed_run.sluice.run("gate", "check", "staging", "--json")

    assert ended.code == 1
    assert ended.document["ingest_id"] == killed_run.ingest_id != good_run.ingest_id
    assert ended.document["decision"] == "closed"
    assert "has not finished" in " ".join(ended.document["reasons"])


def test_a_killed_run_changes_nothing_that_readers_see(killed_run: KilledRun) -> None:
    assert Tables.of_file(killed_run.sluice.warehouse).contents(*PUBLISHED) == killed_run.published_before


def test_no_server_outlives_a_killed_run(killed_run: KilledRun) -> None:
    for server in ("emulators.postgres", "emulators.stripe", "prefect_server"):
        assert any(server in what for what in killed_run.children.values())
    deadline = time.monotonic() + 60
    while (left := killed_run.still_there()) and time.monotonic() < deadline:
        time.sleep(0.2)

    assert left == {}


def test_two_runs_at_once_both_end_well_one_after_the_other(two_runs: TwoRuns) -> None:
    both = (two_runs.as_json, two_runs.for_people)
    waited = [re.search(r"waiting for sluice run, ingest-\S+ \(process \d+, since .+\) to finish", e.err) for e in both]

    assert [ended.code for ended in both] == [0, 0], two_runs.as_json.err + two_runs.for_people.err
    assert sum(1 for found in waited if found) == 1
    assert {item["verdict"] for item in two_runs.as_json.document["checkpoints"]} == {"passed"}


def test_the_second_of_two_runs_began_when_the_first_was_done(two_runs: TwoRuns, killed_run: KilledRun) -> None:
    ledger = Tables(Settings(state=two_runs.sluice.state).ledger())
    spans = ledger.rows(
        "select i.started_at, max(r.finished_at), count(*) from ingests i"
        " join checkpoint_runs r on r.ingest_id = i.ingest_id"
        f" where i.ingest_id > '{killed_run.ingest_id}' group by i.ingest_id order by i.started_at"
    )

    assert [runs for _, _, runs in spans] == [5, 5]
    assert spans[0][1] < spans[1][0]


def test_runs_on_a_filled_warehouse_bring_no_row_twice(two_runs: TwoRuns) -> None:
    tables = Tables.of_file(two_runs.sluice.warehouse)

    assert {table: tables.repeated(table, key) for table, key in KEYS.items()} == dict.fromkeys(KEYS, 0)
    assert tables.value("select count(*) from raw_stripe.charges") == 1423
    assert tables.figures() == TRUE_FIGURES


def test_a_person_reads_verdicts_gates_and_where_the_data_docs_are(two_runs: TwoRuns) -> None:
    shown = two_runs.for_people.out.strip().splitlines()

    for checkpoint in ("raw", "staging", "marts", "dashboards", "models"):
        assert any(
            re.match(rf"checkpoint {checkpoint} +passed +(\d+) of \1 expectations hold$", line) for line in shown
        )
    for load, checkpoint in (("staging", "raw"), ("marts", "staging"), ("dashboards", "marts")):
        assert any(re.match(rf"gate {load} +open +{checkpoint} passed$", line) for line in shown)
    assert shown[-1] == f"Data Docs: {(two_runs.sluice.state / 'data_docs' / 'index.html').as_uri()}"
    for load in ("staging", "marts", "dashboards"):
        assert any(re.match(rf"published {load} +yes +readers use it, built at 2.* UTC$", line) for line in shown)
    assert len(shown) == 12


def waiting_check(state: Path, **environment: str) -> Running:
    running = Sluice(state).start("check", "dashboards", "--json", **environment)
    running.wait_for("waiting for the test (process")
    return running


def test_a_wait_that_is_over_is_an_error_that_says_who_is_in_the_way(state_after_good_run: Path) -> None:
    with turn(state_after_good_run, "the test", wait_seconds=0, progress=lambda _: None):
        ended = waiting_check(state_after_good_run, SLUICE_WAIT_SECONDS="1").end()

    assert ended.code == 3
    assert "the test" in ended.document["error"]
    assert "SLUICE_WAIT_SECONDS" in ended.document["error"]
    assert "Traceback" not in ended.err


def test_a_check_waits_for_the_run_before_it_and_then_ends_well(state_after_good_run: Path) -> None:
    with turn(state_after_good_run, "the test", wait_seconds=0, progress=lambda _: None):
        running = waiting_check(state_after_good_run)
    ended = running.end()

    assert ended.code == 0, ended.err
    assert ended.document["verdict"] == "passed"
