"""Alerting as a project's settings, files and secrets have it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from checkpoints.alerts.alerting import Alerting
from checkpoints.alerts.channel_spec import ChannelSpec
from checkpoints.alerts.channels import Surroundings, available_channels, open_channels
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.routing_file import load_routing, routing_or_default
from checkpoints.alerts.secrets import Secrets, find_secrets
from checkpoints.alerts.sending import deliver_due, send_directly
from checkpoints.alerts.telling import Told
from checkpoints.ledger import Ledger
from gx.docs.address import site_address
from gx.errors import ConfigError
from gx.settings import Settings

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class OutboxSender:
    """Sends on the project's channels, which are opened only when there is something for them."""

    ledger: Ledger
    channels: Mapping[str, ChannelSpec]
    around: Surroundings

    def deliver(self, seconds: float) -> str | None:
        """Try what is due in the outbox for at most so long."""
        due = self.ledger.outbox.due_channels(self.around.clock())
        if not due:
            return None
        # All of them: one that takes a message in place of another has nothing of its own to send.
        opened, wrong = open_channels(self.channels.values(), self.around)
        report = deliver_due(
            self.ledger.outbox,
            opened,
            clock=self.around.clock,
            seconds=seconds,
            chance=random.Random(),
            closed={name: str(problem) for name, problem in wrong.items()},
        )
        said = [f"{name}: {problem}" for name, problem in report.problems.items()]
        said += [str(wrong[name]) for name in due if name in wrong]
        if report.failed or report.undelivered:
            said.append(f"{report.failed + len(report.undelivered)} messages were not delivered (sluice alerts list)")
        return "; ".join(said) or None

    def directly(self, told: Sequence[Told], reason: str, seconds: float) -> str | None:
        """Send these without the outbox."""
        specs = [self.channels[name] for name in dict.fromkeys(each.channel for each in told) if name in self.channels]
        opened, wrong = open_channels(specs, self.around)
        said = [str(problem) for problem in wrong.values()]
        for each in told:
            if each.channel not in opened:
                continue
            only = {each.channel: opened[each.channel]}
            identity = f"{each.message.thread}-direct"
            for outcome in send_directly(only, each.message, identity=identity, seconds=seconds, reason=reason):
                said += [f"{outcome.channel}: {outcome.problem}"] if outcome.problem else []
        return "; ".join(said) or None


def secrets_of(settings: Settings) -> Secrets:
    """Where the project's secrets are.

    Raises:
        ConfigError: the directory of secrets is none.
    """
    return find_secrets(settings.project, os.environ)


def routing_of(settings: Settings) -> Routing:
    """Who is told.

    Raises:
        ConfigError: ``_alerts.yml`` is wrong, or a secret cannot be read.
    """
    return load_routing(settings.checkpoints_dir, available_channels(secrets_of(settings)))


def project_name(settings: Settings) -> str:
    """The project's name, as people are told it."""
    return "reference" if settings.is_reference else settings.project.name


def alerting_of(settings: Settings, ledger: Ledger, clock: Clock, prefect_url: str | None = None) -> Alerting:
    """What runs of this project need to raise alerts; whatever is wrong with that is told, and stops no run.

    Args:
        settings: of the project.
        ledger: of the project.
        clock: the time, with its zone.
        prefect_url: the page of the flow run, if it is one.
    """
    remark = None
    try:
        secrets = secrets_of(settings)
        available = available_channels(secrets)
    except ConfigError as error:
        secrets, available, remark = Secrets(os.environ, settings.project, None), (), str(error)
    routing = routing_or_default(settings.checkpoints_dir, available, remark)
    docs = None
    with suppress(ConfigError):  # the run itself tells what is wrong with it
        site = site_address(settings.project, settings.state_dir, os.environ)
        directory = site.directory.as_uri() if site.directory else None
        docs = site.url.rpartition("/")[0] if site.url else directory
    return Alerting(
        routing=routing,
        project=project_name(settings),
        directory=settings.project,
        docs=docs,
        prefect_url=prefect_url,
        seconds=settings.alert_seconds,
        sender=OutboxSender(ledger, routing.channels, Surroundings(secrets, settings.state_dir, clock)),
    )
