"""Runs of several machines that share a ledger take turns."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from checkpoints.ledger.schema import metadata
from checkpoints.ledger.turns import OtherRunError

pytestmark = pytest.mark.postgres
_HOLD = """
import sys, time
from sqlalchemy.engine import make_url
from checkpoints.ledger import Ledger
with Ledger(make_url(sys.argv[1]), gate_valid_hours=1).turn(5, lambda: None):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def shared(ledger_server: URL) -> Iterator[URL]:
    yield ledger_server
    engine = sa.create_engine(ledger_server)
    metadata.drop_all(engine)
    engine.dispose()


def _ledger(url: URL) -> Ledger:
    return Ledger(url, gate_valid_hours=1)


def test_a_second_run_waits_for_the_first_and_no_longer_than_it_may(shared: URL) -> None:
    said: list[str] = []
    second_turn = _ledger(shared).turn(1, lambda: said.append("waiting"))
    with (
        _ledger(shared).turn(1, lambda: None),
        pytest.raises(OtherRunError, match="still uses the ledger after 1 s"),
        second_turn,
    ):
        raise AssertionError("two at once")
    assert said == ["waiting"]
    order: list[str] = []

    def second() -> None:
        with _ledger(shared).turn(20, lambda: order.append("second waits")):
            order.append("second")

    with _ledger(shared).turn(1, lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(1)
        order.append("first ends")
    thread.join()
    assert order == ["second waits", "first ends", "second"]


def test_the_turn_of_a_killed_run_is_free_again(shared: URL) -> None:
    url = shared.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", _HOLD, url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    with _ledger(shared).turn(10, lambda: None):
        pass


def test_a_turn_keeps_nobody_from_reading_or_writing(shared: URL) -> None:
    with _ledger(shared).turn(1, lambda: None):
        _ledger(shared).latest_ingest()
