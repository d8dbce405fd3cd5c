"""The tables and views of the schema, by the names that monitoring models and dashboards use."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from checkpoints.data_quality.dbt_tables import dbt_runs, dbt_views, model_performance
from checkpoints.gate import Decision
from gx.warehouse.base import Warehouse
from gx.warehouse.ddl import CreateView

PASS, WARN, FAIL = "PASS", "WARN", "FAIL"
"""What holds; what does not, without closing a gate; what closes it, or could not be checked."""


class DataQualityTables:
    """All of them. Times are UTC without a zone.

    No table has a key: Snowflake would not enforce it, and only one process at a time writes.
    """

    def __init__(self, schema: str) -> None:
        """Nothing is made yet.

        Args:
            schema: its name, in lower case.
        """
        self.schema = schema
        self.metadata = sa.MetaData(schema=schema)
        self.checkpoint_runs = self._table(
            "checkpoint_runs",
            sa.Column("run_id", sa.Text), sa.Column("checkpoint", sa.Text), sa.Column("ingest_id", sa.Text),
            sa.Column("verdict", sa.Text), sa.Column("started_at", sa.DateTime), sa.Column("finished_at", sa.DateTime),
        )  # fmt: skip
        self.data_quality_metrics = self._table(
            "data_quality_metrics",
            sa.Column("measured_at", sa.DateTime), sa.Column("table_name", sa.Text),
            sa.Column("total_rows", sa.BigInteger), sa.Column("unique_rows", sa.BigInteger),
            sa.Column("duplicate_rows", sa.BigInteger), sa.Column("null_rows", sa.BigInteger),
            sa.Column("status", sa.Text), sa.Column("run_id", sa.Text),
        )  # fmt: skip
        self.row_count_history = self._table(
            "row_count_history",
            sa.Column("table_name", sa.Text), sa.Column("row_count", sa.BigInteger), sa.Column("date", sa.DateTime),
            sa.Column("run_id", sa.Text),
        )  # fmt: skip
        self.validation_results = self._table(
            "validation_results",
            sa.Column("measured_at", sa.DateTime), sa.Column("table_name", sa.Text), sa.Column("column_name", sa.Text),
            sa.Column("expectation", sa.Text), sa.Column("severity", sa.Text), sa.Column("blocking", sa.Boolean),
            sa.Column("success", sa.Boolean), sa.Column("total_rows", sa.BigInteger),
            sa.Column("unexpected_rows", sa.BigInteger), sa.Column("status", sa.Text), sa.Column("suite", sa.Text),
            sa.Column("run_id", sa.Text), sa.Column("position", sa.Integer),
        )  # fmt: skip
        self.freshness = self._table(
            "freshness",
            sa.Column("table_name", sa.Text), sa.Column("last_updated", sa.DateTime),
            sa.Column("warning_minutes", sa.Float), sa.Column("stale_minutes", sa.Float),
            sa.Column("measured_at", sa.DateTime), sa.Column("run_id", sa.Text),
        )  # fmt: skip
        self.gate_status = self._table(
            "gate_status",
            sa.Column("load", sa.Text), sa.Column("ingest_id", sa.Text), sa.Column("decision", sa.Text),
            sa.Column("reasons", sa.Text), sa.Column("decided_at", sa.DateTime),
            # From when and until when the decision counts: an open gate without either is closed.
            sa.Column("valid_from", sa.DateTime), sa.Column("valid_until", sa.DateTime),
            sa.Column("overridden", sa.Boolean), sa.Column("written_at", sa.DateTime),
        )  # fmt: skip
        # One row for each SLA and day; the target names both its day and its time.
        self.data_sla_metrics = self._table(
            "data_sla_metrics",
            sa.Column("sla_name", sa.Text), sa.Column("target_completion_time", sa.Text),
            sa.Column("actual_completion_time", sa.DateTime), sa.Column("sla_status", sa.Text),
            sa.Column("minutes_late", sa.BigInteger), sa.Column("measured_at", sa.DateTime),
        )  # fmt: skip

        self.dbt_model_performance = model_performance(self.metadata)
        self.dbt_runs = dbt_runs(self.metadata)

    def views(self, warehouse: Warehouse) -> tuple[CreateView, ...]:
        """The views; those of gates and freshness look at the warehouse's own clock each time they are read."""
        return (
            *dbt_views(self.schema, self.dbt_model_performance, self.dbt_runs, warehouse),
            CreateView("gate_open", self.schema, self._gate_open(warehouse)),
            CreateView("dashboard_freshness", self.schema, self._dashboard_freshness(warehouse)),
        )

    def of_runs(self) -> dict[sa.Table, sa.Column[Any]]:
        """The tables whose rows belong to one run each, with the time by which they grow old; the run's own last."""
        return {
            self.data_quality_metrics: self.data_quality_metrics.c.measured_at,
            self.row_count_history: self.row_count_history.c.date,
            self.validation_results: self.validation_results.c.measured_at,
            self.freshness: self.freshness.c.measured_at,
            self.checkpoint_runs: self.checkpoint_runs.c.finished_at,
        }

    def ageing(self) -> dict[sa.Table, sa.Column[Any]]:
        """All tables whose rows are let go when they are old, with the time by which they grow so."""
        return {
            **self.of_runs(),
            self.dbt_model_performance: self.dbt_model_performance.c.finished_at,
            self.dbt_runs: self.dbt_runs.c.finished_at,
            self.data_sla_metrics: self.data_sla_metrics.c.measured_at,
        }

    def _table(self, name: str, *columns: sa.Column[Any]) -> sa.Table:
        return sa.Table(name, self.metadata, *columns)

    def _gate_open(self, warehouse: Warehouse) -> sa.Select[Any]:
        gate, now = self.gate_status.c, warehouse.utc_now()
        said = gate.decision == Decision.OPEN.value
        is_open = sa.and_(said, gate.valid_from <= now, now < gate.valid_until)
        return sa.select(
            gate.load,
            sa.case((is_open, sa.true()), else_=sa.false()).label("is_open"),  # NULL is closed
            gate.ingest_id,
            sa.case((sa.or_(is_open, sa.not_(said)), gate.reasons), else_="the decision has expired").label("reasons"),
            gate.decided_at,
            gate.valid_until,
            sa.and_(is_open, gate.overridden).label("overridden"),
        )

    def _dashboard_freshness(self, warehouse: Warehouse) -> sa.Select[Any]:
        seen, now = self.freshness.c, warehouse.utc_now()
        other = self.freshness.alias("later").c
        later = sa.exists().where(other.table_name == seen.table_name, other.measured_at > seen.measured_at)
        minutes = warehouse.minutes_between(seen.last_updated, now)
        status = sa.case(
            (sa.or_(seen.last_updated.is_(None), minutes > seen.stale_minutes), "STALE"),
            (minutes > seen.warning_minutes, "WARNING"),
            else_="FRESH",
        )
        return sa.select(
            seen.table_name,
            seen.last_updated,
            now.label("checked_at"),
            minutes.label("minutes_since_update"),
            status.label("freshness_status"),
            seen.measured_at,
        ).where(~later)
