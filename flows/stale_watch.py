"""What the monitor tells of a dashboard that no run renews any more, on a clock that is turned forward."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from checkpoints.alerts.alerting import NoSender
from checkpoints.freshness.state import freshness_key
from checkpoints.ledger import Ledger
from expectations.suite import Severity
from flows.alerting import alerting_of
from flows.clock import utc_now
from flows.monitor.monitor import run_monitor
from flows.monitor.timeliness import Timeliness
from gx.errors import SluiceError
from gx.settings import Settings

DASHBOARD = "dashboards.executive_summary"
_LOOK = timedelta(minutes=10)  # as the monitor's schedule has it
_LONGEST = timedelta(hours=7)  # then the document's CEO looks


@dataclass(frozen=True)
class AgesTold:
    """How old the dashboard was, in minutes, when the monitor told; None where it did not.

    Attributes:
        warned: that it is getting old.
        stale: that it is stale.
    """

    warned: float | None
    stale: float | None


def ages_told(world: Settings, directory: Path) -> AgesTold:
    """Let the monitor look every ten minutes, from the dashboard's last update until it has told that it is stale.

    It works on a copy of the ledger, for the alerts of a time to come are none of now, and it calls nobody.

    Args:
        world: settings whose ledger is an SQLite file.
        directory: where the copy is made.

    Raises:
        SluiceError: the dashboard's age cannot be measured.
    """
    copy = directory / "ledger-of-the-watch.sqlite"
    with closing(sqlite3.connect(str(world.ledger().database))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    world = world.model_copy(update={"ledger_url": SecretStr(f"sqlite:///{copy}")})
    with closing(Ledger(world.ledger(), gate_valid_hours=world.gate_valid_hours)) as ledger:
        ages = {each.spec.table: each.measured for each in Timeliness(world, ledger, utc_now()).judged()}
        measured = next((each for table, each in ages.items() if str(table) == DASHBOARD), None)
        if measured is None or measured.newest is None:
            raise SluiceError(f"the age of {DASHBOARD} cannot be measured: {measured and measured.problem}")
        told: dict[Severity, float] = {}
        now = measured.newest
        while Severity.CRITICAL not in told and now <= measured.newest + _LONGEST:
            now += _LOOK
            clock = _stopped_at(now)
            run_monitor(world, ledger, replace(alerting_of(world, ledger, clock), sender=NoSender()), clock)
            for alert in ledger.alerts.unresolved():
                if alert.problem.key == freshness_key(DASHBOARD):
                    told.setdefault(alert.problem.severity, (now - measured.newest) / timedelta(minutes=1))
    return AgesTold(told.get(Severity.WARNING), told.get(Severity.CRITICAL))


def _stopped_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment
