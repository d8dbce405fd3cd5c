"""What the ledger keeps of scans, so that the next one need not read every row."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.connection import Database
from checkpoints.ledger.schema import scan_states
from gx.scan.scan_state import ScanState

_FULL_SCAN_AT = "full_scan_at"


class ScanStates:
    """One state for each suite: of its latest full scan, and of what arrived since.

    A run that began earlier may end later. What it would keep may have been disproved by then, and is not kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, suite: str) -> ScanState | None:
        """What is kept of the suite's last scan; None for nothing, or nothing that can be read."""
        with self._database.transaction() as connection:
            return ScanState.from_json(_document(connection, suite))

    def put(self, suite: str, state: ScanState, run_id: str, now: datetime) -> None:
        """Keep a state in place of the one before, unless that is of a later full scan."""
        self._replace(suite, state.to_json(), state.full_scan_at, run_id, now)

    def forget(self, suite: str, full_scan_at: datetime, run_id: str, now: datetime) -> None:
        """Keep nothing from before a full scan of which nothing may be kept."""
        self._replace(suite, {_FULL_SCAN_AT: full_scan_at.isoformat()}, full_scan_at, run_id, now)

    def _replace(
        self, suite: str, document: dict[str, Any], full_scan_at: datetime, run_id: str, now: datetime
    ) -> None:
        with self._database.exclusive() as connection:
            known = _full_scan_at(_document(connection, suite))
            if known is not None and full_scan_at < known <= now:  # a later one than now is a clock that went wrong
                return
            connection.execute(scan_states.delete().where(scan_states.c.suite == suite))
            connection.execute(scan_states.insert().values(suite=suite, run_id=run_id, state=document))


def _document(connection: Connection, suite: str) -> dict[str, Any]:
    # As text: what is no JSON any more is no reason to check nothing.
    query = sa.select(sa.cast(scan_states.c.state, sa.Text)).where(scan_states.c.suite == suite)
    try:
        document = json.loads(connection.execute(query).scalar() or "null")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _full_scan_at(document: dict[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(document[_FULL_SCAN_AT])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None
