"""What must hold after every fault, read with plain SQL from the warehouse and from the ledger's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests.faults.shop import CHECKPOINTS, EXPECTATIONS, GATE, MODELS, ROWS, SCHEMAS, TABLES, Shop, flaws_seen_by

PASSING = ("passed", "warned")
RECORDED = ("ingests", "ingest_tables", "checkpoint_runs", "expectation_results", "row_counts", "gate_decisions")
"""The ledger's tables whose rows stay as they were once they are complete."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Seen:
    """What a reader sees of one layer at one moment; times and ingests of all rows of all its tables."""

    marks: frozenset[str]
    ingests: frozenset[str]
    flaws: frozenset[str]
    last_built: datetime
    rows: frozenset[int]


@dataclass
class Judge:
    """Looks at a project from outside.

    Attributes:
        clocks_agree: whether the times of ledger and warehouse can be compared.
        looks: how often it looked.
        loads: how many loads the warehouse told of, the last time.
    """

    shop: Shop
    clocks_agree: bool = True
    looks: int = 0
    loads: int = 0
    _before: dict[str, Rows] = field(default_factory=dict)

    def look(self) -> None:
        """Assert all of it."""
        self.looks += 1
        recorded = self.recorded()
        self._nothing_was_lost(recorded)
        with self.warehouse() as connection:
            names = _tables(connection)
            seen = {load: see(connection, load) for load in MODELS if any(name in names for name in TABLES[load])}
            loads = _rows(connection, "SELECT load, ingest, flaw, began_at FROM proof.loads") if _LOG in names else []
        verdicts = Verdicts(recorded)
        self.loads = len(loads)
        for load, ingest, flaw, began in loads:
            gate = GATE[load]
            assert flaw not in flaws_seen_by(gate), f"the load {load} read the {flaw} flaw of {ingest}"
            assert verdicts.passed(gate, ingest, ended_by=began if self.clocks_agree else None), (
                f"the load {load} of {ingest} began at {began} without a complete passing verdict of {gate}"
            )
        for load, layer in seen.items():
            self._is_published(load, layer, verdicts)

    def _is_published(self, load: str, layer: Seen, verdicts: Verdicts) -> None:
        judge_layer(load, layer)
        (ingest,) = layer.ingests
        began = layer.last_built if self.clocks_agree else None
        assert verdicts.passed(load, ingest, began_after=began), (
            f"readers see {load} of {ingest}, built at {began}, without a complete passing verdict on it"
        )

    def has(self, done: tuple[str, ...], ingest_id: str) -> None:
        """Assert that what a process had done before it died is recorded."""
        recorded = self.recorded()
        verdicts = Verdicts(recorded)
        for step in done:
            what, _, name = step.partition(" ")
            if what == "ingest":
                assert any(each == ingest_id and ended for each, ended in recorded["ingests"]), f"{step} is lost"
            elif what == "check":
                assert verdicts.of(name, ingest_id)[-1:] not in ([], [None]), f"{step} is lost"
            elif what == "publish" and verdicts.passed(name, ingest_id):
                assert self.published(name) == ingest_id, f"{step} is lost"

    def is_done(self, ingest_id: str) -> bool:
        """Whether readers see this ingest in every layer."""
        with self.warehouse() as connection:
            return all(see(connection, load).ingests == {ingest_id} for load in MODELS)

    def published(self, load: str) -> str:
        """The ingest that readers see in a layer."""
        with self.warehouse() as connection:
            (ingest,) = see(connection, load).ingests
        return ingest

    def verdicts(self) -> Verdicts:
        return Verdicts(self.recorded())

    def recorded(self) -> dict[str, Rows]:
        """Every row of the ledger."""
        url = self.shop.settings().ledger()
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            return {}
        with _connected(url) as connection:
            return {table: _rows(connection, f"SELECT {_COLUMNS[table]} FROM {table}") for table in RECORDED}

    @contextmanager
    def warehouse(self) -> Iterator[sa.Connection]:
        with _connected(self.shop.settings().warehouse()) as connection:
            yield connection

    def _nothing_was_lost(self, recorded: dict[str, Rows]) -> None:
        for table, rows in self._before.items():
            # A run or an ingest that had not ended may have since.
            lost = {row for row in rows if None not in row} - set(recorded[table])
            assert not lost, f"{len(lost)} rows of the ledger's {table} are gone: {sorted(map(str, lost))[:3]}"
        self._before = recorded


