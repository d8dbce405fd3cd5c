"""The gates' decisions, in the order they were made; the latest of each checkpoint counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.gate import ROLLED_BACK, Decision, GateDecision
from checkpoints.ledger.schema import gate_decisions


def record(connection: Connection, item: GateDecision) -> None:
    """Add a decision."""
    connection.execute(
        gate_decisions.insert().values(
            load=item.load,
            ingest_id=item.ingest_id,
            checkpoint=item.checkpoint,
            run_id=item.run_id,
            verdict=str(item.verdict),
            decision=item.decision.value,
            reasons=list(item.reasons),
            decided_at=item.decided_at,
            valid_until=item.valid_until,
        )
    )


def latest(connection: Connection, load: str, ingest_id: str) -> tuple[GateDecision, ...]:
    """The latest decision of each checkpoint for a load and an ingest."""
    table = gate_decisions.c
    newest = (
        sa.select(sa.func.max(table.id))
        .where(table.load == load, table.ingest_id == ingest_id)
        .group_by(table.checkpoint)
    )
    query = sa.select(gate_decisions).where(table.id.in_(newest)).order_by(table.checkpoint)
    return tuple(_decision(row) for row in connection.execute(query).mappings())


def gates_of_ingest(connection: Connection, ingest_id: str) -> list[tuple[str, str]]:
    """The (load, checkpoint) pairs of which something was decided for an ingest."""
    table = gate_decisions.c
    query = sa.select(table.load, table.checkpoint).where(table.ingest_id == ingest_id).distinct()
    return [(str(load), str(checkpoint)) for load, checkpoint in connection.execute(query)]


def taken_back(connection: Connection, load: str, ingest_id: str, checkpoint: str) -> bool:
    """Whether what a checkpoint let through for an ingest was rolled back, and not begun anew since."""
    made = [each for each in latest(connection, load, ingest_id) if each.checkpoint == checkpoint]
    return any(each.verdict == ROLLED_BACK for each in made)


def overtaken(connection: Connection, item: GateDecision) -> bool:
    """Whether a later run began, or the load itself, while this run went on: then its decision is out of date.

    So it is when what it is about was rolled back.
    """
    if taken_back(connection, item.load, item.ingest_id, item.checkpoint):
        return True
    table = gate_decisions.c
    same_gate = (
        table.load == item.load,
        table.ingest_id == item.ingest_id,
        table.checkpoint == item.checkpoint,
    )
    pending = sa.select(sa.func.max(table.id)).where(*same_gate, table.run_id == item.run_id).scalar_subquery()
    later = sa.select(sa.func.count()).where(*same_gate, table.id > pending, table.run_id != item.run_id)
    return bool(connection.execute(later).scalar())


def _decision(row: Mapping[Any, Any]) -> GateDecision:
    return GateDecision(
        load=row["load"],
        ingest_id=row["ingest_id"],
        checkpoint=row["checkpoint"],
        run_id=row["run_id"],
        verdict=row["verdict"],
        # Anything but the very word is closed.
        decision=Decision.OPEN if row["decision"] == Decision.OPEN.value else Decision.CLOSED,
        reasons=tuple(row["reasons"]),
        decided_at=row["decided_at"],
        valid_until=row["valid_until"],
    )
