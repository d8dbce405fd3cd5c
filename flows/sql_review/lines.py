"""Which line of a model's file a line of its compiled SQL came from.

Neither Jinja nor dbt tells. Lines that are the same on both sides are taken for each other, in order; what lies
between two such pairs was made by what lies between them in the file.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from difflib import SequenceMatcher

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
        gap, source_gap = block.a - done, block.b - source_done
        for step in range(gap):
            # As many on both sides: each is its neighbour with a placeholder filled in. Otherwise spread over the gap.
            ahead = step if gap == source_gap else step * source_gap // gap
            lines[done + step] = min(max(source_done + ahead, 0), last)
        for step in range(block.size):
            lines[block.a + step] = block.b + step
        done, source_done = block.a + block.size, block.b + block.size
    return lines
