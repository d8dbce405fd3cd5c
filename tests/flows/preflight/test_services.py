"""Slack, PagerDuty and Prefect: over their real clients, against servers on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from flows.preflight.lines import Status
from tests.warehouses.roles import Project, line

TOKEN = "xoxb-the-bots-s3cret"


class Peer(BaseHTTPRequestHandler):
    """Answers as the three do."""

    def do_POST(self) -> None:
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        good = {"ok": True, "team": "PetForce", "user": "sluice"}
        self._answer(200, good if known else {"ok": False, "error": "invalid_auth"})

    def do_GET(self) -> None:
        self._answer({"/api/health": 200, "/broken/health": 503}.get(self.path, 404), {})

    def _answer(self, status: int, body: Mapping[str, object]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def peer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path, URL.create("duckdb", database=str(tmp_path / "shop.duckdb")))
    found.write("accounts: []\n")
    return found


def channels(project: Project, base: str) -> None:
    (project.directory / "checkpoints" / "_alerts.yml").write_text(
        f"""\
channels:
  bot: {{type: slack, channel: C0123456789, token_from: TEAM_TOKEN, api_url: "{base}/api/"}}
  pager: {{type: pagerduty, routing_key_from: TEAM_KEY, api_url: "{base}"}}
"""
    )


def test_slack_knows_the_token_or_does_not_and_it_is_never_shown(project: Project, peer: str) -> None:
    channels(project, peer)

    good = line(project.look(environment={"TEAM_TOKEN": TOKEN}), "connection", "bot")
    bad = line(project.look(environment={"TEAM_TOKEN": "xoxb-wrong-one"}), "connection", "bot")

    assert (good.status, good.detail) == (Status.FINE, "PetForce knows the bot sluice")
    assert (bad.status, bad.stops) == (Status.FAILED, False)
    assert "invalid_auth; check its variable" in bad.detail
    assert "xoxb" not in str(good) + str(bad)


def test_a_secret_is_found_where_the_channels_find_it(project: Project, peer: str) -> None:
    channels(project, peer)
    secrets = project.directory / "secrets"
    secrets.mkdir()
    (secrets / "team_token").write_text(TOKEN)

    found = project.look(environment={"SLUICE_SECRETS_DIR": str(secrets)})

    assert line(found, "connection", "bot").status is Status.FINE
    pager = line(found, "connection", "pager")
    assert (pager.status, pager.stops) == (Status.FAILED, False)
    assert "TEAM_KEY is set neither in the environment" in pager.detail


def test_pagerduty_answers_and_its_key_is_said_to_be_unchecked(project: Project, peer: str) -> None:
    channels(project, peer)

    found = project.look(environment={"TEAM_KEY": "R0UT1NG-s3cret"})

    assert line(found, "connection", "pager").status is Status.FINE
    assert line(found, "routing key").status is Status.NONE
    assert "R0UT1NG" not in "".join(map(str, found.lines))


def test_where_there_is_no_channel_it_is_said_what_is_to_be_set(project: Project) -> None:
    found = project.look(environment={"SLUICE_SLACK_TOKEN": TOKEN})

    slack, pagerduty = line(found, "connection", "slack"), line(found, "connection", "pagerduty")
    assert (slack.status, slack.detail) == (
        Status.NONE, "no such channel: set SLUICE_SLACK_CHANNEL; or SLUICE_SLACK_WEBHOOK_URL",
    )  # fmt: skip
    assert (pagerduty.status, pagerduty.detail) == (Status.NONE, "no such channel: set SLUICE_PAGERDUTY_ROUTING_KEY")


def test_a_channel_that_cannot_be_asked_without_sending_is_said_to_be_whole_or_not(project: Project) -> None:
    (project.directory / "checkpoints" / "_alerts.yml").write_text(
        "channels:\n  desk: {type: file}\n  hook: {type: webhook}\n"
    )

    found = project.look(environment={})

    desk, hook = line(found, "connection", "desk"), line(found, "connection", "hook")
    assert (desk.status, "sluice alerts test desk" in desk.detail) == (Status.FINE, True)
    assert (hook.status, "SLUICE_WEBHOOK_URL" in hook.detail) == (Status.FAILED, True)


def test_a_routing_that_is_wrong_is_said_and_stops_no_run(project: Project) -> None:
    (project.directory / "checkpoints" / "_alerts.yml").write_text("routs: []\n")

    found = project.look(environment={}, run=True)

    assert "_alerts.yml:1 is wrong" in line(found, "_alerts.yml", "alerts").detail
    found.require()


@pytest.mark.parametrize(("path", "status"), [("/api", Status.FINE), ("/broken", Status.FAILED)])
def test_prefect_is_asked_for_its_health(project: Project, peer: str, path: str, status: Status) -> None:
    found = project.look(environment={"PREFECT_API_URL": f"{peer}{path}"})

    assert line(found, "connection", "prefect").status is status


def test_nobody_who_is_told_keeps_a_run_from_beginning(project: Project) -> None:
    channels(project, "http://127.0.0.1:9")
    environment = {"TEAM_TOKEN": TOKEN, "TEAM_KEY": "key"}

    found = project.look(environment=environment, run=True)

    assert line(found, "connection", "bot").status is Status.FAILED
    assert line(found, "connection", "pager").status is Status.FAILED
    found.require()
    assert len(found.noteworthy) >= 2


def test_an_account_that_nobody_looked_at_for_long_is_a_warning_on_every_warehouse(project: Project) -> None:
    old = "  - {name: dbt, owner: Buck, purpose: b, role: c, grants: [], last_verified: 2020-01-01%s}\n"
    project.write("accounts:\n" + old % "")
    found = line(project.look(), "last verified")
    assert (found.check, found.status, found.stops) == ("account dbt", Status.WARNING, False)
    assert "Buck should look" in found.detail
    assert all(each.what != "last verified" for each in project.look(run=True).lines)  # it is none of the run's
    project.write("accounts:\n" + old % ", stops_every_run: true")
    assert line(project.look(run=True), "last verified").status is Status.WARNING


def test_on_duckdb_it_is_said_that_there_are_no_grants(project: Project) -> None:
    told = line(project.look(run=True), "grants")

    assert told.status is Status.NONE
    assert "DuckDB has no grants" in told.detail
    assert "was not checked" in told.detail
    assert told in project.look(run=True).noteworthy


ROUTES = "channels:\n  people: {{type: file, path: told.jsonl}}\nowners: {{finance: people}}\nroutes:\n  - {route}\n"
NIGHTLY = 'nightly: {flow: check/orders, by: "04:00", warn_until: "06:00", time_zone: UTC%s}\n'


@pytest.mark.parametrize(
    ("route", "untold"),
    [
        ("{severity: critical, to: people}", None),
        (
            '{severity: critical, table: "main.*", to: people}',
            "for: a run that failed, was killed or never began; a look that the monitor cannot take; a breach of ",
        ),
        ("{severity: critical, hours: 09:00-17:00, time_zone: UTC, to: people}", "never began (at "),
    ],
)
def test_what_is_critical_and_reaches_nobody_is_a_warning(project: Project, route: str, untold: str | None) -> None:
    (project.directory / "checkpoints" / "_alerts.yml").write_text(
        ROUTES.format(route=route) + "escalate: {after_minutes: 30, to: [slack]}\n"
    )
    (project.directory / "checkpoints" / "_slas.yml").write_text(NIGHTLY % "")

    found = line(project.look(), "routes")

    assert found.status is (Status.WARNING if untold else Status.FINE)
    assert untold is None or untold in found.detail
    assert not found.stops


def test_an_owner_who_is_told_and_an_escalation_are_counted(project: Project) -> None:
    (project.directory / "checkpoints" / "_alerts.yml").write_text(
        ROUTES.format(route="{severity: warning, to: people}") + "escalate: {after_minutes: 30, to: [people]}\n"
    )
    (project.directory / "checkpoints" / "_slas.yml").write_text(NIGHTLY % ", owner: finance")

    found = line(project.look(), "routes")

    assert found.status is Status.WARNING
    assert "SLA nightly" not in found.detail
    assert "people would hear of it after 30 minutes, by `escalate`" in found.detail


def test_without_a_channel_nothing_is_said_of_routes(project: Project) -> None:
    assert all(each.what != "routes" for each in project.look().lines)
