"""What can go wrong while Data Docs are published. None of it changes a verdict."""

from __future__ import annotations

from gx.errors import SluiceError


class DataDocsError(SluiceError):
    """Data Docs could not be published, or not completely; says what is missing and what to do.

    Attributes:
        index: where the front page is, if it was published all the same.
    """

    def __init__(self, message: str, *, index: str | None = None) -> None:
        self.index = index
        super().__init__(message)


class SiteBusyError(DataDocsError):
    """Other publishers kept changing or locking the site for longer than a publish should take."""

    transient = True


class StorageError(DataDocsError):
    """The storage of the site did not do what it was asked."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)
