"""Sources: Stripe and PostgreSQL on this machine, Fivetran's API as a server that answers as it does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url

from flows.preflight.lines import Status
from flows.preflight.preflight import Preflight
from flows.sources.emulators.embedded import EmbeddedSources, embedded_sources
from gx.settings import REFERENCE_PROJECT
from tests.warehouses.roles import Project, execute, line, red

pytestmark = pytest.mark.postgres

CONNECTIONS = {
    "good": {"id": "good", "service": "stripe", "schema": "raw_stripe", "status": {"setup_state": "connected"}},
    "resting": {"id": "resting", "paused": True, "status": {"setup_state": "connected"}},
    "torn": {
        "id": "torn",
        "status": {"setup_state": "broken", "tasks": [{"code": "reconnect", "message": "the password has changed"}]},
    },
}


@pytest.fixture(scope="module")
def sources() -> Iterator[EmbeddedSources]:
    # Not pytest's own directory: run as root, PostgreSQL serves as another user, to whom that one is closed.
    with (
        TemporaryDirectory(prefix="sluice-test-", ignore_cleanup_errors=True) as directory,
        embedded_sources(Path(directory)) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def fivetran() -> Iterator[str]:
    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = CONNECTIONS.get(self.path.rpartition("/")[2])
            content = json.dumps({"code": "Success" if found else "NotFound", "data": found}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def look(tmp_path: Path, sources: EmbeddedSources, url: URL, **settings: object) -> Preflight:
    """The reference project, with sources of a company's own."""
    stripe = {"stripe_api_key": sources.stripe_api_key, "stripe_api_base": sources.stripe_api_base}
    project = Project(tmp_path, URL.create("duckdb", database=str(tmp_path / "warehouse.duckdb")))
    environment = {"SLUICE_SOURCE_POSTGRES_URL": url.render_as_string(hide_password=False)}
    given: dict[str, Any] = {"project": REFERENCE_PROJECT, "state": tmp_path / "state", **stripe, **settings}
    return project.look(environment=environment, **given)


def test_sources_that_answer_and_may_be_read_are_green(tmp_path: Path, sources: EmbeddedSources) -> None:
    found = look(tmp_path, sources, make_url(sources.postgres_url.get_secret_value()))

    assert red(found) == []
    assert line(found, "connection", "source stripe").status is Status.FINE
    assert line(found, "SELECT ON TABLE public.users").status is Status.FINE


def test_a_table_of_the_source_that_may_not_be_read_is_told_with_its_grant(
    tmp_path: Path, sources: EmbeddedSources
) -> None:
    admin = make_url(sources.postgres_url.get_secret_value())
    execute(admin, "CREATE ROLE reader LOGIN", "GRANT SELECT ON users, events, sessions TO reader")

    (only,) = red(look(tmp_path, sources, admin.set(username="reader")))

    assert only.remedy == "GRANT SELECT ON TABLE public.page_views TO reader;"
    execute(admin, only.remedy)
    assert red(look(tmp_path, sources, admin.set(username="reader"))) == []


def test_a_wrong_key_and_an_unreachable_database_are_told_together_without_their_secrets(
    tmp_path: Path, sources: EmbeddedSources
) -> None:
    nowhere = URL.create("postgresql", "me", "s3cret-pw", "127.0.0.1", 9, "shop")

    found = look(tmp_path, sources, nowhere, stripe_api_key="wrong_key_51Zz")

    assert {one.check for one in red(found)} == {"source stripe", "source postgres"}
    assert "SLUICE_SOURCE_POSTGRES_URL" in line(found, "connection", "source postgres").detail
    assert not any(secret in str(found.lines) for secret in ("wrong_key_51Zz", "s3cret-pw"))


def test_fivetrans_connections_are_each_told(tmp_path: Path, sources: EmbeddedSources, fivetran: str) -> None:
    project = Project(tmp_path, URL.create("duckdb", database=str(tmp_path / "warehouse.duckdb")))

    found = project.look(
        environment={"SLUICE_FIVETRAN_API_BASE": fivetran},
        project=REFERENCE_PROJECT,
        state=tmp_path / "state",
        fivetran_api_key="a-k3y-for-tests",
        fivetran_api_secret="a-s3cret-for-tests",
        fivetran_connections="good,resting,torn,unknown",
    )

    about = {one.what: one for one in found.lines if one.check == "source fivetran"}
    assert about["good"].status is Status.FINE
    assert "paused" in about["resting"].detail
    assert "the password has changed" in about["torn"].detail
    assert "there is no connection unknown" in about["unknown"].detail
    assert all(about[name].stops for name in ("resting", "torn", "unknown"))
    assert "s3cret" not in str(found.lines)
