"""Alerts and the messages about them, the runs of flows, and when they are expected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Add the tables; they are empty, for nothing was told before."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("thread", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("worst", sa.String(10), nullable=False),
        sa.Column("channels", sa.JSON, nullable=False),
        sa.Column("problem", sa.JSON, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("last_failed_at", sa.DateTime, nullable=False),
        sa.Column("failed_runs", sa.Integer, nullable=False),
        sa.Column("resolved_at", sa.DateTime),
        sa.Column("acknowledged_at", sa.DateTime),
        sa.Column("acknowledged_by", sa.String(200)),
        sa.Column("snoozed_until", sa.DateTime),
        sa.Column("snoozed_by", sa.String(200)),
        sa.Column("snooze_reason", sa.Text),
        sa.Column("flaps", sa.Integer, nullable=False, server_default="0"),
        sa.Column("flapping", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("critical_at", sa.DateTime),
        sa.Column("reminded_at", sa.DateTime),
        sa.Column("escalated_at", sa.DateTime),
    )
    op.create_index("ix_alerts_key", "alerts", ["key", "resolved_at"])
    op.create_index("ix_alerts_thread", "alerts", ["thread"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(100), nullable=False),
        sa.Column("thread", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("message", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claimed_until", sa.DateTime),
        sa.Column("maybe_sent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("problem", sa.Text),
        sa.Column("delivered_at", sa.DateTime),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["state", "due_at"])
    op.create_index("ix_deliveries_thread", "deliveries", ["channel", "thread", "number"])
    op.create_index("ix_deliveries_number", "deliveries", ["number"])
    op.create_table(
        "threads",
        sa.Column("channel", sa.String(100), primary_key=True),
        sa.Column("thread", sa.String(200), primary_key=True),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "flow_runs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("flow", sa.String(200), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("ingest_id", sa.String(200)),
        sa.Column("prefect_url", sa.Text),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("alive_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("state", sa.String(20)),
        sa.Column("problem", sa.Text),
    )
    op.create_index("ix_flow_runs_flow", "flow_runs", ["flow", "started_at"])
    op.create_index("ix_flow_runs_started_at", "flow_runs", ["started_at"])
    op.create_table(
        "schedules",
        sa.Column("flow", sa.String(200), primary_key=True),
        sa.Column("cron", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(100), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
