"""Whatever fails, and whoever is killed: the gate holds, readers see one whole ingest, and the next run recovers.

The short form of `tests.faults.soak`: each kind of fault once or a few times.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.faults import crowds, kills, outages, prefect_faults
from tests.faults.judge import judge_layer, see
from tests.faults.kills import Case
from tests.faults.shop import SOUND, Shop, change
from tests.faults.sites import PostgresSite, duckdb_case, duckdb_held, filled, postgres_site, sqlite_locked

pytestmark = pytest.mark.timeout(300)

SHORTLY = 0.5
"""Seconds that runs wait for a warehouse somebody else uses, where that is the fault."""
STEPS = ("check raw", "load staging", "publish staging")


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    """A place of its own: PostgreSQL runs as another user, who may not look into pytest's."""
    with TemporaryDirectory(prefix="sluice-test-faults-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="session")
def site(directory: Path) -> Iterator[PostgresSite]:
    with postgres_site(directory / "server") as made:
        yield made


@pytest.fixture(scope="session")
def on_duckdb(directory: Path) -> Case:
    return duckdb_case(directory / "duckdb")


@pytest.fixture(scope="session")
def on_postgres(directory: Path, site: PostgresSite) -> Case:
    """Its ledger is on the same server."""
    return site.case(directory / "postgres")


@pytest.fixture(params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)])
def case(request: pytest.FixtureRequest) -> Case:
    name = "on_duckdb" if request.param == "duckdb" else "on_postgres"
    found: Case = request.getfixturevalue(name)
    return found


def test_a_run_that_is_killed_before_a_step_leaves_no_trace_for_readers(case: Case) -> None:
    kills.kill_at_steps(case, STEPS)


def test_a_run_that_is_killed_before_a_commit_leaves_no_trace_for_readers(case: Case) -> None:
    kills.kill_at_commits(case, first=17, every=47)


def test_a_run_that_is_killed_at_any_moment_leaves_no_trace_for_readers(case: Case) -> None:
    kills.kill_at_random(case, 2, seed=1)


def test_a_run_that_is_killed_while_its_verdict_is_written_opens_nothing_without_it(on_duckdb: Case) -> None:
    kills.kill_when_a_verdict_is_written(on_duckdb)


def test_a_second_check_that_is_killed_leaves_closed_what_the_first_had_opened(on_duckdb: Case) -> None:
    kills.kill_a_second_check(on_duckdb, first=4, every=7)


@pytest.mark.postgres
def test_a_warehouse_that_crashes_before_during_and_after_validation(directory: Path, site: PostgresSite) -> None:
    outages.warehouse_down(site.case(directory / "crashing", ledger_too=False), site, moments=())


def test_a_duckdb_file_that_somebody_takes_in_the_middle_of_a_run(directory: Path) -> None:
    case = duckdb_case(directory / "taken", SHORTLY)
    file = case.shop.state / "warehouse.duckdb"
    outages.fails(case, "taken", lambda: duckdb_held(file), "check staging")


@pytest.mark.postgres
def test_access_that_is_revoked_in_the_middle_of_a_run(directory: Path, site: PostgresSite) -> None:
    outages.access_revoked(site.case(directory / "revoked"), site, ("check raw", "publish staging"))


def test_a_locked_ledger_file(on_duckdb: Case) -> None:
    file = on_duckdb.shop.state / "ledger.sqlite"
    outages.fails(on_duckdb, "locked", lambda: sqlite_locked(file), "load staging", busy_seconds=0.3)


@pytest.mark.postgres
def test_a_locked_ledger_on_a_server(on_postgres: Case, site: PostgresSite) -> None:
    lock = lambda: site.ledger_locked(on_postgres)  # noqa: E731
    ended = outages.fails(on_postgres, "locked", lock, "load staging", busy_seconds=0.3)
    assert "lock timeout" in ended.told


@pytest.mark.postgres
def test_a_ledger_on_a_server_that_becomes_read_only(on_postgres: Case, site: PostgresSite) -> None:
    outages.fails(on_postgres, "read-only", lambda: site.ledger_read_only(on_postgres), "check staging")


def test_a_ledger_file_that_is_read_only(directory: Path) -> None:
    outages.ledger_read_only_at_start(duckdb_case(directory / "read-only"))


def test_a_full_disk(directory: Path) -> None:
    outages.disk_full(directory / "full", ("load staging",))


def test_an_event_that_comes_twice_late_or_for_an_older_ingest(on_duckdb: Case) -> None:
    crowds.duplicate_events(on_duckdb)


def test_two_ingests_at_once_take_turns(on_duckdb: Case) -> None:
    crowds.ingests_at_once(on_duckdb, 1, seed=2)


@pytest.mark.postgres
def test_two_ingests_of_two_machines_take_turns_by_their_ledger(on_postgres: Case) -> None:
    crowds.ingest_amid_a_run_elsewhere(on_postgres)
    with crowds.reading(on_postgres) as reader:
        crowds.ingests_of_two_machines(on_postgres, 2, seed=3)
    assert reader.looks > 50


def test_a_clock_that_steps_back(directory: Path) -> None:
    crowds.clock_steps_back(duckdb_case(directory / "clock"), hours=(-1,), places=("gate staging",))


def test_twenty_who_ask_while_runs_pass_fail_and_die(on_duckdb: Case) -> None:
    assert crowds.twenty_ask(on_duckdb, kills=1).asked > crowds.MANY


def test_twenty_who_check_at_once(on_duckdb: Case) -> None:
    crowds.twenty_check(on_duckdb)


def test_no_prefect_server_at_the_start(on_duckdb: Case) -> None:
    prefect_faults.api_down_at_start(on_duckdb)


def test_the_judge_sees_a_load_without_a_verdict_and_readers_of_a_mix(directory: Path) -> None:
    """What the tests above lean on."""
    case = filled(Shop(directory / "judged"))
    warehouse = case.shop.settings().warehouse()
    change(warehouse, f"UPDATE staging.stg_items SET ingest = 'another' WHERE id = 1 AND flaw = '{SOUND}'")
    with case.judge.warehouse() as connection, pytest.raises(AssertionError, match="staging mixes"):
        judge_layer("staging", see(connection, "staging"))
    with pytest.raises(AssertionError, match="staging mixes"):
        case.judge.look()
    change(warehouse, "INSERT INTO proof.loads VALUES ('marts', 'another', 'sound', now()::timestamp)")
    with pytest.raises(AssertionError, match="without a complete passing verdict of staging"):
        case.judge.look()
