"""What is kept of a scan, so that the next one need not read every row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add the table of scan states."""
    op.create_table(
        "scan_states",
        sa.Column("suite", sa.String(200), primary_key=True),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
    )
