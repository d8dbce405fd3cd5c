"""The project of the soak: every channel leads to a peer on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.checkpoints.alerts.peers import SMTP_PASSWORD, SMTP_USER, HttpPeer, SmtpPeer
from tests.checkpoints.alerts.receivers import ROUTING_KEY, SLACK_CHANNEL, SLACK_TOKEN, WEBHOOK_SECRET


def write_project(directory: Path, http: HttpPeer, smtp: SmtpPeer) -> None:
    checkpoints = directory / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "staging.yml").write_text('suites: ["orders"]\ngates: [marts]\n', encoding="utf-8")
    (checkpoints / "_alerts.yml").write_text(
        f"""\
channels:
  slack: {{type: slack, channel: {SLACK_CHANNEL}, api_url: "{http.url}/api/"}}
  slack_webhook: {{type: slack_webhook}}
  pagerduty: {{type: pagerduty, api_url: "{http.url}"}}
  email: {{type: email, host: 127.0.0.1, port: {smtp.port}, from: sluice@example.com, to: [team@example.com],
    tls: none, user: {SMTP_USER}}}
  webhook: {{type: webhook}}
routes: []
escalate: false
remind_hours: false
""",
        encoding="utf-8",
    )


def secrets(http: HttpPeer) -> dict[str, str]:
    return {
        "SLUICE_SLACK_TOKEN": SLACK_TOKEN,
        "SLUICE_SLACK_WEBHOOK_URL": http.slack_hook,
        "SLUICE_PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
        "SLUICE_SMTP_PASSWORD": SMTP_PASSWORD,
        "SLUICE_WEBHOOK_URL": f"{http.url}/hook",
        "SLUICE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }


@contextmanager
def variables_set(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the length of a block."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
