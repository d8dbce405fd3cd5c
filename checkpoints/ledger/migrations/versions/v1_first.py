"""The first version. Nothing leads to it: a ledger that does not exist yet is made in today's form."""

from __future__ import annotations

revision = "1"
down_revision = None


def upgrade() -> None:
    """Nothing comes before it."""
