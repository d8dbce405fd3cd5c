"""Warehouse, ledger and disk fail while a run goes on, and are back for the next."""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from tests.faults.job import Ended
from tests.faults.kills import Case
from tests.faults.shop import Shop
from tests.faults.sites import LOADER, PostgresSite, duckdb_held, filled, filled_up, small_disk, sqlite_locked
from tests.faults.victim import Victim, run, running

Fault = Callable[[], AbstractContextManager[object]]

BEFORE, AFTER = "check raw", "gate staging"
PLACES = ("ingest", "check raw", "load staging", "check staging", "publish staging")
"""The steps before which a fault begins, unless said otherwise."""


def fails(case: Case, kind: str, fault: Fault, place: str, *, commits: int = 0, **job: object) -> Ended:
    """A run that a fault meets at a place, or so many commits later; it does not end well, and the next one does."""
    with running(case.job(pausing=True, at_commits=commits > 0, **job)) as victim:
        victim.go_to(place)
        for _ in range(commits):
            assert victim.go()
        with fault():
            ended = victim.end()
    assert ended.how in ("failed", "closed"), f"{kind}, {place}: {ended}"
    assert ended.told
    case.happened(kind)
    case.recover()
    return ended


def warehouse_down(case: Case, site: PostgresSite, moments: tuple[int, ...] = (4, 6)) -> None:
    """The server crashes before the validation, at moments of it, while it waits, and after it."""
    fails(case, "warehouse down before validation", site.down, BEFORE)
    for commits in moments:
        fails(case, "warehouse down during validation", site.down, BEFORE, commits=commits)
    _down_while_it_reads(case, site)
    fails(case, "warehouse down after validation", site.down, "publish staging" if moments else AFTER)


def _down_while_it_reads(case: Case, site: PostgresSite) -> None:
    admin = site.url(str(case.shop.settings().warehouse().database))
    waits = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT%'")
    job = case.job(pausing=True)
    with running(job) as victim:
        victim.go_to(BEFORE)
        engine = sa.create_engine(admin, poolclass=sa.NullPool)
        holder, other = engine.connect(), engine.connect()
        holder.exec_driver_sql("LOCK TABLE raw_shop.orders IN ACCESS EXCLUSIVE MODE")
        victim.let_go()
        while not other.execute(waits).scalar():
            other.rollback()
        with site.down():
            ended = victim.end()
        for connection in (holder, other):
            connection.invalidate()
            connection.close()
    assert ended.how in ("failed", "closed"), ended
    assert case.judge.verdicts().of("raw", job.ingest_id) == ["errored"]
    case.happened("warehouse down during validation")
    case.recover()


def warehouse_in_use(case: Case) -> None:
    """Another program opens the DuckDB file, and keeps it for longer than a run waits."""
    file = Path(str(case.shop.settings().warehouse().database))
    for place, when in (
        (BEFORE, "before"),
        (AFTER, "after"),
        ("check staging", "before"),
        ("publish staging", "after"),
    ):
        fails(case, f"DuckDB file taken {when} validation", lambda: duckdb_held(file), place)


REVOKED = ("ingest", "check raw", "load staging", "publish staging")


def access_revoked(case: Case, site: PostgresSite, places: tuple[str, ...] = REVOKED) -> None:
    """What the role may do is taken from it, in the middle of a run."""
    database = case.shop.settings().warehouse().database
    make = f"CREATE ON DATABASE {database}"
    what = {
        "ingest": (("USAGE ON SCHEMA raw_shop", 0),),
        "check raw": (("USAGE ON SCHEMA raw_shop", 0), ("SELECT ON TABLE raw_shop.items", 4)),
        "load staging": (("SELECT ON TABLE raw_shop.items", 0), (make, 0)),
        "publish staging": ((make, 0), ("CREATE ON SCHEMA staging", 0)),
    }
    for place in places:
        for grant, commits in what[place]:
            revoked = partial(site.instead, case, f"REVOKE {grant} FROM {LOADER}", f"GRANT {grant} TO {LOADER}")
            fails(case, "warehouse access revoked mid-run", revoked, place, commits=commits)


def ledger_locked(case: Case, locked: Fault) -> None:
    """Somebody holds the ledger for longer than a run waits."""
    for place in ("ingest", "check raw", "load staging", "check staging"):
        fails(case, "ledger locked", locked, place, busy_seconds=0.3)


def sqlite_ledger_locked(case: Case) -> None:
    ledger_locked(case, lambda: sqlite_locked(case.shop.state / "ledger.sqlite"))


def ledger_read_only_at_start(case: Case) -> None:
    """The ledger's file may not be written."""
    file = case.shop.state / "ledger.sqlite"
    file.chmod(0o444)
    ended = run(case.job(bound_by_modes=True))
    file.chmod(0o644)
    assert ended.how == "failed", ended
    assert "readonly" in ended.told
    case.happened("ledger read-only")
    case.recover()


def postgres_ledger_read_only(case: Case, site: PostgresSite) -> None:
    """The ledger's server refuses writes, from some step on."""
    for place in ("ingest", "check raw", "load staging", "check staging"):
        fails(case, "ledger read-only", lambda: site.ledger_read_only(case), place)


def disk_full(directory: Path, places: tuple[str, ...] = PLACES) -> tuple[Case, ...]:
    """No byte is left for warehouse and ledger, or for the ledger alone, from some step on."""
    cases = []
    for what in ("all", "ledger"):
        project, disk = directory / what, directory / f"disk-{what}"
        project.mkdir(parents=True)
        with small_disk(disk) as mounted:
            if not mounted:
                shop = Shop(project)
            elif what == "all":
                shop = Shop(project, state_name=str(disk / "state"))
            else:
                shop = Shop(project, ledger_url=f"sqlite:///{disk / 'ledger.sqlite'}")
            cases.append(case := filled(shop))
            for place in places:
                _meets_full_disk(case, place, disk if mounted else None)
    return tuple(cases)


def _meets_full_disk(case: Case, place: str, disk: Path | None) -> None:
    job = case.job(pausing=True)
    with running(job) as victim:
        victim.go_to(place)
        if disk is None:
            _let_no_file_grow(victim)
            ended = victim.end()
        else:
            with filled_up(disk):
                ended = victim.end()
    kind = "disk full" if disk else "disk full (as a limit on the size of files)"
    assert ended.how != "well" or case.judge.is_done(job.ingest_id), (place, ended)
    case.happened(kind)
    case.recover()


def _let_no_file_grow(victim: Victim) -> None:
    resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (4096, 4096))
