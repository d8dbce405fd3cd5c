"""``sluice alerts test``: does a channel work, and what is missing if it does not."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

import click

from checkpoints.alerts.channels import Surroundings, missing_variables, open_channel
from checkpoints.alerts.delivery import Channel, Delivery
from checkpoints.alerts.message import Message, MessageKind
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.secrets import Secrets
from expectations.documents import suggest
from expectations.suite import Severity
from flows.alerting import project_name, routing_of, secrets_of
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common_failing_with, print_json
from gx.errors import ConfigError
from gx.settings import Settings

_SECONDS = 15.0


@click.command("test")
@click.argument("channel")
@common_failing_with(delivered=False)
def test_channel(settings: Settings, as_json: bool, channel: str) -> ExitCode:
    """Send a message marked as a test to CHANNEL, and say exactly what is missing when that cannot be done."""
    now = datetime.now(UTC)
    routing = routing_of(settings)
    if channel not in routing.channels:
        raise _unknown(channel, routing, secrets_of(settings))
    spec = routing.channels[channel]
    opened = open_channel(spec, Surroundings(secrets_of(settings), settings.state_dir, lambda: datetime.now(UTC)))
    begun = time.monotonic()
    identity = uuid.uuid4().hex
    opened.deliver(Delivery(identity, _message(settings, channel, identity, now), timeout_seconds=_SECONDS))
    taken = time.monotonic() - begun
    remark = _remark(opened)
    if as_json:
        document = {"channel": channel, "type": spec.type.value, "delivered": True, "seconds": round(taken, 3)}
        print_json({**document, "delivery": identity, "remark": remark})
        return ExitCode.OK
    click.echo(f"{channel} ({spec.type.value}): a test message arrived, after {taken:.1f} s; look for it there")
    if remark:
        click.secho(remark, fg="yellow", err=True)
    return ExitCode.OK


def _message(settings: Settings, channel: str, identity: str, now: datetime) -> Message:
    return Message(
        kind=MessageKind.TEST,
        thread=f"test/{identity}",
        severity=Severity.INFO,
        headline=f"a test of the channel {channel}, sent by `sluice alerts test`",
        project=project_name(settings),
        remarks=("Whoever reads this can be reached. There is nothing to do.",),
        at=now,
    )


def _remark(channel: Channel) -> str | None:
    """What a message that arrived does not show."""
    from checkpoints.alerts.transports.slack_bot import SlackBot  # its library takes a while

    return channel.check(_SECONDS) if isinstance(channel, SlackBot) else None


def _unknown(channel: str, routing: Routing, secrets: Secrets) -> ConfigError:
    known = ", ".join(sorted(routing.channels)) or "none"
    if needed := missing_variables(channel, secrets):
        return ConfigError(
            f"the channel {channel} is not there yet: set {needed} (in the environment, in .env of the project, or as "
            f"files in SLUICE_SECRETS_DIR), or declare it in checkpoints/_alerts.yml. Channels that are there: {known}"
        )
    return ConfigError(
        f"there is no channel {channel!r}{suggest(channel, routing.channels)}; there are: {known}. Channels are "
        "declared in checkpoints/_alerts.yml"
    )
