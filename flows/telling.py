"""Who is told, and by which channels, as a project has it: the rules, the secrets, and what sends."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from checkpoints.alerts.alerting import Alerting
from checkpoints.alerts.channels import Surroundings, available_channels, open_channels
from checkpoints.alerts.delivery import Channel
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.routing_file import routing_or_default
from checkpoints.alerts.secrets import Secrets, find_secrets
from checkpoints.alerts.sending import deliver_due, send_directly
from checkpoints.alerts.telling import Told
from checkpoints.ledger.outbox import Outbox
from flows.alerting import alerting_of
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings


@dataclass(frozen=True)
class OutboxSender:
    """Sends by the project's channels.

    Attributes:
        outbox: the ledger's.
        channels: those that are open.
        closed: why others are not.
        clock: the time, with its zone.
    """

    outbox: Outbox
    channels: Mapping[str, Channel]
    closed: Mapping[str, SluiceError]
    clock: Callable[[], datetime]

    def deliver(self, seconds: float) -> str | None:
        """Try what is due for at most so long; what could not be delivered, if anything."""
        report = deliver_due(
            self.outbox, self.channels, clock=self.clock, seconds=seconds, chance=random.Random(), fallbacks=None
        )
        said = [f"{len(report.undelivered)} messages will not arrive"] if report.undelivered else []
        said += [f"{report.failed} attempts failed and are made again"] if report.failed else []
        said += [f"{name}: {problem}" if name else problem for name, problem in report.problems.items()]
        return "; ".join((*said, *self._closed())) or None

    def directly(self, told: Sequence[Told], seconds: float) -> str | None:
        """Send these without the outbox, once; what could not be delivered, if anything."""
        problems: list[str] = []
        for message in {each.message.model_dump_json(): each.message for each in told}.values():
            names = {each.channel for each in told if each.message == message}
            chosen = {name: channel for name, channel in self.channels.items() if name in names}
            identity = f"direct-{message.thread}-{message.kind}"
            reason = "it could not record it"
            outcomes = send_directly(chosen, message, identity=identity, seconds=seconds, reason=reason)
            problems += [f"{each.channel}: {each.problem}" for each in outcomes if each.problem]
        return "; ".join((*problems, *self._closed())) or None

    def _closed(self) -> list[str]:
        return [str(error) for error in self.closed.values()]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def project_alerting(
    settings: Settings, outbox: Outbox, *, prefect_url: str | None = None, clock: Callable[[], datetime] = utc_now
) -> Alerting:
    """What runs of this project, and its monitor, need to raise alerts. Opens no connection, and never raises.

    Args:
        settings: of the project.
        outbox: the ledger's.
        prefect_url: the page of the flow run, if it is one.
        clock: the time, with its zone.
    """
    routing, secrets = routing_of(settings)
    around = Surroundings(secrets, settings.state_dir, clock)
    channels, closed = open_channels(routing.channels.values(), around)
    return alerting_of(settings, routing, OutboxSender(outbox, channels, closed, clock), prefect_url)


def routing_of(settings: Settings) -> tuple[Routing, Secrets]:
    """The project's rules, or the default ones where they are wrong, and its secrets."""
    try:
        secrets = find_secrets(settings.project, os.environ)
    except ConfigError:
        secrets = Secrets(os.environ, settings.project, None)  # those that can be found; a channel tells what it misses
    return routing_or_default(settings.checkpoints_dir, available_channels(secrets)), secrets
