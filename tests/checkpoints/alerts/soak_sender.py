"""A process that sends what is due, again and again, until it is killed. Started by the soak."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from checkpoints.alerts.channels import Surroundings, open_channels
from checkpoints.alerts.sending import Pace, deliver_due
from checkpoints.ledger import Ledger, LedgerError
from flows.alerting import routing_of, secrets_of
from flows.clock import utc_now
from gx.settings import load_settings

PACE = Pace(timeout_seconds=4.0, first_seconds=0.1, longest_seconds=1.0, lease_seconds=1.0)
_SECONDS = 5.0
_PAUSE_SECONDS = 0.05


def main(project: Path) -> None:
    """Send until killed."""
    settings = load_settings(project)
    ledger = Ledger(settings.ledger(), gate_valid_hours=24)
    around = Surroundings(secrets_of(settings), settings.state_dir, utc_now)
    channels, wrong = open_channels(routing_of(settings).channels.values(), around)
    assert not wrong, wrong
    chance = random.Random(os.getpid())
    sys.stdout.write("sending\n")
    sys.stdout.flush()
    while True:
        try:
            deliver_due(ledger.outbox, channels, clock=utc_now, seconds=_SECONDS, chance=chance, pace=PACE)
        except LedgerError as error:
            sys.stderr.write(f"{error}\n")
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
