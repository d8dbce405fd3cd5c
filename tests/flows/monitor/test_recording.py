"""A run is on record while it lives and when it ends, and pays nothing for it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkpoints.gate import Decision, Gate, GateClosedError
from checkpoints.ledger.flow_runs import FlowRun, RunState
from flows.monitor.told import tell_killed, tell_run
from flows.recording import recorded
from gx.errors import ConfigError, WarehouseError
from tests.flows.monitor.conftest import Shop
from tests.journeys.command import ROOT

_VICTIM = """
import sys, time
from pathlib import Path
from flows import recording
from gx.settings import Settings
settings = Settings(project=Path(sys.argv[1]), state=Path(sys.argv[1]) / "state")
recording.BEAT_SECONDS = 0.2
with recording.recorded(settings, "sluice", "the victim", run_id="victim"):
    print("runs", flush=True)
    time.sleep(60)
"""


def ended(shop: Shop) -> FlowRun:
    (run,) = shop.ledger.flow_runs.latest_ends()
    return run


def test_a_run_that_goes_through_is_completed(shop: Shop) -> None:
    with recorded(shop.settings, "sluice", "a run", ingest_id="ingest-1", prefect_url="http://prefect/1"):
        pass
    run = ended(shop)
    assert (run.flow, run.state, run.ingest_id, run.prefect_url) == (
        "sluice",
        RunState.COMPLETED,
        "ingest-1",
        "http://prefect/1",
    )


@pytest.mark.parametrize(
    ("error", "state", "problem"),
    [
        (WarehouseError("the warehouse cannot be reached"), RunState.FAILED, "the warehouse cannot be reached"),
        (GateClosedError(Gate("marts", "i", Decision.CLOSED, ("41 of 50 rows",))), RunState.CLOSED, "gate of marts"),
        (ValueError("no 'ann@example.com' there"), RunState.FAILED, "unexpected ValueError"),
        (KeyboardInterrupt(), RunState.STOPPED, "interrupted"),
        (SystemExit(3), RunState.FAILED, "ended from outside"),
    ],
)
def test_a_run_that_does_not_says_why_and_shows_no_value(
    shop: Shop, error: BaseException, state: RunState, problem: str
) -> None:
    with pytest.raises(type(error)), recorded(shop.settings, "sluice", "a run"):
        raise error
    run = ended(shop)
    assert run.state is state
    assert problem in str(run.problem)
    assert "ann@example.com" not in str(run.problem)


def test_a_run_says_again_and_again_that_it_lives(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.recording.BEAT_SECONDS", 0.1)
    with recorded(shop.settings, "sluice", "a run") as run:
        time.sleep(2)
        alive = shop.ledger.flow_runs.latest_starts()["sluice"].alive_at
        assert alive > run.started_at
        assert shop.ledger.flow_runs.bury(datetime.now(UTC) - timedelta(seconds=60)) == ()


def test_a_run_that_was_killed_is_found_by_its_silence(shop: Shop) -> None:
    command = [sys.executable, "-c", _VICTIM, str(shop.settings.project)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "runs\n"
        deadline = time.monotonic() + 60
        while not shop.ledger.flow_runs.latest_starts():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        victim.send_signal(signal.SIGKILL)
    shop.now = datetime.now(UTC)
    assert shop.look().found == ()
    assert shop.look(timedelta(minutes=4)).found == ("sluice was killed",)


def test_a_locked_ledger_holds_no_run_up_and_gets_its_record_when_it_is_free(shop: Shop) -> None:
    shop.ledger.status()  # there is one
    locker = sqlite3.connect(str(shop.settings.state_dir / "ledger.sqlite"), isolation_level=None)
    locker.execute("begin immediate")
    begun = time.monotonic()
    with recorded(shop.settings, "sluice", "a run"):
        inside = time.monotonic() - begun
        locker.execute("rollback")
        locker.close()
    assert inside < 5
    assert ended(shop).state is RunState.COMPLETED


def test_a_ledger_that_cannot_be_used_changes_nothing_for_the_run(shop: Shop, tmp_path: Path) -> None:
    shop.ledger.close()
    shop.settings.state_dir.mkdir(parents=True, exist_ok=True)
    (shop.settings.state_dir / "ledger.sqlite").write_bytes(b"no database " * 1000)
    done = []
    with recorded(shop.settings, "sluice", "a run"):
        done.append(1)
    with pytest.raises(ConfigError), recorded(shop.settings, "sluice", "a run"):
        raise ConfigError("its own error")
    assert done == [1]


def test_a_run_that_fails_tells_it_itself_and_takes_it_back_when_the_next_completes(shop: Shop) -> None:
    run = FlowRun("a", "sluice", "a run", shop.now, shop.now, state=RunState.FAILED, problem="it broke")

    assert tell_run(shop.settings, run, told=True) is None  # a checkpoint's alert has said it
    assert shop.told == []
    assert tell_run(shop.settings, run, told=False) is None
    assert shop.open == ["sluice failed"]
    completed = FlowRun("b", "sluice", "a run", shop.now, shop.now, state=RunState.COMPLETED)
    assert tell_run(shop.settings, completed, told=False) is None
    assert shop.open == []
    assert [kind for kind, _ in shop.told] == ["problem", "resolved"]


def test_a_crash_that_its_watcher_saw_is_told_at_once_and_not_again_by_the_monitor(shop: Shop) -> None:
    shop.now = datetime.now(UTC)
    run_id = shop.run("load-and-gate/marts", None)
    tell_killed(shop.settings, run_id)
    assert shop.open == ["load-and-gate/marts was killed"]
    assert shop.look(timedelta(minutes=10)).found == ()

    done = shop.run("load-and-gate/marts", RunState.COMPLETED)
    tell_killed(shop.settings, done)  # it had ended, and its watcher stumbled later
    shop.look(timedelta(minutes=10))
    assert shop.open == []


def test_a_run_told_where_the_ledger_cannot_be_used_breaks_nothing(shop: Shop) -> None:
    shop.ledger.close()
    shop.settings.state_dir.mkdir(parents=True, exist_ok=True)
    (shop.settings.state_dir / "ledger.sqlite").write_bytes(b"no database " * 1000)
    run = FlowRun("a", "sluice", "a run", shop.now, shop.now, state=RunState.FAILED, problem="it broke")

    assert tell_run(shop.settings, run, told=False) is None
    assert shop.told == [("problem", "sluice failed")]  # directly
