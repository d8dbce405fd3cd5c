"""Since when an alert's problem has been failing without a break."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"

# As it is in this version, whatever later ones make of it.
_alerts = sa.table("alerts", sa.column("failing_since"), sa.column("last_failed_at"), sa.column("resolved_at"))


def upgrade() -> None:
    """Add the column; of what goes on only its last failure is known."""
    op.add_column("alerts", sa.Column("failing_since", sa.DateTime))
    op.execute(_alerts.update().where(_alerts.c.resolved_at.is_(None)).values(failing_since=_alerts.c.last_failed_at))
