"""Real processes: one that is killed leaves its gate closed, many at once lose nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.gate import Decision
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from tests.checkpoints.runs import NOON, record, run_of

ROOT = Path(__file__).resolve().parents[3]
WRITERS, RUNS = 4, 8

DIES = """
import sys
from sqlalchemy.engine import make_url
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from tests.checkpoints.runs import NOON, run_of
ledger = Ledger(make_url(sys.argv[1]), gate_valid_hours=24)
ledger.begin_run("run-2", "staging", "ingest-1", ["marts"], NOON)
if sys.argv[2] == "while writing":
    with ledger._database.transaction() as connection:
        # All that finish_run writes is written, and not yet committed.
        ledger._database.transaction = lambda: __import__("contextlib").nullcontext(connection)
        ledger.finish_run(run_of(Verdict.PASSED, run_id="run-2"), ["marts"])
        print("ready", flush=True)
        sys.stdin.read()
print("ready", flush=True)
sys.stdin.read()
"""

WRITES = """
import sys, time
from sqlalchemy.engine import make_url
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from tests.checkpoints.runs import NOON, record, run_of
ledger = Ledger(make_url(sys.argv[1]), gate_valid_hours=24)
print("ready", flush=True)
begin = float(sys.stdin.readline())
while time.time() < begin:
    pass
for number in range(int(sys.argv[3])):
    name = f"{sys.argv[2]}-{number}"
    ledger.begin_ingest(name, "test", NOON)
    record(ledger, run_of(Verdict.PASSED, run_id=name, ingest_id=name, rows={"shop.orders": number}), "marts")
    ledger.finish_ingest(name, NOON, {"shop.orders": number})
"""


def start(code: str, url: URL, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, url.render_as_string(hide_password=False), *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def kill_when_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_process_killed_before_its_verdict_is_recorded_leaves_the_gate_closed(url: URL, ledger: Ledger) -> None:
    record(ledger, run_of(Verdict.PASSED), "marts")
    assert ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open
    for moment in ("before writing", "while writing"):
        if moment == "while writing":
            ledger.begin_run("run-1b", "staging", "ingest-1", ["marts"], NOON)
            ledger.finish_run(run_of(Verdict.PASSED, run_id="run-1b"), ["marts"])
            forget(url, "run-2")
        kill_when_ready(start(DIES, url, moment))
        gate = ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON)
        assert gate.reasons == ("staging pending: the run run-2 has not finished",)
        (run,) = [run for run in ledger.runs_of("ingest-1") if run.run_id == "run-2"]
        assert (run.verdict, run.expectations) == (None, 0)
    record(ledger, run_of(Verdict.PASSED, run_id="run-3"), "marts")  # and nothing is left locked
    assert ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open


def forget(url: URL, run_id: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in ("gate_decisions", "checkpoint_runs"):
            connection.execute(sa.text(f"delete from {table} where run_id = :run_id"), {"run_id": run_id})
    engine.dispose()


def test_several_processes_that_make_and_write_one_ledger_at_once_lose_nothing(url: URL, ledger: Ledger) -> None:
    writers = [start(WRITES, url, f"writer{number}", str(RUNS)) for number in range(WRITERS)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    begin = time.time() + 0.2  # at one moment, so that they find no ledger and make one each
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(f"{begin}\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    names = {f"writer{writer}-{number}" for writer in range(WRITERS) for number in range(RUNS)}
    for name in names:
        (decided,) = ledger.gate("marts", ["staging"], ingest_id=name, now=NOON).decisions
        assert decided.decision is Decision.OPEN
        (run,) = ledger.runs_of(name)
        assert (run.verdict, run.expectations) == (Verdict.PASSED, 1)
        remembered = ledger.ingest(name)
        assert remembered is not None
        assert list(remembered.tables) == ["shop.orders"]
