"""What was measured, and its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.checks import Data


@dataclass(frozen=True)
class Sample:
    """One repetition; seconds, and MiB where it was a whole process."""

    wall: float
    cpu: float
    peak: float = 0.0


@dataclass
class Outcome:
    """One tool in one cell.

    Attributes:
        statements: that name the table, in one warm validation; None: not known.
        others: further statements (catalogue, reflection).
        scans: of the table.
        error: why there is no figure, or no further one.
    """

    warm: list[Sample] = field(default_factory=list)
    whole: list[Sample] = field(default_factory=list)
    statements: int | None = None
    others: int | None = None
    scans: int | None = None
    error: str | None = None


@dataclass
class Cell:
    """All tools, by name, on the same data with the same checks."""

    count: int
    data: Data
    outcomes: dict[str, Outcome]


@dataclass
class Section:
    """One table size, measured in one run.

    Attributes:
        versions: of every package that took part; ``python`` is among them.
    """

    rows: int
    date: str
    machine: str
    limits: str
    versions: dict[str, str]
    cells: list[Cell]

    def cell(self, count: int, data: Data) -> Cell | None:
        """The cell of so many checks on that data, if it was measured."""
        return next((cell for cell in self.cells if (cell.count, cell.data) == (count, data)), None)


Value = Callable[[Sample], float]


def middle(samples: Sequence[Sample], value: Value) -> float | None:
    """The median; None without samples."""
    return median(value(sample) for sample in samples) if samples else None


def least(samples: Sequence[Sample], value: Value) -> float | None:
    """The least; None without samples."""
    return min((value(sample) for sample in samples), default=None)


def read(file: Path) -> list[Section]:
    """The sections of a file, by rows; none if there is no file."""
    if not file.exists():
        return []
    return [_section(section) for section in json.loads(file.read_text(encoding="utf-8"))]


def write(file: Path, sections: Sequence[Section]) -> None:
    """Write them all."""
    ordered = sorted(sections, key=lambda section: section.rows)
    file.write_text(json.dumps([asdict(section) for section in ordered], indent=1), encoding="utf-8")


def _section(fields: dict[str, Any]) -> Section:
    return Section(**{**fields, "cells": [_cell(cell) for cell in fields["cells"]]})


def _cell(fields: dict[str, Any]) -> Cell:
    outcomes = {name: _outcome(outcome) for name, outcome in fields["outcomes"].items()}
    return Cell(fields["count"], Data(fields["data"]), outcomes)


def _outcome(fields: dict[str, Any]) -> Outcome:
    samples = {kind: [Sample(**sample) for sample in fields[kind]] for kind in ("warm", "whole")}
    return Outcome(**{**fields, **samples})
