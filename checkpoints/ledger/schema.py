"""The tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa

VERSION = 3
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
