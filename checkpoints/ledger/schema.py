"""The tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa

VERSION = 5
"""Version of this schema. An older ledger is upgraded by the scripts in ``migrations``; a newer one is refused."""

metadata = sa.MetaData()

schema_version = sa.Table("schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True))

ingests = sa.Table(
    "ingests",
    metadata,
    sa.Column("ingest_id", sa.String(200), primary_key=True),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False, index=True),
    sa.Column("finished_at", sa.DateTime),
    # Which ingest began last is told by this number: a clock can step back.
    sa.Column("number", sa.Integer, nullable=False, server_default="0", index=True),
)

ingest_tables = sa.Table(
    "ingest_tables",
    metadata,
    sa.Column("ingest_id", sa.ForeignKey(ingests.c.ingest_id), primary_key=True),
    sa.Column("table_name", sa.String(600), primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
)

checkpoint_runs = sa.Table(
    "checkpoint_runs",
    metadata,
    sa.Column("run_id", sa.String(200), primary_key=True),
    sa.Column("checkpoint", sa.String(200), nullable=False),
    sa.Column("ingest_id", sa.String(200), nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
    # Both stay empty while the run goes on, and for ever when it dies.
    sa.Column("finished_at", sa.DateTime),
    sa.Column("verdict", sa.String(10)),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Index("ix_checkpoint_runs_latest", "checkpoint", "ingest_id", "started_at"),
)

expectation_results = sa.Table(
    "expectation_results",
    metadata,
    sa.Column("run_id", sa.ForeignKey(checkpoint_runs.c.run_id), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("suite", sa.String(200), nullable=False),
    sa.Column("table_name", sa.String(600), nullable=False),
    sa.Column("expectation", sa.String(200), nullable=False),
    sa.Column("column_name", sa.Text),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("blocking", sa.Boolean, nullable=False),
    sa.Column("success", sa.Boolean),
    sa.Column("observed_value", sa.JSON),
    sa.Column("element_count", sa.BigInteger),
    sa.Column("unexpected_count", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Column("sentence", sa.Text),
)

row_counts = sa.Table(
    "row_counts",
    metadata,
    sa.Column("run_id", sa.ForeignKey(checkpoint_runs.c.run_id), primary_key=True),
    sa.Column("table_name", sa.String(600), primary_key=True),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("measured_at", sa.DateTime, nullable=False),
    sa.Index("ix_row_counts_latest", "table_name", "measured_at"),
)

gate_decisions = sa.Table(
    "gate_decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("load", sa.String(100), nullable=False),
    sa.Column("ingest_id", sa.String(200), nullable=False),
    sa.Column("checkpoint", sa.String(200), nullable=False),
    sa.Column("run_id", sa.String(200), nullable=False),
    # `pending` from the moment a run begins: a run that dies leaves its gates closed.
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("decision", sa.String(10), nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("decided_at", sa.DateTime, nullable=False),
    sa.Column("valid_until", sa.DateTime, nullable=False),
    sa.Index("ix_gate_decisions_latest", "load", "ingest_id", "checkpoint", "id"),
)

scan_states = sa.Table(
    "scan_states",
    metadata,
    sa.Column("suite", sa.String(200), primary_key=True),
    sa.Column("run_id", sa.String(200), nullable=False),
    # Counts, sums, extremes and hashes of SQL: see gx.scan.scan_state. No text of the data.
    sa.Column("state", sa.JSON, nullable=False),
)

suite_runs = sa.Table(
    "suite_runs",
    metadata,
    sa.Column("suite", sa.String(200), primary_key=True),
    # Counted here, and not in the results, which retention deletes: a suite that observes must not begin again.
    sa.Column("finished", sa.Integer, nullable=False),
)

overrides = sa.Table(
    "overrides",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("load", sa.String(100), nullable=False),
    # Null means every ingest.
    sa.Column("ingest_id", sa.String(200)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("made_by", sa.String(200), nullable=False),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("valid_until", sa.DateTime, nullable=False),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("revoked_by", sa.String(200)),
    sa.Index("ix_overrides_live", "load", "valid_until"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(200), nullable=False),
    # The first message that told of it, on every channel; a follow-up belongs to the same.
    sa.Column("thread", sa.String(200), nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("worst", sa.String(10), nullable=False),
    sa.Column("channels", sa.JSON, nullable=False),
    # The problem as it was found last: see checkpoints.alerts.problem. No value of the data.
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
    sa.Column("failing_since", sa.DateTime),
    sa.Index("ix_alerts_key", "key", "resolved_at"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # In the order they were written: of one thread on one channel the first goes first.
    sa.Column("number", sa.Integer, nullable=False, index=True),
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
    # Until then one process tries it, and no other does; one that dies lets it go by that.
    sa.Column("claimed_until", sa.DateTime),
    sa.Column("maybe_sent", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("problem", sa.Text),
    sa.Column("delivered_at", sa.DateTime),
    sa.Index("ix_deliveries_due", "state", "due_at"),
    sa.Index("ix_deliveries_thread", "channel", "thread", "number"),
)

threads = sa.Table(
    "threads",
    metadata,
    sa.Column("channel", sa.String(100), primary_key=True),
    sa.Column("thread", sa.String(200), primary_key=True),
    # What the channel needs to find the first message again: Slack's channel and time, PagerDuty's keys.
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
)

flow_runs = sa.Table(
    "flow_runs",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("flow", sa.String(200), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("ingest_id", sa.String(200)),
    sa.Column("prefect_url", sa.Text),
    sa.Column("started_at", sa.DateTime, nullable=False, index=True),
    # Written again and again while it lives; one that stopped without an end was killed.
    sa.Column("alive_at", sa.DateTime, nullable=False),
    sa.Column("finished_at", sa.DateTime),
    # completed, failed, closed (a gate), stopped or killed; empty while it goes on.
    sa.Column("state", sa.String(20)),
    sa.Column("problem", sa.Text),
    sa.Index("ix_flow_runs_flow", "flow", "started_at"),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("flow", sa.String(200), primary_key=True),
    sa.Column("cron", sa.String(200), nullable=False),
    sa.Column("time_zone", sa.String(100), nullable=False),
    # No run is missed that was expected before.
    sa.Column("since", sa.DateTime, nullable=False),
)
