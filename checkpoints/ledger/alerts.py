"""The alerts of a project: written with the verdicts that raise them, and asked for by people and by the monitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.alerts import lifecycle
from checkpoints.alerts.problem import Alert
from checkpoints.alerts.report import Report
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.telling import Changes
from checkpoints.ledger import alert_rows
from checkpoints.ledger.connection import Database

_LOCK_SECONDS = 5
"""How long a verdict waits for somebody who has locked the tables of alerts. It is written without them then."""


def write_beside(connection: Connection, report: Report, now: datetime) -> None:
    """Write what a report brings, all of it or nothing; what else the transaction holds stays whatever happens here.

    Why nothing was written is in the report's ``failure`` afterwards.
    """
    try:
        with connection.begin_nested():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
            _write(connection, report, now)
    except Exception as error:  # noqa: BLE001 - a verdict is not lost for an alert; the runner tells of it directly
        report.failure = f"{type(error).__name__} while the alerts were written"


def _write(connection: Connection, report: Report, now: datetime) -> None:
    known = alert_rows.known(connection, now, report.routing.flapping_window)
    alert_rows.write(connection, report.changes(known, now), now, report.routing.expire)


class Alerts:
    """The alerts of one ledger. Every method raises LedgerError when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, report: Report, now: datetime) -> None:
        """Write what a report brings, by itself."""
        with self._database.exclusive() as connection:
            _write(connection, report, now)

    def tick(self, routing: Routing, project: str, now: datetime) -> Changes:
        """Write what the passing of time brings; the monitor calls it every minute or so."""
        return self.change(lambda known: lifecycle.tick(known, now=now, routing=routing, project=project), routing, now)

    def change(self, decide: Callable[[Sequence[Alert]], Changes], routing: Routing, now: datetime) -> Changes:
        """Write what is decided of the known alerts; nobody else writes meanwhile.

        Args:
            decide: given every open alert, every other one of their threads, and those that ended lately.
            routing: says how long alerts that ended are still known, and messages are of use.
            now: the time.
        """
        with self._database.exclusive() as connection:
            changes = decide(alert_rows.known(connection, now, routing.flapping_window))
            alert_rows.write(connection, changes, now, routing.expire)
        return changes

    def unresolved(self) -> tuple[Alert, ...]:
        """The open alerts, in the order they began."""
        if not self._database.exists():
            return ()
        with self._database.transaction() as connection:
            return alert_rows.unresolved(connection)

    def latest(self, limit: int = 500) -> tuple[Alert, ...]:
        """The alerts that began last, also those that are over; the newest first."""
        if not self._database.exists():
            return ()
        with self._database.transaction() as connection:
            return alert_rows.latest(connection, limit)

    def get(self, number: int) -> Alert | None:
        """One alert."""
        if not self._database.exists():
            return None
        with self._database.transaction() as connection:
            return next(iter(alert_rows.get(connection, [number])), None)
