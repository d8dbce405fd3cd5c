"""Each fault x each channel: count what was sent, delivered, doubled and lost. Run as a module to see the table."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.sending import Pace, deliver_due
from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import DeliveryState
from tests.checkpoints.alerts.channels import way_to
from tests.checkpoints.alerts.faults_of_peers import TRANSIENT, Fault
from tests.checkpoints.alerts.samples import message

CHANNELS = ("slack", "slack_webhook", "pagerduty", "email", "webhook")
PACE = Pace(timeout_seconds=2.0, first_seconds=0.1, longest_seconds=0.5, lease_seconds=5)
_MESSAGES = 2
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Row:
    """What became of a few messages of which each met the fault once.

    Attributes:
        attempts: how often they were tried in all.
        delivered: how many the outbox says arrived.
        copies: how many the receiver took.
        doubled: how many a person sees, or a receiver counts, more than once.
        lost: how many are not there.
    """

    channel: str
    fault: Fault
    sent: int
    attempts: int
    delivered: int
    copies: int
    doubled: int
    lost: int
    longest_seconds: float


def measure(channel: str, fault: Fault) -> Row:
    """Send messages to a receiver that does this to the first attempt of each."""
    with way_to(channel) as way, tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(sa.make_url(f"sqlite:///{Path(folder) / 'ledger.sqlite'}"), gate_valid_hours=24)
        try:
            ids = []
            longest = 0.0
            for number in range(_MESSAGES):
                said = message(MessageKind.PROBLEM)
                item = said.items[0].model_copy(update={"key": f"key-{number}"})
                said = said.model_copy(update={"thread": f"t-{number}", "items": (item,), "at": datetime.now(UTC)})
                now = datetime.now(UTC)
                ids.append(ledger.outbox.enqueue(channel, said, now, now + timedelta(hours=1)))
                way.script.then([fault])
                ends = time.monotonic() + _PATIENCE_SECONDS
                while ledger.outbox.counts()[DeliveryState.WAITING] and time.monotonic() < ends:
                    begun = time.monotonic()
                    deliver_due(
                        ledger.outbox,
                        {channel: way.channel},
                        clock=lambda: datetime.now(UTC),
                        seconds=10,
                        chance=random.Random(number),
                        pace=PACE,
                    )
                    longest = max(longest, time.monotonic() - begun)
                    time.sleep(0.05)
            items = ledger.outbox.items()
            copies, shown = way.copies(), way.shown()
            return Row(
                channel=channel,
                fault=fault,
                sent=len(ids),
                attempts=sum(item.attempts for item in items),
                delivered=sum(item.state is DeliveryState.DELIVERED for item in items),
                copies=sum(copies.values()),
                doubled=sum(count - 1 for count in shown.values()),
                lost=len(ids) - len(shown),
                longest_seconds=longest,
            )
        finally:
            ledger.close()


def table() -> Iterator[Row]:
    """Every fault after which trying again helps, and none, on every channel."""
    pairs = [(channel, fault) for channel in CHANNELS for fault in (Fault.NONE, *TRANSIENT)]
    with ThreadPoolExecutor(4) as pool:
        yield from pool.map(lambda pair: measure(*pair), pairs)


def main() -> None:
    """Print the table."""
    sys.stdout.write("channel        fault                   sent  tries  arrived  copies  doubled  lost     s\n")
    for row in table():
        sys.stdout.write(
            f"{row.channel:14} {row.fault:22} {row.sent:5} {row.attempts:6} {row.delivered:8} {row.copies:7} "
            f"{row.doubled:8} {row.lost:5} {row.longest_seconds:5.1f}\n"
        )


if __name__ == "__main__":
    main()
