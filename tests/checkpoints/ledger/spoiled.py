"""SQLite ledgers whose gate was open, and that then went bad in one way each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from tests.checkpoints.runs import NOON, record, run_of

Spoiler = Callable[[Path], None]


def write_open_gate(file: Path, load: str = "marts", checkpoint: str = "staging", hours: float = 24) -> None:
    """A ledger in which the load's gate is open at noon for ``ingest-1``, the only ingest."""
    ledger = Ledger(make_url(f"sqlite:///{file}"), gate_valid_hours=hours)
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.PASSED, checkpoint=checkpoint), load)
    ledger.close()
    assert sorted(file.parent.glob(f"{file.name}*")) == [file]  # closed properly: no journal beside it


def statement(sql: str) -> Spoiler:
    def spoil(file: Path) -> None:
        connection = sqlite3.connect(file)
        connection.executescript(sql)
        connection.close()

    return spoil


def with_bytes(change: Callable[[bytes], bytes]) -> Spoiler:
    def spoil(file: Path) -> None:
        file.write_bytes(change(file.read_bytes()))

    return spoil


def directory_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()


def file_instead_of_its_directory(file: Path) -> None:
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("in the way")


# Name: how it goes bad, and what the reason must say.
SPOILED: dict[str, tuple[Spoiler, str]] = {
    "no database": (with_bytes(lambda _: b"this is no database, whatever its name says"), "not a database"),
    "torn in the middle": (with_bytes(lambda data: data[:9000] + b"\xff" * (len(data) - 9000)), "malformed"),
    "emptied": (with_bytes(lambda _: b""), "nothing has been ingested"),
    "a directory": (directory_instead, "unable to open"),
    "a file where its directory should be": (file_instead_of_its_directory, ""),
    "a newer version": (statement("update schema_version set version = 99"), "schema version 99"),
    "two versions": (statement("insert into schema_version values (99)"), "schema version 99"),
    "another program's": (
        statement("drop table schema_version; create table schema_version (id text)"), "no such column",
    ),
    "a table is gone": (statement("drop table gate_decisions"), "no such table"),
    "a column is gone": (statement("alter table gate_decisions drop column decision"), "no such column"),
    "reasons are no JSON": (statement("update gate_decisions set reasons = 'so'"), "no record"),
    "reasons are null": (statement("update gate_decisions set reasons = 'null'"), "no record"),
    "times are no times": (statement("update gate_decisions set valid_until = 'for ever'"), "no record"),
    "a decision of another word": (statement("update gate_decisions set decision = 'OPEN'"), "staging passed"),
    "decisions are gone": (statement("delete from gate_decisions"), "has not been run"),
    "decisions are another ingest's": (statement("update gate_decisions set ingest_id = 'x'"), "has not been run"),
    "ingests are gone": (statement("delete from ingests"), "nothing has been ingested"),
}  # fmt: skip


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Meanwhile another process keeps the file to itself."""
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("pragma locking_mode = exclusive")
    holder.execute("begin exclusive")
    try:
        yield
    finally:
        holder.close()
