"""What can go wrong while Data Docs are published. None of it changes a verdict."""

from __future__ import annotations

from gx.errors import SluiceError


class DataDocsError(SluiceError):
    """Data Docs could not be published, or not completely; says what is missing and what to do."""


class SiteLockedError(DataDocsError):
    """Another process held the site's lock for longer than a publish should take."""

    transient = True
