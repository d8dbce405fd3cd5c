"""The tools that are compared, and the environment each runs in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """One tool.

    Attributes:
        name: of its module under ``tests.bench.workers``.
        title: for people.
        peer: whether it lives in the environment of the peers; the others run where sluice does.
    """

    name: str
    title: str
    peer: bool = False


LIMIT = Contender("select", "one hand-written SELECT")
CONTENDERS = (
    LIMIT,
    Contender("sluice", "sluice"),
    Contender("gx_boolean", "GX, BOOLEAN_ONLY"),
    Contender("gx_summary", "GX, SUMMARY"),
    Contender("soda", "Soda Core 4", peer=True),
    Contender("dbt_duckdb", "dbt test", peer=True),
    Contender("pointblank_ibis", "pointblank", peer=True),
)
