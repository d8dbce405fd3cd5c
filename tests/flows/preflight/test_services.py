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


def test_slack_knows_the_token_or_does_not_and_it_is_never_shown(project: Project, peer: str) -> None:
    slack = {"SLUICE_SLACK_API_BASE": f"{peer}/api"}

    good = line(project.look(environment={**slack, "SLUICE_SLACK_TOKEN": TOKEN}), "connection", "slack")
    bad = line(project.look(environment={**slack, "SLUICE_SLACK_TOKEN": "xoxb-wrong-one"}), "connection", "slack")

    assert (good.status, good.detail) == (Status.FINE, "PetForce knows the bot sluice")
    assert (bad.status, bad.stops) == (Status.FAILED, False)
    assert "invalid_auth; check SLUICE_SLACK_TOKEN" in bad.detail
    assert "xoxb" not in str(good) + str(bad)


def test_pagerduty_answers_and_its_key_is_said_to_be_unchecked(project: Project, peer: str) -> None:
    environment = {"SLUICE_PAGERDUTY_API_BASE": peer, "SLUICE_PAGERDUTY_ROUTING_KEY": "R0UT1NG-s3cret"}

    found = project.look(environment=environment)

    assert line(found, "connection", "pagerduty").status is Status.FINE
    assert line(found, "routing key").status is Status.NONE
    assert "R0UT1NG" not in "".join(map(str, found.lines))


@pytest.mark.parametrize(("path", "status"), [("/api", Status.FINE), ("/broken", Status.FAILED)])
def test_prefect_is_asked_for_its_health(project: Project, peer: str, path: str, status: Status) -> None:
    found = project.look(environment={"PREFECT_API_URL": f"{peer}{path}"})

    assert line(found, "connection", "prefect").status is status


def test_nobody_who_is_told_keeps_a_run_from_beginning(project: Project) -> None:
    nowhere = {
        "SLUICE_SLACK_API_BASE": "http://127.0.0.1:9/api",
        "SLUICE_SLACK_TOKEN": TOKEN,
        "SLUICE_PAGERDUTY_API_BASE": "http://127.0.0.1:9",
        "SLUICE_PAGERDUTY_ROUTING_KEY": "key",
    }

    found = project.look(environment=nowhere, run=True)

    assert line(found, "connection", "slack").status is Status.FAILED
    assert line(found, "connection", "pagerduty").status is Status.FAILED
    found.require()
    assert len(found.noteworthy) >= 2


def test_on_duckdb_it_is_said_that_there_are_no_grants(project: Project) -> None:
    told = line(project.look(run=True), "grants")

    assert told.status is Status.NONE
    assert "DuckDB has no grants" in told.detail
    assert "was not checked" in told.detail
    assert told in project.look(run=True).noteworthy
