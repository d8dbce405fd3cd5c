"""Asking from Python: the same answer as the command's, and a wait that ends when it should."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from checkpoints.asking import gate, require_gate
from checkpoints.gate import GateClosedError
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from flows.clock import utc_now
from gx.errors import ConfigError
from tests.checkpoints.ledger.spoiled import with_bytes
from tests.checkpoints.runs import record, run_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose load of the marts waits for two checkpoints."""
    (tmp_path / "checkpoints").mkdir()
    for name in ("staging", "extra"):
        (tmp_path / "checkpoints" / f"{name}.yml").write_text("suites: ['*']\ngates: [marts]\n", encoding="utf-8")
    return tmp_path


@contextmanager
def ledger_of(project: Path) -> Iterator[Ledger]:
    ledger = Ledger(make_url(f"sqlite:///{project / '.sluice' / 'ledger.sqlite'}"), gate_valid_hours=24)
    yield ledger
    ledger.close()


def decide(project: Path, verdict: Verdict, *checkpoints: str) -> None:
    with ledger_of(project) as ledger:
        if ledger.latest_ingest() is None:
            ledger.begin_ingest("ingest-1", "test", utc_now())
        for name in checkpoints:
            run = run_of(verdict, checkpoint=name, run_id=f"{name}-{utc_now()}", at=utc_now())
            record(ledger, run, "marts")


def later(seconds: float, project: Path, verdict: Verdict, *checkpoints: str) -> None:
    threading.Timer(seconds, decide, (project, verdict, *checkpoints)).start()


def test_an_open_gate_is_returned_and_a_closed_one_raises(project: Path) -> None:
    assert not gate("marts", project=project).is_open
    with pytest.raises(GateClosedError, match="nothing has been ingested"):
        require_gate("marts", project=project)
    decide(project, Verdict.PASSED, "staging", "extra")
    assert require_gate("marts", project=str(project)).is_open
    assert gate("marts", project=project, ingest_id="ingest-1").is_open
    assert not gate("marts", project=project, ingest_id="another").is_open


def test_of_two_checkpoints_that_disagree_the_closed_one_wins(project: Path) -> None:
    decide(project, Verdict.PASSED, "staging")
    decide(project, Verdict.FAILED, "extra")
    found = gate("marts", project=project)
    assert not found.is_open
    assert [reason.split(":")[0] for reason in found.reasons] == ["extra failed"]


def test_what_cannot_be_asked_is_an_error_and_what_cannot_be_read_is_closed(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'marts'\?"):
        gate("mart", project=project)
    with pytest.raises(ConfigError, match="does not exist"):
        gate("marts", project=project / "absent")
    with pytest.raises(ConfigError, match="name is empty"):
        gate("marts", project=project, ingest_id=" ")
    decide(project, Verdict.PASSED, "staging", "extra")
    with_bytes(lambda _: b"this is no database")(project / ".sluice" / "ledger.sqlite")
    assert "cannot be used" in gate("marts", project=project).reasons[0]


def test_a_wait_ends_when_the_gate_opens(project: Path) -> None:
    later(0.3, project, Verdict.PASSED, "staging", "extra")
    began = time.monotonic()
    assert require_gate("marts", project=project, wait_seconds=30).is_open
    assert time.monotonic() - began < 10


def test_a_wait_ends_at_once_when_a_verdict_closes_the_gate(project: Path) -> None:
    decide(project, Verdict.FAILED, "extra")  # staging has not been run, and cannot open it any more
    began = time.monotonic()
    assert not gate("marts", project=project, wait_seconds=30).is_open
    assert time.monotonic() - began < 1


def test_a_wait_ends_when_its_time_is_over(project: Path) -> None:
    with ledger_of(project) as ledger:
        ledger.begin_ingest("ingest-1", "test", utc_now())
        ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], utc_now())
    began = time.monotonic()
    assert "staging pending" in gate("marts", project=project, wait_seconds=0.4).plain
    assert 0.4 <= time.monotonic() - began < 5


def test_asking_imports_neither_prefect_nor_great_expectations_nor_alembic(project: Path) -> None:
    decide(project, Verdict.PASSED, "staging", "extra")
    code = (
        "import sys; from checkpoints.asking import require_gate; require_gate('marts', project=sys.argv[1]); "
        "print(sorted({'prefect', 'great_expectations', 'alembic', 'pandas', 'duckdb'} & sys.modules.keys()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(project)], cwd=ROOT, text=True, check=True, capture_output=True
    )
    assert said.stdout == "[]\n"
