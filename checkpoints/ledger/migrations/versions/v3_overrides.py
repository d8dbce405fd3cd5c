"""Overrides, the order in which ingests began, and how often each suite has been run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

# As they are in this version, whatever later ones make of them.
_ingests = sa.table("ingests", sa.column("ingest_id"), sa.column("started_at"), sa.column("number"))
_runs = sa.table("checkpoint_runs", sa.column("run_id"), sa.column("verdict"))
_results = sa.table("expectation_results", sa.column("run_id"), sa.column("suite"))


def upgrade() -> None:
    """Add both tables and the column; what they say of the past is worked out from what there is."""
    op.create_table(
        "overrides",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("load", sa.String(100), nullable=False),
        sa.Column("ingest_id", sa.String(200)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("valid_until", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
        sa.Column("revoked_by", sa.String(200)),
    )
    op.create_index("ix_overrides_live", "overrides", ["load", "valid_until"])
    op.add_column("ingests", sa.Column("number", sa.Integer, nullable=False, server_default="0"))
    op.create_index("ix_ingests_number", "ingests", ["number"])
    _number_ingests()
    suite_runs = op.create_table(
        "suite_runs",
        sa.Column("suite", sa.String(200), primary_key=True),
        sa.Column("finished", sa.Integer, nullable=False),
    )
    counted = (
        sa.select(_results.c.suite, sa.func.count(_results.c.run_id.distinct()))
        .join(_runs, _runs.c.run_id == _results.c.run_id)
        .where(_runs.c.verdict.is_not(None))
        .group_by(_results.c.suite)
    )
    op.execute(suite_runs.insert().from_select(["suite", "finished"], counted))


def _number_ingests() -> None:
    ranked = sa.select(
        _ingests.c.ingest_id,
        sa.func.row_number().over(order_by=(_ingests.c.started_at, _ingests.c.ingest_id)).label("rank"),
    ).subquery()
    rank = sa.select(ranked.c.rank).where(ranked.c.ingest_id == _ingests.c.ingest_id).scalar_subquery()
    op.execute(_ingests.update().values(number=rank))
