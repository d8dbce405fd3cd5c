"""`sluice alerts test`: the message arrives, or it is said exactly what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli.app import cli
from tests.checkpoints.alerts.faults_of_peers import Fault
from tests.checkpoints.alerts.peers import HttpPeer, http_peer
from tests.checkpoints.alerts.receivers import ROUTING_KEY, SLACK_CHANNEL, SLACK_TOKEN

LOGIN = "and SLUICE_SMTP_USER and SLUICE_SMTP_PASSWORD where the mail server asks for a login"
TLS = "and SLUICE_SMTP_TLS where the connection is not secured by starttls: tls or none"
WITHOUT_ALL = (
    "`host` is missing: write `host: smtp.example.com`, or set SLUICE_SMTP_HOST; `to` is missing: write "
    "`to: data-team@example.com`, or set SLUICE_SMTP_TO; the mail server's password is missing: SLUICE_SMTP_PASSWORD is"
)


def project(directory: Path, http: HttpPeer) -> Path:
    (directory / "checkpoints").mkdir()
    (directory / "checkpoints" / "_alerts.yml").write_text(
        f"""\
channels:
  bot: {{type: slack, channel: {SLACK_CHANNEL}, api_url: "{http.url}/api/"}}
  pager: {{type: pagerduty, api_url: "{http.url}"}}
  hook: {{type: slack_webhook}}
  mail: {{type: email, from: sluice@example.com}}
""",
        encoding="utf-8",
    )
    return directory


def ask(directory: Path, *arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ["alerts", "test", *arguments, "--project", str(directory)], env=environment)


def test_a_test_message_arrives_marked_as_one(tmp_path: Path) -> None:
    with http_peer() as http:
        root = project(tmp_path, http)
        result = ask(root, "bot", "--json", SLUICE_SLACK_TOKEN=SLACK_TOKEN)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["delivered"] is True
        assert "TEST, NOTHING IS WRONG" in http.slack.messages[0]["text"]
        assert ask(root, "pager", SLUICE_PAGERDUTY_ROUTING_KEY=ROUTING_KEY).exit_code == 0
        assert (len(http.pagerduty.events), http.pagerduty.open_keys()) == (2, set())
        result = ask(root, "hook", SLUICE_SLACK_WEBHOOK_URL=http.slack_hook)
        assert result.exit_code == 0
        assert len(http.slack.hooked) == 1


def test_a_bot_that_cannot_look_for_lost_answers_is_told_what_it_needs(tmp_path: Path) -> None:
    with http_peer() as http:
        http.slack.without_scopes = frozenset({"conversations.history"})
        result = ask(project(tmp_path, http), "bot", SLUICE_SLACK_TOKEN=SLACK_TOKEN)
    assert result.exit_code == 0
    assert "channels:history" in result.stderr


@pytest.mark.parametrize(
    ("channel", "environment", "said", "code"),
    [
        ("bot", {}, "SLUICE_SLACK_TOKEN is set neither in the environment", 2),
        ("bot", {"SLUICE_SLACK_TOKEN": "xoxb-wrong-s3cr3t"}, "invalid_auth): the token is wrong", 3),
        ("pager", {"SLUICE_PAGERDUTY_ROUTING_KEY": "wrong-s3cr3t"}, "no integration 'Events API v2'", 3),
        ("hook", {}, "SLUICE_SLACK_WEBHOOK_URL is set neither", 2),
        (
            "email",
            {"SLUICE_SMTP_HOST": "h"},
            f"not there yet: set SLUICE_SMTP_FROM, SLUICE_SMTP_TO; {LOGIN}; {TLS} (",
            2,
        ),
        ("email", {"SLUICE_SMTP_USER": "u"}, "; and SLUICE_SMTP_PASSWORD where the mail server asks for a login;", 2),
        ("mail", {"SLUICE_SMTP_USER": "u"}, WITHOUT_ALL, 2),
        ("pagr", {}, "did you mean 'pager'", 2),
    ],
)
def test_what_is_missing_is_said_exactly(
    tmp_path: Path, channel: str, environment: dict[str, str], said: str, code: int
) -> None:
    with http_peer() as http:
        result = ask(project(tmp_path, http), channel, **environment)
    assert result.exit_code == code
    assert said in result.stderr
    assert "s3cr3t" not in result.output


def test_a_receiver_with_a_fault_is_no_success(tmp_path: Path) -> None:
    with http_peer() as http:
        http.script.then([Fault.ERROR] * 5)
        result = ask(project(tmp_path, http), "pager", "--json", SLUICE_PAGERDUTY_ROUTING_KEY=ROUTING_KEY)
    assert (result.exit_code, json.loads(result.stdout)["delivered"]) == (3, False)
