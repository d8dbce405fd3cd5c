"""Pages for what a long result has too much of: its own page then lists, and these tell."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from gx.docs.pages import Outcome, ResultPage
from gx.docs.paths import link

WHOLE = 100
"""With up to so many expectations a result's page tells everything itself."""
TOLD_FIRST = 25
"""Of a longer result, so many that did not hold are told on its own page as well."""
LISTED = 4_000
"""At most so many expectations are listed there, one line each; the rest is on the further pages only."""
PER_PAGE = 200


@dataclass(frozen=True)
class Further:
    """The links from one page of a result to its further pages, if it has any, and what is told where."""

    links: tuple[str, ...] = ()
    told_first: int = TOLD_FIRST
    listed: int = LISTED
    per_page: int = PER_PAGE

    @classmethod
    def of(cls, page: ResultPage, path: str) -> Further:
        """The links of a result whose own page is at ``path``."""
        return cls(tuple(link(path, each) for each in detail_paths(path, len(page.outcomes))))


@dataclass(frozen=True)
class DetailsPage:
    """Some outcomes of a long result, in full."""

    result: ResultPage
    number: int
    pages: int
    start: int
    """The place of the first of them among all, from 0."""
    outcomes: Sequence[Outcome]


def detail_paths(path: str, total: int) -> tuple[str, ...]:
    """Where the further pages of a result are, from its own page's path and the number of its expectations."""
    pages = -(-total // PER_PAGE) if total > WHOLE else 0
    return tuple(islice(possible_paths(path), pages))


def possible_paths(path: str) -> Iterator[str]:
    """Where the further pages of a result are, however many there are; to find those that exist, take while they do."""
    # No name of a batch comes out like this, see `gx.docs.paths.encode`: each ~ it writes is closed by another.
    stem = posixpath.join(posixpath.dirname(path), f"~{hashlib.sha256(path.encode()).hexdigest()[:12]}")
    return (f"{stem}.{number}.html" for number in count(1))


def detail_pages(page: ResultPage, path: str) -> Iterator[tuple[str, DetailsPage]]:
    """The further pages of a result with their paths; none for a result that is short."""
    found = detail_paths(path, len(page.outcomes))
    for number, detail_path in enumerate(found):
        start = number * PER_PAGE
        outcomes = page.outcomes[start : start + PER_PAGE]
        yield detail_path, DetailsPage(page, number, len(found), start, outcomes)
