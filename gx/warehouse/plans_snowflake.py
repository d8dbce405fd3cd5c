"""Snowflake's ``EXPLAIN USING JSON``. Read from recorded plans only: no account was at hand, and the emulator has none.

It estimates no rows. A join of all with all is told; so is a scan of all of a table's micro-partitions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.engine import Connection

from gx.warehouse.plan_facts import NestedLoop, Node, Plan, TableScan

PREFIX = "EXPLAIN USING JSON "
_MANY_PARTITIONS = 100
"""A table of fewer is read whole in no time: a micro-partition holds 50 to 500 MB before compression
(https://docs.snowflake.com/en/user-guide/tables-clustering-micropartitions)."""


def read(rows: Sequence[Any], connection: Connection | None = None) -> Plan:
    """The plan in the rows that the statement gave."""
    del connection
    document = json.loads(rows[0][0])
    steps = list(_steps(document["Operations"]))
    loops = [NestedLoop("CartesianJoin", None) for step in steps if step["operation"] == "CartesianJoin"]
    scans = [
        TableScan(f"TableScan of {step['partitionsTotal']:,} micro-partitions", str(step["objects"][0]), None)
        for step in steps
        if step["operation"] == "TableScan"
        and step.get("objects")
        and step.get("partitionsTotal", 0) >= _MANY_PARTITIONS
        and step.get("partitionsAssigned") == step["partitionsTotal"]
    ]
    return Plan(tuple(loops), tuple(scans))


def _steps(operations: Sequence[Any]) -> Iterator[Node]:
    """Operations come as a list for each step of the statement."""
    for item in operations:
        if isinstance(item, list):
            yield from _steps(item)
        else:
            yield item
