"""Whatever is wrong with the ledger, its gates are closed and somebody is told why."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

import checkpoints.ledger.connection as connection_module
from checkpoints.gate import Gate
from checkpoints.ledger import Ledger, LedgerError
from tests.checkpoints.ledger.spoiled import SPOILED, locked, write_open_gate
from tests.checkpoints.runs import NOON

SECRET = "s3cr3t-marker"


def ask(url: URL | Path) -> Gate | str:
    """The gate, or why the ledger could not say."""
    ledger = Ledger(url if isinstance(url, URL) else make_url(f"sqlite:///{url}"), gate_valid_hours=24)
    try:
        return ledger.gate("marts", ["staging"], ingest_id=None, now=NOON)
    except LedgerError as error:
        return str(error)
    finally:
        ledger.close()


def closed_because(answer: Gate | str) -> str:
    """The reason; fails if the gate is open."""
    if isinstance(answer, Gate):
        assert not answer.is_open
        return "; ".join(answer.reasons)
    return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir()
    write_open_gate(directory / "ledger.sqlite")
    answer = ask(directory / "ledger.sqlite")
    assert isinstance(answer, Gate)
    assert answer.is_open
    return directory / "ledger.sqlite"


@pytest.mark.parametrize("how", SPOILED)
def test_a_ledger_that_went_bad_closes_its_gates_with_a_reason(file: Path, how: str) -> None:
    spoil, reason = SPOILED[how]
    spoil(file)
    told = closed_because(ask(file))
    assert reason in told
    assert "\n" not in told


def test_a_ledger_of_another_version_is_left_as_it_is(file: Path) -> None:
    SPOILED["a newer version"][0](file)
    before = file.read_bytes()
    assert "use the sluice that wrote it" in closed_because(ask(file))
    assert file.read_bytes() == before


def test_a_locked_ledger_closes_its_gates_after_a_bounded_wait(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_BUSY_SECONDS", 1)
    with locked(file):
        assert "database is locked" in closed_because(ask(file))
    answer = ask(file)
    assert isinstance(answer, Gate)
    assert answer.is_open


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[Path]:
    """A directory that other users may look into, unlike pytest's."""
    directory = Path(tempfile.mkdtemp(prefix="sluice-test-ledger-"))
    directory.chmod(0o755)
    yield directory
    directory.chmod(0o755)
    shutil.rmtree(directory)


def asked_without_rights(file: Path) -> tuple[bool, str]:
    """What a process hears that is nobody in particular; root may do everything."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            answer = ask(file)
            text = "open" if isinstance(answer, Gate) and answer.is_open else closed_because(answer)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
            text = f"raised {type(error).__name__}: {error}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    text = os.fdopen(reading).read()
    os.waitpid(child, 0)
    return text == "open", text


def test_a_read_only_directory_never_opens_a_gate(open_to_all: Path) -> None:
    file = open_to_all / "ledger.sqlite"
    write_open_gate(file)
    file.chmod(0o444)
    open_to_all.chmod(0o555)
    is_open, reason = asked_without_rights(file)
    assert not is_open
    assert "the ledger sqlite:" in reason
    assert not reason.startswith("raised")


@pytest.mark.parametrize(("mode", "told"), [(0o000, "the ledger sqlite:"), (0o444, "the ledger sqlite:")])
def test_a_directory_or_file_that_may_not_be_read_never_opens_a_gate(open_to_all: Path, mode: int, told: str) -> None:
    file = open_to_all / "ledger.sqlite"
    write_open_gate(file)
    if mode == 0o000:
        file.chmod(0o000)
    else:
        open_to_all.chmod(0o444)  # its names may be listed, its files may not be reached
    is_open, reason = asked_without_rights(file)
    assert not is_open
    assert told in reason
    assert not reason.startswith("raised")


def test_a_ledger_in_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    ledger = Ledger(make_url(f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}"), gate_valid_hours=1)
    with pytest.raises(LedgerError, match="cannot be used"):
        ledger.begin_ingest("ingest-1", "test", NOON)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_a_server_that_cannot_be_reached_closes_the_gate_and_keeps_its_password(host: str) -> None:
    url = make_url(f"postgresql://me:{SECRET}@{host}/db?connect_timeout=2&sslpassword={SECRET}2")
    told = closed_because(ask(url))
    assert "the ledger postgresql://me:***@" in told
    assert SECRET not in told
