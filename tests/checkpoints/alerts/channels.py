"""Real channels that lead to the peers on loopback, and what arrived there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from checkpoints.alerts.delivery import Channel
from checkpoints.alerts.transports.file import File
from checkpoints.alerts.transports.pagerduty import PagerDuty
from checkpoints.alerts.transports.slack_bot import SlackBot
from checkpoints.alerts.transports.slack_webhook import SlackWebhook
from checkpoints.alerts.transports.smtp import Smtp, Tls
from checkpoints.alerts.transports.webhook import Webhook
from tests.checkpoints.alerts.faults_of_peers import Script
from tests.checkpoints.alerts.peers import SMTP_PASSWORD, SMTP_USER, HttpPeer, SmtpPeer, http_peer, smtp_peer
from tests.checkpoints.alerts.receivers import ROUTING_KEY, SLACK_CHANNEL, SLACK_TOKEN, WEBHOOK_SECRET


@dataclass(frozen=True)
class Way:
    """A channel, the peer at its end, and how to count what arrived.

    Attributes:
        script: the peer's faults.
        copies: of each delivery (PagerDuty: of each key), how many copies the receiver has.
        shown: the same after what the receiver itself does about copies.
    """

    channel: Channel
    script: Script
    copies: Callable[[], Mapping[str, int]]
    shown: Callable[[], Mapping[str, int]]


def slack_bot(http: HttpPeer) -> Way:
    bot = SlackBot("slack", SecretStr(SLACK_TOKEN), SLACK_CHANNEL, f"{http.url}/api/")
    return Way(bot, http.script, http.slack.copies, http.slack.copies)


def slack_webhook(http: HttpPeer) -> Way:
    def copies() -> Mapping[str, int]:
        return Counter(each["metadata"]["event_payload"]["delivery"] for each in http.slack.hooked)

    return Way(SlackWebhook("slack_webhook", SecretStr(http.slack_hook)), http.script, copies, lambda: _once(copies()))


def pagerduty(http: HttpPeer) -> Way:
    def copies() -> Mapping[str, int]:
        return Counter(event["dedup_key"] for event in http.pagerduty.events if event["event_action"] == "trigger")

    channel = PagerDuty("pagerduty", SecretStr(ROUTING_KEY), http.url)
    return Way(channel, http.script, copies, lambda: http.pagerduty.opened)


def webhook(http: HttpPeer) -> Way:
    def copies() -> Mapping[str, int]:
        return Counter(identity for identity, _ in http.webhook.taken)

    channel = Webhook("webhook", SecretStr(f"{http.url}/hook"), SecretStr(WEBHOOK_SECRET), lambda: datetime.now(UTC))
    return Way(channel, http.script, copies, lambda: _once(copies()))


def email(smtp: SmtpPeer) -> Way:
    def copies() -> Mapping[str, int]:
        return Counter(str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in smtp.mails)

    channel = Smtp(
        "email",
        "127.0.0.1",
        smtp.port,
        "sluice@example.com",
        ("team@example.com", "ada@example.com"),
        Tls.NONE,
        SMTP_USER,
        SecretStr(SMTP_PASSWORD),
    )
    return Way(channel, smtp.script, copies, lambda: _once(copies()))


@contextmanager
def way_to(name: str) -> Iterator[Way]:
    """One channel with a peer of its own."""
    if name == "email":
        with smtp_peer() as smtp:
            yield email(smtp)
        return
    with http_peer() as http:
        yield {"slack": slack_bot, "slack_webhook": slack_webhook, "pagerduty": pagerduty, "webhook": webhook}[name](
            http
        )


def file(directory: Path) -> File:
    return File("file", directory / "alerts.jsonl")


def _once(copies: Mapping[str, int]) -> Mapping[str, int]:
    """What is left where the receiver knows copies by their key."""
    return dict.fromkeys(copies, 1)
