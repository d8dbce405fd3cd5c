"""Objects in a directory: each a file, replaced in one step."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gx.docs.errors import SiteBusyError, StorageError
from gx.docs.objects import Stored

_COUNTER = itertools.count()
_TEMPORARY = ".tmp-"


class Folder:
    """See `gx.docs.objects.Objects`. Processes of one machine, or of several that share the directory, may use it."""

    def __init__(self, directory: Path, *, lock_timeout: float = 60.0) -> None:
        """``lock_timeout``: seconds to wait for others that swap an object of the same folder."""
        self.directory = directory
        self._lock_timeout = lock_timeout

    @property
    def location(self) -> str:
        return str(self.directory)

    def read(self, path: str) -> Stored | None:
        with _told():
            try:
                data = (self.directory / path).read_bytes()
            except FileNotFoundError:
                return None
        return Stored(data, hashlib.blake2b(data, digest_size=16).hexdigest())

    def write(self, path: str, data: bytes, content_type: str) -> None:
        with _told():
            atomic_write(self.directory / path, data)

    def swap(self, path: str, data: bytes, version: str | None) -> bool:
        file = self.directory / path
        try:
            with _told(), self._locked(file.parent):
                now = self.read(path)
                if (now.version if now else None) != version:
                    return False
                atomic_write(file, data)
                return True
        except Timeout:
            raise SiteBusyError(
                f"another process has had {file.parent} locked for more than {self._lock_timeout:g} s; "
                "end it, or try again later"
            ) from None

    def _locked(self, folder: Path) -> FileLock:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / ".lock", timeout=self._lock_timeout, poll_interval=0.01)

    def delete(self, path: str) -> None:
        with _told():
            (self.directory / path).unlink(missing_ok=True)

    def has(self, path: str) -> bool:
        return (self.directory / path).is_file()

    def list(self, folder: str) -> Iterator[str]:
        found: list[str] = []
        for root, _, names in os.walk(self.directory / folder):
            parent = Path(root).relative_to(self.directory)
            found.extend(str(parent / name) for name in names if not name.startswith("."))
        return iter(sorted(found))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Timeout:
        raise  # an OSError too
    except OSError as error:
        raise StorageError(f"the site cannot be used: {error.strerror or error}: {error.filename}") from None


def atomic_write(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by ``content`` in one step: a reader sees the old file or the new one, never a part.

    Text is written as UTF-8; a lone surrogate, which UTF-8 cannot carry, becomes a question mark.
    """
    data = content.encode(errors="replace") if isinstance(content, str) else content
    # Unique among the processes and threads that are writing now; a leftover of a killed one is overwritten.
    temporary = path.parent / f"{_TEMPORARY}{os.getpid()}-{threading.get_ident()}-{next(_COUNTER)}"
    try:
        try:
            temporary.write_bytes(data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_temporary(name: str) -> bool:
    """Whether this is the name of a file that is still being written, or whose writer was killed."""
    return name.startswith(_TEMPORARY)
