"""What the ledger keeps of scans, so that the next one need not read every row."""

from __future__ import annotations

import json

import sqlalchemy as sa

from checkpoints.ledger.connection import Database
from checkpoints.ledger.schema import scan_states
from gx.scan.scan_state import ScanState


class ScanStates:
    """One state for each suite: the latest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, suite: str) -> ScanState | None:
        """What is kept of the suite's last scan; None for nothing, or nothing that can be read."""
        # As text: what is no JSON any more is no reason to check nothing.
        query = sa.select(sa.cast(scan_states.c.state, sa.Text)).where(scan_states.c.suite == suite)
        with self._database.transaction() as connection:
            text = connection.execute(query).scalar()
        try:
            document = json.loads(text or "null")
        except ValueError:
            return None
        return ScanState.from_json(document) if isinstance(document, dict) else None

    def put(self, suite: str, state: ScanState, run_id: str) -> None:
        """Keep a state in place of the one before."""
        with self._database.transaction() as connection:
            connection.execute(scan_states.delete().where(scan_states.c.suite == suite))
            connection.execute(scan_states.insert().values(suite=suite, run_id=run_id, state=state.to_json()))
