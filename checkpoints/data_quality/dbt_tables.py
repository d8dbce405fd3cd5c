"""The schema's tables and views about dbt runs: what was measured, and each model's newest run against its history."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from checkpoints.data_quality.dbt_runs import SUCCESS
from gx.warehouse.base import Warehouse
from gx.warehouse.ddl import CreateView

HISTORY_RUNS = 30
"""A model is held against at most so many of its earlier runs, the latest ones."""
SHOWN_DAYS = 7
"""A model, or a job, that did not run for so long before the newest run of its source is gone; as in the document."""


def model_performance(metadata: sa.MetaData) -> sa.Table:
    """``dbt_model_performance``: the requirements document's columns, and what a history needs."""
    return sa.Table(
        "dbt_model_performance", metadata,
        sa.Column("run_id", sa.Text), sa.Column("model_name", sa.Text), sa.Column("status", sa.Text),
        sa.Column("execution_time_seconds", sa.Double), sa.Column("rows_affected", sa.BigInteger),
        sa.Column("bytes_processed", sa.BigInteger), sa.Column("warehouse_size", sa.Text),
        sa.Column("execution_time_minutes", sa.Double), sa.Column("performance_status", sa.Text),
        sa.Column("estimated_cost_dollars", sa.Double), sa.Column("measured_at", sa.DateTime),
        sa.Column("unique_id", sa.Text), sa.Column("source", sa.Text), sa.Column("full_refresh", sa.Boolean),
        sa.Column("finished_at", sa.DateTime),
    )  # fmt: skip


def dbt_runs(metadata: sa.MetaData) -> sa.Table:
    """``dbt_runs``: each run as a whole, also one of which no model is known."""
    return sa.Table(
        "dbt_runs", metadata,
        sa.Column("run_id", sa.Text), sa.Column("source", sa.Text), sa.Column("job", sa.Text),
        sa.Column("command", sa.Text), sa.Column("status", sa.Text), sa.Column("problem", sa.Text),
        sa.Column("models", sa.BigInteger), sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime), sa.Column("measured_at", sa.DateTime),
    )  # fmt: skip


def dbt_views(schema: str, performance: sa.Table, runs: sa.Table, warehouse: Warehouse) -> tuple[CreateView, ...]:
    """The views over both: one row for each model, and one for each job."""
    return (
        CreateView("dbt_model_latest", schema, _model_latest(performance, warehouse)),
        CreateView("dbt_run_latest", schema, _run_latest(runs, warehouse)),
    )


def _model_latest(table: sa.Table, warehouse: Warehouse) -> sa.Select[Any]:
    """Each model's newest run beside the median of those before it, which are like it.

    Like it are successful runs of the same kind: a full refresh is no measure for an incremental run.
    """
    model = (table.c.source, table.c.unique_id)
    ranked = sa.select(
        table,
        _newest_first(table, *model).label("age"),
        sa.func.max(table.c.finished_at).over(partition_by=table.c.source).label("source_finished_at"),
    ).subquery("ranked")
    kind = (ranked.c.source, ranked.c.unique_id, ranked.c.full_refresh)
    earlier = (
        sa.select(*kind, ranked.c.execution_time_seconds, _newest_first(ranked, *kind).label("age"))
        .where(ranked.c.age > 1, ranked.c.status == SUCCESS, ranked.c.execution_time_seconds.is_not(None))
        .subquery("earlier")
    )
    median = sa.func.percentile_cont(0.5).within_group(earlier.c.execution_time_seconds.asc())
    history = (
        sa.select(
            earlier.c.source,
            earlier.c.unique_id,
            earlier.c.full_refresh,
            median.label("median_seconds"),
            sa.func.count().label("earlier_runs"),
        )
        .where(earlier.c.age <= HISTORY_RUNS)
        .group_by(earlier.c.source, earlier.c.unique_id, earlier.c.full_refresh)
        .subquery("history")
    )
    same = (history.c[column.name] == column for column in kind)
    minutes = warehouse.minutes_between(ranked.c.finished_at, ranked.c.source_finished_at)
    return (
        sa.select(
            *(ranked.c[column.name] for column in table.columns),
            history.c.median_seconds,
            sa.func.coalesce(history.c.earlier_runs, 0).label("earlier_runs"),
            (ranked.c.execution_time_seconds / sa.func.nullif(history.c.median_seconds, 0)).label("times_median"),
        )
        .select_from(ranked.outerjoin(history, sa.and_(*same)))
        .where(ranked.c.age == 1, minutes <= SHOWN_DAYS * 24 * 60)
    )


def _run_latest(table: sa.Table, warehouse: Warehouse) -> sa.Select[Any]:
    ranked = sa.select(
        table,
        _newest_first(table, table.c.source, table.c.job).label("age"),
        sa.func.max(table.c.finished_at).over(partition_by=table.c.source).label("source_finished_at"),
    ).subquery("ranked")
    minutes = warehouse.minutes_between(ranked.c.finished_at, ranked.c.source_finished_at)
    columns = (ranked.c[column.name] for column in table.columns)
    return sa.select(*columns).where(ranked.c.age == 1, minutes <= SHOWN_DAYS * 24 * 60)


def _newest_first(table: sa.FromClause, *partition: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    # Of two that ended in one moment either may be the newest, but always the same one.
    return sa.func.row_number().over(
        partition_by=partition, order_by=(table.c.finished_at.desc(), table.c.run_id.desc())
    )