_LOG = "proof.loads"
_COLUMNS = {
    "ingests": "ingest_id, finished_at",
    "ingest_tables": "ingest_id, table_name, rows",
    "checkpoint_runs": "run_id, checkpoint, ingest_id, verdict, started_at, finished_at",
    "expectation_results": "run_id, position, table_name, expectation, CASE WHEN success THEN 1 ELSE 0 END",
    "row_counts": "run_id, table_name, row_count",
    "gate_decisions": "id, load, ingest_id, checkpoint, run_id, verdict, decision",
}


class Verdicts:
    """The checkpoint runs that the ledger has."""

    def __init__(self, recorded: dict[str, Rows]) -> None:
        self.runs = recorded.get("checkpoint_runs", [])
        self._held: dict[str, int] = {}
        for run_id, *_, success in recorded.get("expectation_results", []):
            self._held[run_id] = self._held.get(run_id, 0) + success

    def passed(
        self, checkpoint: str, ingest: str, *, ended_by: datetime | None = None, began_after: datetime | None = None
    ) -> bool:
        """Whether a run passed for this ingest, with every expectation of every table."""
        whole = EXPECTATIONS * len(TABLES[checkpoint])
        return any(
            (name, about) == (checkpoint, ingest)
            and verdict in PASSING
            and self._held.get(run_id) == whole
            and (ended_by is None or _time(ended) <= ended_by)
            and (began_after is None or _time(began) >= began_after)
            for run_id, name, about, verdict, began, ended in self.runs
        )

    def of(self, checkpoint: str, ingest: str) -> list[str | None]:
        """The verdicts of the runs for an ingest, in their order."""
        found = [(_time(run[4]), run[3]) for run in self.runs if run[1:3] == (checkpoint, ingest)]
        return [verdict for _, verdict in sorted(found, key=lambda each: each[0])]


def see(connection: sa.Connection, load: str) -> Seen:
    """Look at a layer as a reader does, in one statement."""
    parts = [f"SELECT '{name}' AS name, ingest, flaw, built_at, count(*) AS n FROM {name} GROUP BY 1, 2, 3, 4"
             for name in TABLES[load]]  # fmt: skip
    parts += [f"SELECT 'mark' AS name, ingest_id, '', built_at, 0 FROM {schema}.sluice_build"
              for schema in SCHEMAS[load]]  # fmt: skip
    found = _rows(connection, " UNION ALL ".join(parts))
    rows = [row for row in found if row[0] != "mark"]
    counted = dict.fromkeys(TABLES[load], 0)
    for name, *_, many in rows:
        counted[name] += many
    return Seen(
        marks=frozenset(str(row[1]) for row in found if row[0] == "mark"),
        ingests=frozenset(str(row[1]) for row in rows),
        flaws=frozenset(str(row[2]) for row in rows),
        last_built=max(_time(row[3]) for row in rows),
        rows=frozenset(counted.values()),
    )


def judge_layer(load: str, seen: Seen) -> None:
    """Assert that it is one whole ingest, the one its mark names, without a flaw that its checkpoint finds."""
    assert len(seen.ingests) == 1, f"{load} mixes {sorted(seen.ingests)}"
    assert seen.marks == seen.ingests, f"{load} says it is {sorted(seen.marks)} and is {sorted(seen.ingests)}"
    assert seen.rows == {ROWS}, f"the tables of {load} have {sorted(seen.rows)} rows"
    bad = seen.flaws & set(CHECKPOINTS[: CHECKPOINTS.index(load) + 1])
    assert not bad, f"readers of {load} see a flaw that its checkpoint finds: {sorted(bad)}"


@contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    # Read-only: whoever opens a DuckDB file to write mends what a dead process left, and the next run is to do that.
    arguments = {"read_only": True} if url.get_backend_name() == "duckdb" else {}
    engine = sa.create_engine(url, poolclass=NullPool, connect_args=arguments)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _rows(connection: sa.Connection, query: str) -> Rows:
    return [tuple(row) for row in connection.execute(sa.text(query))]


def _tables(connection: sa.Connection) -> set[str]:
    return {f"{schema}.{name}" for schema, name in _rows(
        connection, "SELECT table_schema, table_name FROM information_schema.tables"
    )}  # fmt: skip


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
