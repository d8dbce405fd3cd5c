"""The tables that people read, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.bench.checks import Data
from tests.bench.results import Cell, Outcome, Sample, Section, least, middle
from tests.bench.tools import CONTENDERS, LIMIT, Contender

_DATA = {
    Data.CLEAN: "clean",
    Data.VALUES: "values",
    Data.DUPLICATES: "duplicates",
}
_HEAD = """# What one validation costs

The same checks on the same table in the same DuckDB file, by every tool in turn (A B C A B C ...), each with the same
threads and memory. 1.00 is one hand-written SELECT that computes every number the checks need. Written by `make bench`
(`tests/bench/`), which anybody can run; absolute times are this machine's, ratios hold better.

![CPU of one validation as a multiple of the hand-written SELECT's](one-scan.svg)

- *Warm*: the validation alone, in a process that has validated before; CPU is user and system time of all threads.
- *Whole process*: from the start of a process to its end: `sluice check` (which also writes results, Data Docs, ledger
  and gate decision), `soda contract verify`, `dbt test`; a script for GX, pointblank and the SELECT, which have no
  such command. Peak memory is the resident set's.
- *Statements* name the table, as DuckDB's own query log has them; after a plus, those that read the catalogue.
  *Scans* are the table reads in the plans that DuckDB makes of them; it answers some questions from a column's
  statistics, without a scan.
- 12 checks: unique, 6 not-null, 2 accepted values, range, row count, sum. 1: not-null. 100: over 25 columns.
- Data: *clean*; *values*: 0.1 % of the rows break three of the checks, not the unique key (of one check: it);
  *duplicates*: the same, and 0.1 % repeat a key. A time counts only if the tool found exactly the checks that fail.
- What is done about a failure differs: GX's SUMMARY fetches samples of failing values; the others count or only say
  so, and sluice keeps no values.
- GX is validated with `Batch.validate`, the least it can do, on DuckDB with one correction without which it fails
  there (it reads a result after its connection went back to the pool). pointblank reaches DuckDB through
  Ibis, without extracts of failing rows (its default, and many times slower). dbt's checks beyond `unique`,
  `not_null` and `accepted_values` are generic tests of the project.
- DuckDB's file is opened read-only and stays open between warm repetitions. Medians; what was repeated too often for
  its time budget has fewer repetitions. *n/a*: not measured; *failed*: see the remarks.
"""


def markdown(sections: Sequence[Section]) -> str:
    """The whole page."""
    parts = [_HEAD]
    for section in sorted(sections, key=lambda each: -each.rows):
        parts += _section(section)
    return "\n".join(parts)


def terminal(section: Section) -> str:
    """The same tables without the page around them."""
    return "\n".join(_section(section))


def _section(section: Section) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(section.versions.items()))
    yield f"## {section.rows:,} rows\n"
    yield f"{section.date}; {section.machine}; {section.limits}.\n\n{versions}.\n"
    yield "CPU, warm, as a multiple of the SELECT's\n"
    yield _ratios(section, lambda outcome: middle(outcome.warm, _cpu))
    yield "Time, warm, as a multiple of the SELECT's\n"
    yield _ratios(section, lambda outcome: middle(outcome.warm, _wall))
    yield "Statements (+ catalogue) / scans\n"
    yield _table(section, _queries)
    if any(outcome.whole for cell in section.cells for outcome in cell.outcomes.values()):
        yield "Whole process: seconds, CPU seconds, peak MiB\n"
        yield _table(section, _whole)
    yield "Least CPU of any warm repetition (repetitions)\n"
    yield _table(section, _least)
    yield from _remarks(section)


def _ratios(section: Section, value: Callable[[Outcome], float | None]) -> str:
    def ratio(cell: Cell, outcome: Outcome) -> str:
        own, limit = value(outcome), value(cell.outcomes.get(LIMIT.name, Outcome()))
        if own is None:
            return _absent(outcome)
        return f"**{own / limit:.2f}** ({_seconds(own)})" if limit else _seconds(own)

    return _table(section, ratio)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _table(section: Section, text: Callable[[Cell, Outcome], str]) -> str:
    head = ["", *(_title(cell) for cell in section.cells)]
    lines = [head, ["---"] + ["---:"] * len(section.cells)]
    for contender in _contenders(section):
        outcomes = [(cell, cell.outcomes.get(contender.name, Outcome())) for cell in section.cells]
        lines.append([contender.title, *(text(cell, outcome) for cell, outcome in outcomes)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _contenders(section: Section) -> list[Contender]:
    measured = {name for cell in section.cells for name in cell.outcomes}
    return [contender for contender in CONTENDERS if contender.name in measured]


def _title(cell: Cell) -> str:
    return f"{cell.count} {'check' if cell.count == 1 else 'checks'}, {_DATA[cell.data]}"


def _queries(_cell: Cell, outcome: Outcome) -> str:
    if outcome.statements is None:
        return _absent(outcome)
    others = f" + {outcome.others}" if outcome.others else ""
    return f"{outcome.statements}{others} / {'not known' if outcome.scans is None else outcome.scans}"


def _whole(_cell: Cell, outcome: Outcome) -> str:
    wall, cpu, peak = (middle(outcome.whole, value) for value in (_wall, _cpu, _peak))
    if wall is None or cpu is None or peak is None:
        return _absent(outcome)
    return f"{wall:.2f} s, {cpu:.2f} s, {peak:.0f}"


def _least(_cell: Cell, outcome: Outcome) -> str:
    cpu = least(outcome.warm, _cpu)
    return _absent(outcome) if cpu is None else f"{_seconds(cpu)} ({len(outcome.warm)})"


def _absent(outcome: Outcome) -> str:
    return "failed" if outcome.error else "n/a"


def _remarks(section: Section) -> Iterator[str]:
    for cell in section.cells:
        for contender in _contenders(section):
            if error := cell.outcomes.get(contender.name, Outcome()).error:
                first = error.strip().splitlines()[0][:200]
                yield f"- {contender.title}, {_title(cell)}: {first}\n"


def _cpu(sample: Sample) -> float:
    return sample.cpu


def _wall(sample: Sample) -> float:
    return sample.wall


def _peak(sample: Sample) -> float:
    return sample.peak
