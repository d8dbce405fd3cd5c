"""Where a site lies: a folder or a bucket, seen as named objects that are written whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

HTML = "text/html; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True)
class Stored:
    """An object as it was read."""

    data: bytes
    version: str
    """Of its content: two objects that hold the same have the same version. See `Objects.swap`."""


class Objects(Protocol):
    """Paths are relative, with ``/``. Every method may raise `gx.docs.errors.DataDocsError`: no access, no connection.

    A reader sees an object as it was before a write or after it, never a part of it.
    """

    @property
    def location(self) -> str:
        """Where this is, for people: a directory or an address."""

    def read(self, path: str) -> Stored | None:
        """The object, or None when there is none."""

    def write(self, path: str, data: bytes, content_type: str) -> None:
        """Write the object, whatever was there."""

    def swap(self, path: str, data: bytes, version: str | None) -> bool:
        """Write the object (JSON) if its version is still this one, or, for None, if there still is none.

        Returns:
            Whether it was written. Of several publishers that read one version, one succeeds.
        """

    def delete(self, path: str) -> None:
        """Delete the object, if there is one."""

    def has(self, path: str) -> bool:
        """Whether there is such an object."""

    def list(self, folder: str) -> Iterator[str]:
        """The paths of all objects in this folder and below, sorted."""
