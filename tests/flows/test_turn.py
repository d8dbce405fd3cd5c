"""One run at a time on a project; the others wait, with a bound, and say for whom."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.turn import StillBusyError, turn
from gx.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
HOLDS = """
import sys
from pathlib import Path
from flows.turn import turn
with turn(Path(sys.argv[1]), "sluice run, ingest-7", wait_seconds=0, progress=print):
    print("ready", flush=True)
    sys.stdin.read()
"""


def holder(state: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(state)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_run_that_comes_second_waits_says_for_whom_and_then_gives_up(tmp_path: Path) -> None:
    said: list[str] = []
    process = holder(tmp_path)
    try:
        started = time.monotonic()
        with pytest.raises(StillBusyError) as caught, turn(tmp_path, "mine", wait_seconds=0.5, progress=said.append):
            pytest.fail("two runs had the project at once")
        assert 0.4 < time.monotonic() - started < 10
    finally:
        process.communicate("")
    who = f"sluice run, ingest-7 (process {process.pid}, since "
    assert said[0].startswith(f"waiting for {who}")
    assert str(caught.value).startswith(who)
    assert "raise SLUICE_WAIT_SECONDS" in str(caught.value)
    assert caught.value.transient


def test_it_goes_on_when_the_first_has_ended(tmp_path: Path) -> None:
    process = holder(tmp_path)
    threading.Timer(0.5, lambda: process.communicate("")).start()
    with turn(tmp_path, "mine", wait_seconds=60, progress=lambda _: None):
        said = json.loads((tmp_path / "turn.json").read_text())
        assert (said["what"], said["pid"]) == ("mine", os.getpid())
    assert not (tmp_path / "turn.json").exists()


def test_a_run_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    process = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with turn(tmp_path, "mine", wait_seconds=0, progress=lambda _: None):
        pass


def test_the_turn_is_given_back_when_the_run_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), turn(tmp_path, "mine", wait_seconds=0, progress=lambda _: None):
        raise ZeroDivisionError
    with turn(tmp_path, "next", wait_seconds=0, progress=lambda _: None):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"what": 1}', "null"])
def test_a_note_that_cannot_be_read_makes_the_holder_another_run(tmp_path: Path, content: str) -> None:
    said: list[str] = []
    process = holder(tmp_path)
    (tmp_path / "turn.json").write_text(content)
    try:
        with pytest.raises(StillBusyError), turn(tmp_path, "mine", wait_seconds=0.1, progress=said.append):
            pytest.fail("two runs had the project at once")
    finally:
        process.communicate("")
    assert said == ["waiting for another run to finish (at most 0 s)"]


def test_a_state_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with (
        pytest.raises(ConfigError, match=r"the state directory .* cannot be made: .*; set SLUICE_STATE to another one"),
        turn(tmp_path / "state", "mine", wait_seconds=0, progress=lambda _: None),
    ):
        pytest.fail("there is no state directory")
