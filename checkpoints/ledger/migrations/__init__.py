"""How a ledger of an earlier version becomes one of today: one alembic revision for each version."""
