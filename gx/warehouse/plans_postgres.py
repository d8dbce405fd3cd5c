"""PostgreSQL's ``EXPLAIN (FORMAT JSON, VERBOSE)``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gx.warehouse.plan_facts import NestedLoop, Node, Plan, TableScan

PREFIX = "EXPLAIN (FORMAT JSON, VERBOSE) "
_LOOKUPS = ("Index Scan", "Index Only Scan", "Memoize", "Bitmap Heap Scan")
"""Inner sides of a nested loop that find a row's partners without looking at all rows."""
_CLASSES = sa.table(
    "pg_class", *(sa.column(name) for name in ("relname", "relnamespace", "reltuples")), schema="pg_catalog"
)
_SCHEMAS = sa.table("pg_namespace", sa.column("oid"), sa.column("nspname"), schema="pg_catalog")


def read(rows: Sequence[Any], connection: Connection) -> Plan:
    """The plan in the rows that the statement gave."""
    document = json.loads(rows[0][0]) if isinstance(rows[0][0], str) else rows[0][0]
    root: Node = document[0]["Plan"]
    steps = list(_steps(root))
    scans = [step for step in steps if step["Node Type"] == "Seq Scan"]
    sizes = _sizes({step["Relation Name"] for step in scans}, connection) if scans else {}
    found = [TableScan("Seq Scan", f"{step['Schema']}.{step['Relation Name']}", _size(step, sizes)) for step in scans]
    hashed = json.dumps(document)  # a sub-plan that is hashed runs once; the expression that uses it says so
    loops = [loop for step in steps for loop in _loops(step, sizes, hashed)]
    return Plan(tuple(loops), tuple(found))


def _steps(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans") or ():
        yield from _steps(child)


def _loops(step: Node, sizes: dict[tuple[str, str], float], hashed: str) -> Iterator[NestedLoop]:
    children = step.get("Plans") or []
    if step["Node Type"] == "Nested Loop":
        outer, inner = [child for child in children if child.get("Parent Relationship") in ("Outer", "Inner")]
        if not _is_lookup(inner):
            yield NestedLoop("Nested Loop", (float(outer["Plan Rows"]), _read_rows(inner, sizes)))
    for child in children:
        name = str(child.get("Subplan Name") or "")
        if child.get("Parent Relationship") != "SubPlan" or f"hashed {name}" in hashed:
            continue
        if any(inner["Node Type"] == "Seq Scan" for inner in _steps(child)):
            yield NestedLoop(f"{name} for each row", (float(step["Plan Rows"]), _read_rows(child, sizes)))


def _is_lookup(node: Node) -> bool:
    return node["Node Type"] in _LOOKUPS


def _read_rows(node: Node, sizes: dict[tuple[str, str], float]) -> float:
    """The most rows that a step, or one below it, goes through."""
    own = _size(node, sizes) if node["Node Type"] == "Seq Scan" else None
    return max([own or float(node["Plan Rows"]), *(_read_rows(child, sizes) for child in node.get("Plans") or ())])


def _size(scan: Node, sizes: dict[tuple[str, str], float]) -> float:
    # What is planned is what passes the filter; what is read is the table.
    return max(sizes.get((scan["Schema"], scan["Relation Name"]), 0.0), float(scan["Plan Rows"]))


def _sizes(names: set[str], connection: Connection) -> dict[tuple[str, str], float]:
    query = (
        sa.select(_SCHEMAS.c.nspname, _CLASSES.c.relname, _CLASSES.c.reltuples)
        .join_from(_CLASSES, _SCHEMAS, _CLASSES.c.relnamespace == _SCHEMAS.c.oid)
        .where(_CLASSES.c.relname.in_(sorted(names)))
    )
    return {(schema, name): float(rows) for schema, name, rows in connection.execute(query)}
