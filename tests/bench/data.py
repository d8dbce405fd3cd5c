"""Make the table of charges: ``python -m tests.bench.data FILE ROWS DATA``.

A process of its own, so that the benchmark's stays small: a child's peak memory counts what its parent had when it
was started. Every value follows from the row's number.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from tests.bench.checks import CATEGORIES, CURRENCIES, LENGTHS, NUMBERS, STATUSES, Data
from tests.bench.task import TABLE

EVERY = 1000
"""One row in so many is wrong: 0.1 %. Small tables have one wrong row."""


def make(file: Path, rows: int, data: Data) -> None:
    """Write the table to a new DuckDB file; complete or not at all."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with duckdb.connect(str(unfinished)) as connection:
        connection.execute(_statement(data), {"rows": rows})
        connection.execute("CHECKPOINT")
    unfinished.rename(file)


def _statement(data: Data) -> str:
    wrong = f"i % {EVERY} = 7" if data is not Data.CLEAN else "false"
    # The row after a round number repeats the key of the round number.
    key = f"i - (i % {EVERY} = 1)::int" if data is Data.DUPLICATES else "i"
    columns = {
        **{name: _text(name, key, length) for name, length in LENGTHS.items()},
        **{name: f"(hash(i, {at}) % {largest + 1})::bigint" for at, (name, largest) in enumerate(NUMBERS.items())},
        "currency": _one_of(CURRENCIES, "currency"),
        "status": _one_of(STATUSES, "status"),
        **{name: _one_of(values, name) for name, values in CATEGORIES.items()},
        "created": "timestamp '2025-01-01' + to_seconds(i % 31536000)",
        "synced": "timestamp '2026-01-01' + to_seconds(i // 10000)",
    }
    columns["customer_id"] = f"CASE WHEN {wrong} THEN NULL ELSE {columns['customer_id']} END"
    columns["currency"] = f"CASE WHEN {wrong} THEN 'xxx' ELSE {columns['currency']} END"
    columns["amount_cents"] = f"CASE WHEN {wrong} THEN -1 ELSE {columns['amount_cents']} END"
    listed = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    return f"CREATE TABLE {TABLE} AS SELECT {listed} FROM range($rows) numbers(i)"


def _text(name: str, key: str, length: int) -> str:
    halves = " || ".join(f"lpad(to_hex(hash({key}, '{name}{half}')), 16, '0')" for half in range(1 + (length > 19)))
    return f"left('{name[:2]}_' || {halves}, {length})"


def _one_of(values: tuple[str, ...], salt: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"[{listed}][1 + (hash(i, '{salt}') % {len(values)})::int]"


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), Data(sys.argv[3]))
