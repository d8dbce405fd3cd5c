"""What is being published: a note for each publish, from before its results are stored until they are on the index.

A publisher that is killed leaves its note behind, and the next one publishes what the note names. It does the same for
one that is still at work: a run that is published twice is the same run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from pydantic import TypeAdapter, ValidationError

from gx.docs.objects import JSON, Objects
from gx.docs.paths import PENDING, result_key, result_page

_PAGES = TypeAdapter(list[str])
_NOTES_AT_ONCE = 20
_FORGOTTEN_AFTER = timedelta(days=1)
"""A result that is not stored a day of runs later never will be: its publisher was killed before it could."""


@dataclass(frozen=True)
class Note:
    """A publish that has not ended, as it was read."""

    path: str
    version: str
    pages: tuple[str, ...]
    """Of the results that are to be published; see `gx.docs.paths.result_page`."""

    @property
    def results(self) -> list[ValidationResultIdentifier]:
        """The results that are to be published; whether they are stored is not known."""
        return [ValidationResultIdentifier.from_tuple(result_key(page)) for page in self.pages]


@dataclass(frozen=True)
class Pending:
    """The notes of a site."""

    objects: Objects

    def announce(self, results: Iterable[ValidationResultIdentifier]) -> None:
        """Write down what will be stored and published."""
        content = _PAGES.dump_json([result_page(key.to_tuple()) for key in results])
        self.objects.write(f"{PENDING}/{hashlib.sha256(content).hexdigest()[:32]}.json", content, JSON)

    def notes(self, limit: int | None = _NOTES_AT_ONCE) -> list[Note]:
        """The publishes that have not ended."""
        notes = []
        for path in list(self.objects.list(PENDING))[:limit]:
            stored = self.objects.read(path)
            try:
                pages = _PAGES.validate_json(stored.data) if stored else None
            except ValidationError:
                self.objects.delete(path)
                continue
            if stored is not None and pages is not None:
                notes.append(Note(path, stored.version, tuple(pages)))
        return notes

    def cross_out(self, note: Note, published: Collection[str], now: datetime) -> None:
        """Take from a note the pages that have been published, and those that will not come any more.

        Args:
            note: to be changed; deleted when nothing is left.
            published: pages.
            now: the time of the newest run that was published.
        """
        left = [
            page
            for page, result in zip(note.pages, note.results, strict=True)
            if page not in published and now - result.run_id.run_time < _FORGOTTEN_AFTER
        ]
        if not left:
            self.objects.delete(note.path)
        elif len(left) < len(note.pages):
            # Its own publisher may have ended it meanwhile: then it must not come back.
            self.objects.swap(note.path, _PAGES.dump_json(left), note.version)
