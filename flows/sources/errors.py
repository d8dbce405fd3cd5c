"""Errors of the sources and the ingest: one split, *transient* (try again) or *terminal* (a person must
act).
"""

from __future__ import annotations

from gx.errors import SluiceError


class SourceError(SluiceError):
    """A source, or the way from it to raw, did not work.

    Attributes:
        source: which one ("stripe", "postgres", "fivetran", "warehouse").
        transient: True when a retry may help: a network error, a timeout, a busy file.
    """

    def __init__(self, message: str, *, source: str, transient: bool) -> None:
        self.source = source
        self.transient = transient
        super().__init__(message)


class IngestError(SourceError):
    """An ingest did not complete; what it landed so far is named in the message."""


class EmulatorError(SourceError):
    """An embedded server did not come up, or stopped; the message ends with the tail of its log."""

    def __init__(self, message: str, *, source: str) -> None:
        super().__init__(message, source=source, transient=False)


def without_secret(text: str, *secrets: str | None) -> str:
    """`text` with every one of the secrets replaced by ***."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text
