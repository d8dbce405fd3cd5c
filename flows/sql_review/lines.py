"""Which line of a model's file a line of its compiled SQL came from.

Neither Jinja nor dbt tells. Lines that are the same on both sides are taken for each other, in order; what lies
between two such pairs was made by what lies between them in the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from difflib import SequenceMatcher

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_LEAST_KNOWN = 3
"""Characters of a line beside its placeholders, for it to be known again."""
_TOO_LONG = 5_000
"""Lines. Matching takes time that grows faster than they do; the file of a model has some hundred."""


@dataclass(frozen=True)
class Place:
    """Where something is: 1-based line and column; ``exact`` unless only the neighbourhood is known."""

    line: int
    column: int
    exact: bool


class LineMap:
    """From offsets in a text that was made to places in the text it was made of."""

    def __init__(self, made: str, source: str) -> None:
        self._starts = [0, *(index + 1 for index, character in enumerate(made) if character == "\n")]
        self._made = made.split("\n")
        self._source = source.split("\n")
        self._lines = _matched(self._made, self._source)

    def place(self, offset: int) -> Place:
        """The place of the character at this offset."""
        index = bisect_right(self._starts, offset) - 1
        column = offset - self._starts[index]
        line = self._lines[index]
        start = self._made[index][: column + 1]
        if self._source[line].startswith(start):
            return Place(line + 1, column + 1, exact=True)
        stripped = start.lstrip()
        if stripped and (found := self._source[line].find(stripped)) >= 0:
            return Place(line + 1, found + len(stripped), exact=True)
        return Place(line + 1, 1, exact=False)

    def start(self, word: str) -> Place:
        """The first place of a word in the source; its first line if it is nowhere."""
        for number, line in enumerate(self._source, start=1):
            if (column := line.find(word)) >= 0:
                return Place(number, column + 1, exact=True)
        return Place(1, 1, exact=False)


def _matched(made: list[str], source: list[str]) -> list[int]:
    """For each line that was made, the 0-based line of the source."""
    if made == source:
        return list(range(len(made)))
    last = len(source) - 1
    if max(len(made), len(source)) > _TOO_LONG:
        return [min(index, last) for index in range(len(made))]
    lines = [-1] * len(made)
    left, right = [line.strip() for line in made], [line.strip() for line in source]
    matcher = SequenceMatcher(lambda line: not line, left, right, autojunk=False)
    done, source_done = 0, 0
    for block in matcher.get_matching_blocks():
        for step, ahead in enumerate(_filled_in(left[done : block.a], right[source_done : block.b])):
            lines[done + step] = min(source_done + ahead, last)
        for step in range(block.size):
            lines[block.a + step] = block.b + step
        done, source_done = block.a + block.size, block.b + block.size
    return lines


def _filled_in(made: list[str], source: list[str]) -> list[int]:
    """For each line between two pairs, which of the source's lines there it is with its placeholders filled in."""
    if len(made) == len(source):
        return list(range(len(made)))
    patterns = [_pattern(line) for line in source]
    found, next_one = [], 0
    for line in made:
        matches = (
            index for index in range(next_one, len(source)) if (known := patterns[index]) and known.fullmatch(line)
        )
        index = next(matches, None)
        found.append(next_one if index is None else index)
        next_one = next_one if index is None else index + 1
    return [min(index, max(len(source) - 1, 0)) for index in found]


def _pattern(line: str) -> re.Pattern[str] | None:
    parts = _PLACEHOLDER.split(line)
    if len("".join(parts).replace(" ", "")) < _LEAST_KNOWN:
        return None
    return re.compile(".*".join(re.escape(part) for part in parts))
