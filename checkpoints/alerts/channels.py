"""Open channels: what ``_alerts.yml`` says of one, and its secrets, make something that delivers.

A new notifier is one transport, one format, its golden files, and one line in :data:`TYPES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from checkpoints.alerts.channel_options import Options
from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.delivery import Channel
from checkpoints.alerts.secrets import Secrets
from gx.errors import ConfigError

SLACK_CHANNEL_FORM = r"[CGD][A-Z0-9]{6,20}"
_HTTPS = r"https://\S+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?"
_HTTP = r"https?://\S+"
_ADDRESS = r"[^@\s<>,;]+@[^@\s<>,;]+"


@dataclass(frozen=True)
class Surroundings:
    """What a channel needs beside its options.

    Attributes:
        secrets: where secrets are.
        state: the state's directory, for files.
        clock: the time.
    """

    secrets: Secrets
    state: Path
    clock: Callable[[], datetime]


Opener = Callable[[ChannelSpec, Options, Surroundings], Channel]


def _slack_webhook(spec: ChannelSpec, options: Options, _around: Surroundings) -> Channel:
    from checkpoints.alerts.transports.slack_webhook import SlackWebhook  # noqa: PLC0415 - only when it is used

    url = options.secret("url_from", "SLUICE_SLACK_WEBHOOK_URL", "the address of Slack's webhook", form=_HTTPS)
    return SlackWebhook(spec.name, url)


def _slack(spec: ChannelSpec, options: Options, _around: Surroundings) -> Channel:
    from checkpoints.alerts.transports.slack_bot import SlackBot  # noqa: PLC0415 - its library takes a while

    token = options.secret("token_from", "SLUICE_SLACK_TOKEN", "the token of Slack's bot", form=r"xox[a-z]-\S+")
    channel = options.text("channel", "SLUICE_SLACK_CHANNEL", form=SLACK_CHANNEL_FORM, example="C0123456789")
    api = options.text("api_url", None, default="https://slack.com/api/", form=_HTTPS, example="https://slack.com/api/")
    return SlackBot(spec.name, token, channel, api)


def _pagerduty(spec: ChannelSpec, options: Options, _around: Surroundings) -> Channel:
    from checkpoints.alerts.transports.pagerduty import PagerDuty  # noqa: PLC0415 - its library takes a while

    key = options.secret("routing_key_from", "SLUICE_PAGERDUTY_ROUTING_KEY", "PagerDuty's routing key", form=r"\S+")
    default = "https://events.pagerduty.com"
    api = options.text("api_url", None, default=default, form=_HTTPS, example="https://events.eu.pagerduty.com")
    return PagerDuty(spec.name, key, api.rstrip("/"))


def _email(spec: ChannelSpec, options: Options, _around: Surroundings) -> Channel:
    from checkpoints.alerts.transports.smtp import Smtp, Tls  # noqa: PLC0415 - only when it is used

    tls = Tls(options.text("tls", "SLUICE_SMTP_TLS", default="starttls", form="|".join(Tls), example="starttls"))
    user = options.text("user", "SLUICE_SMTP_USER", default="")
    password = options.secret("password_from", "SLUICE_SMTP_PASSWORD", "the mail server's password") if user else None
    ports = {Tls.STARTTLS: 587, Tls.TLS: 465, Tls.NONE: 25}
    return Smtp(
        name=spec.name,
        host=options.text("host", "SLUICE_SMTP_HOST", example="smtp.example.com"),
        port=options.port("port", "SLUICE_SMTP_PORT", default=ports[tls]),
        sender=options.text("from", "SLUICE_SMTP_FROM", form=_ADDRESS, example="sluice@example.com"),
        recipients=options.texts("to", "SLUICE_SMTP_TO", form=_ADDRESS, example="data-team@example.com"),
        tls=tls,
        user=user or None,
        password=password,
    )


def _webhook(spec: ChannelSpec, options: Options, around: Surroundings) -> Channel:
    from checkpoints.alerts.transports.webhook import Webhook  # noqa: PLC0415 - only when it is used

    url = options.secret("url_from", "SLUICE_WEBHOOK_URL", "the webhook's address", form=_HTTP)
    secret = options.secret("secret_from", "SLUICE_WEBHOOK_SECRET", "the secret for signatures", form=r".{16,}")
    return Webhook(spec.name, url, secret, around.clock)


def _file(spec: ChannelSpec, options: Options, around: Surroundings) -> Channel:
    from checkpoints.alerts.transports.file import File  # noqa: PLC0415 - only when it is used

    path = Path(options.text("path", None, default=f"alerts-{spec.name}.jsonl")).expanduser()
    return File(spec.name, path if path.is_absolute() else around.state / path)


TYPES: Mapping[ChannelType, Opener] = {
    ChannelType.SLACK_WEBHOOK: _slack_webhook,
    ChannelType.SLACK: _slack,
    ChannelType.PAGERDUTY: _pagerduty,
    ChannelType.EMAIL: _email,
    ChannelType.WEBHOOK: _webhook,
    ChannelType.FILE: _file,
}
"""How each type is opened."""

_STANDARD = (
    ("slack", ChannelType.SLACK, ("SLUICE_SLACK_TOKEN", "SLUICE_SLACK_CHANNEL")),
    ("slack", ChannelType.SLACK_WEBHOOK, ("SLUICE_SLACK_WEBHOOK_URL",)),
    ("pagerduty", ChannelType.PAGERDUTY, ("SLUICE_PAGERDUTY_ROUTING_KEY",)),
    ("email", ChannelType.EMAIL, ("SLUICE_SMTP_HOST", "SLUICE_SMTP_FROM", "SLUICE_SMTP_TO")),
    ("webhook", ChannelType.WEBHOOK, ("SLUICE_WEBHOOK_URL", "SLUICE_WEBHOOK_SECRET")),
)


def available_channels(secrets: Secrets) -> tuple[ChannelSpec, ...]:
    """The channels that are there without being declared, because all that they need is set; a bot before a webhook."""
    found: dict[str, ChannelSpec] = {}
    for name, kind, variables in _STANDARD:
        if all(secrets.find(variable) for variable in variables):
            found.setdefault(name, ChannelSpec(name, kind))
    return tuple(found.values())


def standard_variables(name: str) -> tuple[tuple[str, ...], ...]:
    """What can be set so that the standard channel of this name is there: each a complete choice."""
    return tuple(variables for standard, _, variables in _STANDARD if standard == name)


def missing_variables(name: str, secrets: Secrets) -> str:
    """What of that is not set, in words; empty where there is no standard channel of this name."""
    choices = [[each for each in variables if secrets.find(each) is None] for variables in standard_variables(name)]
    needed = "; or ".join(", ".join(variables) for variables in choices)
    if name != "email":
        return needed
    login = [variable for variable in ("SLUICE_SMTP_USER", "SLUICE_SMTP_PASSWORD") if secrets.find(variable) is None]
    if login:
        needed += f"; and {' and '.join(login)} where the mail server asks for a login"
    if secrets.find("SLUICE_SMTP_TLS") is None:
        needed += "; and SLUICE_SMTP_TLS where the connection is not secured by starttls: tls or none"
    return needed


def open_channel(spec: ChannelSpec, around: Surroundings) -> Channel:
    """Make it deliver. Nothing is sent, nobody is asked.

    Raises:
        MissingSecretError: secrets are missing; with their variables and the places that were searched.
        ConfigError: an option is missing or wrong; with its line.
    """
    options = Options(spec, around.secrets)
    channel = TYPES[spec.type](spec, options, around)
    options.settle()
    return channel


def open_channels(
    specs: Iterable[ChannelSpec], around: Surroundings
) -> tuple[dict[str, Channel], dict[str, ConfigError]]:
    """Open those that can be: a wrong one keeps no other from telling. Returns them by name, and why others are not."""
    opened: dict[str, Channel] = {}
    problems: dict[str, ConfigError] = {}
    for spec in specs:
        try:
            opened[spec.name] = open_channel(spec, around)
        except ConfigError as error:
            problems[spec.name] = error
    return opened, problems
