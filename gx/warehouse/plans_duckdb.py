"""DuckDB's ``EXPLAIN (FORMAT JSON)``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gx.warehouse.plan_facts import NestedLoop, Node, Plan, TableScan

PREFIX = "EXPLAIN (FORMAT JSON) "
_LOOPS = ("NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT")
_TABLES = sa.table(
    "duckdb_tables", *(sa.column(name) for name in ("database_name", "schema_name", "table_name", "estimated_size"))
)


def read(rows: Sequence[Any], connection: Connection) -> Plan:
    """The plan in the rows that the statement gave."""
    roots = [node for row in rows if row[0] == "physical_plan" for node in json.loads(row[1])]
    steps = [step for root in roots for step in _steps(root)]
    loops = [NestedLoop(step["name"], _inputs(step)) for step in steps if step["name"].strip() in _LOOPS]
    # With a filter of its own a scan skips the row groups whose statistics rule it out.
    named = [
        (step["name"].strip(), str(info["Table"]))
        for step in steps
        if (info := step.get("extra_info") or {}).get("Table") and not info.get("Filters")
    ]
    sizes = _sizes(connection) if named else {}
    return Plan(tuple(loops), tuple(TableScan(name, table, sizes.get(table)) for name, table in named))


def _steps(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children") or ():
        yield from _steps(child)


def _inputs(node: Node) -> tuple[float, float] | None:
    estimates = [_rows(child) for child in node.get("children") or ()]
    return (estimates[0] or 0.0, estimates[1] or 0.0) if len(estimates) == 2 and None not in estimates else None


def _rows(node: Node) -> float | None:
    """A step's estimate; a step without one takes its input's."""
    estimate = (node.get("extra_info") or {}).get("Estimated Cardinality")
    if estimate is not None:
        return float(estimate)
    known = [rows for child in node.get("children") or () if (rows := _rows(child)) is not None]
    return max(known) if known else None


def _sizes(connection: Connection) -> dict[str, float]:
    found = {}
    for database, schema, name, size in connection.execute(sa.select(_TABLES)):
        for spelled in (f"{database}.{schema}.{name}", f"{schema}.{name}", name):
            found[spelled] = float(size)
    return found
