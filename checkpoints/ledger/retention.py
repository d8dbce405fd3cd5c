"""How much the ledger holds, and how old records are let go without changing any answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.engine import Connection

from checkpoints.ledger import alert_rows
from checkpoints.ledger import ingests as order
from checkpoints.ledger.records import LedgerStatus
from checkpoints.ledger.runs import ACCEPTED
from checkpoints.ledger.schema import (
    VERSION,
    alerts,
    checkpoint_runs,
    deliveries,
    expectation_results,
    flow_runs,
    gate_decisions,
    ingest_tables,
    ingests,
    metadata,
    overrides,
    row_counts,
    schema_version,
    threads,
)

_LONGEST_RUN = timedelta(days=7)
"""A run that began longer ago and has not ended never will."""


def status(connection: Connection) -> LedgerStatus:
    """What the ledger holds."""
    tables = [table for table in metadata.sorted_tables if table is not schema_version]
    counts = ((table.name, sa.select(sa.func.count()).select_from(table)) for table in tables)
    rows = {name: int(connection.execute(count).scalar_one()) for name, count in counts}
    began = sa.union_all(sa.select(ingests.c.started_at), sa.select(checkpoint_runs.c.started_at)).subquery()
    ends = sa.select(sa.func.min(began.c.started_at), sa.func.max(began.c.started_at))
    oldest, newest = connection.execute(ends).one()
    return LedgerStatus(VERSION, rows, oldest, newest, _bytes(connection))


def prune(connection: Connection, before: datetime, now: datetime) -> Mapping[str, int]:
    """Delete what is older, and needed for nothing; returns how many rows of each table.

    Kept whatever its age: what the latest ingest brought and decided, decisions and overrides that still count and
    all decisions of a gate that is overridden, the last accepted row count of each table, what is kept of scans,
    how often each suite was run, alerts that go on and all of their threads, and messages not delivered. A decision
    that is gone closes its gate as one that has expired does.
    """
    latest = order.latest(connection) or ""
    live = sa.and_(overrides.c.revoked_at.is_(None), overrides.c.valid_until > now)
    runs = checkpoint_runs.c
    ended = sa.or_(
        runs.finished_at < before,
        sa.and_(runs.finished_at.is_(None), runs.started_at < min(before, now - _LONGEST_RUN)),
    )
    old_runs = sa.select(runs.run_id).where(ended, runs.ingest_id != latest, runs.run_id.not_in(_measures()))
    # A run that is kept keeps its decision: when it ends it must find what closed its gate meanwhile.
    old_decisions = sa.and_(
        gate_decisions.c.decided_at < before,
        gate_decisions.c.valid_until <= now,
        gate_decisions.c.ingest_id != latest,
        gate_decisions.c.load.not_in(sa.select(overrides.c.load).where(live)),
        gate_decisions.c.run_id.not_in(sa.select(runs.run_id)),
    )
    used = sa.union(sa.select(runs.ingest_id), sa.select(gate_decisions.c.ingest_id))
    brought = ingests.c
    old_ingests = sa.select(brought.ingest_id).where(
        brought.started_at < before, brought.ingest_id != latest, brought.ingest_id.not_in(used)
    )
    # What refers to a row goes before it.
    old = {
        expectation_results: expectation_results.c.run_id.in_(old_runs),
        row_counts: row_counts.c.run_id.in_(old_runs),
        checkpoint_runs: runs.run_id.in_(old_runs),
        gate_decisions: old_decisions,
        overrides: overrides.c.valid_until < before,
        ingest_tables: ingest_tables.c.ingest_id.in_(old_ingests),
        ingests: brought.ingest_id.in_(old_ingests),
        # A message that was not delivered stays until somebody has seen that.
        deliveries: sa.and_(
            deliveries.c.created_at < before,
            deliveries.c.delivered_at.is_not(None),
            deliveries.c.thread.not_in(sa.select(alerts.c.thread).where(alerts.c.resolved_at.is_(None))),
        ),
        alerts: alert_rows.old(before),
        flow_runs: sa.and_(flow_runs.c.finished_at < before, flow_runs.c.id.not_in(_latest_flow_runs())),
        threads: sa.and_(threads.c.updated_at < before, threads.c.thread.not_in(sa.select(alerts.c.thread))),
    }
    return {table.name: connection.execute(table.delete().where(which)).rowcount for table, which in old.items()}


def _bytes(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    sizes = (sa.func.pg_total_relation_size(sa.cast(table.name, REGCLASS)) for table in metadata.sorted_tables)
    return sum(int(connection.execute(sa.select(size)).scalar_one()) for size in sizes)


def _latest_flow_runs() -> sa.Select[tuple[str]]:
    """Of each flow the run that began last and the one that ended last: by these the next ones are missed or told."""
    of = flow_runs.c
    ends = (
        sa.select(of.flow, sa.func.max(of.started_at).label("began"), sa.func.max(of.finished_at).label("ended"))
        .group_by(of.flow)
        .subquery()
    )
    last = sa.or_(of.started_at == ends.c.began, of.finished_at == ends.c.ended)
    return sa.select(of.id).join(ends, sa.and_(of.flow == ends.c.flow, last))


def _measures() -> sa.Select[tuple[str]]:
    """The runs whose row counts the next ones are compared with."""
    counts = row_counts.c
    accepted = sa.select(checkpoint_runs.c.run_id).where(checkpoint_runs.c.verdict.in_(ACCEPTED))
    last = (
        sa.select(counts.table_name, sa.func.max(counts.measured_at).label("at"))
        .where(counts.run_id.in_(accepted))
        .group_by(counts.table_name)
        .subquery()
    )
    same = sa.and_(counts.table_name == last.c.table_name, counts.measured_at == last.c.at)
    return sa.select(counts.run_id).join(last, same).where(counts.run_id.in_(accepted))
