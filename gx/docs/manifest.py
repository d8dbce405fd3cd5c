"""The site's memory on disk: an append-only manifest, and the roll-up that is folded from it.

The manifest is the truth. The roll-up says how much of it is folded in, so a publish reads only what was
appended since: normally its own lines, and after a kill also those whose roll-up was never written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from gx.docs.errors import SiteLockedError
from gx.docs.records import RollUp, RunRecord
from gx.docs.storage import atomic_write

_LOG = logging.getLogger(__name__)


class Manifest:
    """The manifest of one site directory. `append`, `replace` and `roll_up` are called while `locked`."""

    def __init__(self, site: Path, *, lock_timeout: float = 60.0) -> None:
        """``lock_timeout``: seconds to wait for other publishers before giving up."""
        self._folder = site / "manifest"
        self._runs = self._folder / "runs.jsonl"
        self._roll_up = self._folder / "roll_up.json"
        self._lock_timeout = lock_timeout

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other publishers, in this process and in others, out.

        Raises:
            SiteLockedError: another publisher did not finish within the time allowed.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._folder / ".lock"
        try:
            with FileLock(lock, timeout=self._lock_timeout):
                yield
        except Timeout:
            raise SiteLockedError(
                f"the Data Docs in {self._folder.parent} were locked by another publisher for more than "
                f"{self._lock_timeout:g} s; the pages are written, the index is not: publish again"
            ) from None

    def append(self, records: Sequence[RunRecord]) -> None:
        """Add one line per run; when this returns, they are on disk."""
        lines = b"".join(_line(record) for record in records)
        with self._runs.open("ab+") as file:
            if file.tell() and not _ends_with_newline(file.fileno(), file.tell()):
                lines = b"\n" + lines  # a line torn by a kill or a full disk stays apart
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, records: Sequence[RunRecord]) -> None:
        """Rewrite the manifest: these runs, and those it has that are not among them. Reads all of it."""
        known = {record.path: record for record, _ in self._read_from(0)}
        known.update((record.path, record) for record in records)
        ordered = sorted(known.values(), key=lambda record: (record.time, record.path))
        self._roll_up.unlink(missing_ok=True)
        atomic_write(self._runs, b"".join(_line(record) for record in ordered))

    def roll_up(self) -> RollUp:
        """Fold in what was appended since the roll-up was last written, and write it."""
        state = self._load()
        folded = state
        for record, consumed in self._read_from(state.consumed):
            folded = folded.with_run(record).model_copy(update={"consumed": consumed})
        if folded is not state:
            atomic_write(self._roll_up, folded.model_dump_json())
        return folded

    def _load(self) -> RollUp:
        try:
            state = RollUp.model_validate_json(self._roll_up.read_bytes())
        except FileNotFoundError:
            return RollUp()
        except ValidationError as error:
            _LOG.warning("%s is not readable (%s); it is made anew from %s", self._roll_up, error, self._runs)
            return RollUp()
        size = self._runs.stat().st_size if self._runs.exists() else 0
        return state if state.consumed <= size else RollUp()

    def _read_from(self, offset: int) -> Iterable[tuple[RunRecord, int]]:
        if not self._runs.exists():
            return
        with self._runs.open("rb") as file:
            file.seek(offset)
            for line in file:
                offset += len(line)
                if not line.endswith(b"\n"):
                    return  # torn: nothing may count it as read
                if not line.strip():
                    continue
                try:
                    yield RunRecord.model_validate_json(line), offset
                except ValidationError:
                    _LOG.warning("%s: a line before byte %d is not readable and is skipped", self._runs, offset)


def _line(record: RunRecord) -> bytes:
    return record.model_dump_json().encode() + b"\n"


def _ends_with_newline(descriptor: int, size: int) -> bool:
    return os.pread(descriptor, 1, size - 1) == b"\n"
