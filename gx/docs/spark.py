"""A table's last runs as a small picture: how each came out, and under it how many rows there were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from gx.docs.pages import Verdict
from gx.docs.records import RUNS_SHOWN, RunMark

_STEP = 5
_HEIGHTS = {Verdict.PASSED: 5, Verdict.WARNED: 9, Verdict.FAILED: 14, Verdict.ERRORED: 14}
_FLOOR = 15
_LINE_TOP, _LINE_BOTTOM = 20, 31


class Spark(BaseModel):
    """The picture, of so many runs as there are; the newest on the right."""

    model_config = ConfigDict(frozen=True)

    bars: tuple[tuple[Verdict, str], ...]
    """For each verdict the path of its bars."""
    line: str
    """The points of the line of row counts; empty when there are fewer than two."""
    label: str
    """The same in words."""
    width: ClassVar[int] = RUNS_SHOWN * _STEP
    height: ClassVar[int] = _LINE_BOTTOM + 1


def spark(marks: Sequence[RunMark]) -> Spark:
    """The picture of these runs, the oldest first."""
    shown = marks[-RUNS_SHOWN:]
    at = [(RUNS_SHOWN - len(shown) + number) * _STEP + 2 for number in range(len(shown))]
    bars: dict[Verdict, str] = {}
    for x, mark in zip(at, shown, strict=True):
        bars[mark.verdict] = bars.get(mark.verdict, "") + f"M{x} {_FLOOR}v-{_HEIGHTS[mark.verdict]}"
    counts = Counter(mark.verdict for mark in shown)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    return Spark(
        bars=tuple(bars.items()),
        line=_line([(x, mark.rows) for x, mark in zip(at, shown, strict=True) if mark.rows is not None]),
        label=f"last {len(shown)} runs: {said}",
    )


def _line(points: Sequence[tuple[int, int]]) -> str:
    if len(points) < 2:
        return ""
    rows = [count for _, count in points]
    spread = max(rows) - min(rows)
    height = _LINE_BOTTOM - _LINE_TOP

    def y(count: int) -> float:
        return round(_LINE_BOTTOM - (count - min(rows)) * height / spread, 1) if spread else (_LINE_BOTTOM - height / 2)

    return " ".join(f"{x},{y(count):g}" for x, count in points)
