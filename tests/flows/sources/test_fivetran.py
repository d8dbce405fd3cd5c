from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from flows.sources.errors import IngestError
from flows.sources.fivetran import FivetranIngest
from flows.sources.fivetran_api import FivetranApi, Resource, RetryPolicy
from flows.sources.ingest import IngestedTable

KEY, SECRET = "fivetran-key", "fivetran-very-secret"
BEFORE = "2025-09-14T02:47:45.123Z"
AFTER = "2025-09-15T03:12:09.456Z"
NOW = datetime(2025, 9, 15, 2, 14, 23)  # noqa: DTZ001 - UTC as stored


@dataclass
class Answer:
    status: int
    body: dict[str, object]
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0


def connection(
    sync_state: str = "scheduled",
    *,
    succeeded_at: str | None = BEFORE,
    failed_at: str | None = None,
    setup_state: str = "connected",
    paused: bool = False,
    tasks: tuple[dict[str, str], ...] = (),
) -> Answer:
    """What "Retrieve Connection Details" answers, with more fields than are read."""
    return Answer(
        200,
        {
            "code": "Success",
            "data": {
                "id": "warm_owl",
                "service": "stripe",
                "schema": "raw_stripe",
                "paused": paused,
                "sync_frequency": 360,
                "succeeded_at": succeeded_at,
                "failed_at": failed_at,
                "status": {
                    "setup_state": setup_state,
                    "sync_state": sync_state,
                    "update_state": "on_schedule",
                    "is_historical_sync": False,
                    "tasks": list(tasks),
                    "warnings": [],
                },
            },
        },
    )


TRIGGERED = Answer(200, {"code": "Success", "message": "Sync has been successfully triggered"})


class FivetranStandIn:
    """A real HTTP server that answers each route with a script; its last answer repeats."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Answer]] = {}
        self.seen: list[str] = []
        self.bodies: list[bytes] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                route = f"{self.command} {self.path}"
                stand_in.seen.append(route)
                stand_in.bodies.append(body)
                expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
                if self.headers.get("Authorization") != expected:
                    found = Answer(401, {"code": "AuthFailed", "message": f"key {KEY} with {SECRET} is wrong"})
                elif route in stand_in.scripts:
                    script = stand_in.scripts[route]
                    found = script.pop(0) if len(script) > 1 else script[0]
                else:
                    found = Answer(404, {"code": "NotFound_Connection", "message": "Cannot find connection"})
                time.sleep(found.delay_seconds)
                payload = json.dumps(found.body).encode()
                self.send_response(found.status)
                for name, value in {**found.headers, "Content-Length": str(len(payload))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = _answer

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def script(self, *states: Answer, name: str = "warm_owl", resource: str = "connections") -> None:
        self.scripts[f"GET /v1/{resource}/{name}"] = list(states)
        self.scripts[f"POST /v1/{resource}/{name}/sync"] = [TRIGGERED]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def fivetran() -> Iterator[FivetranStandIn]:
    server = FivetranStandIn()
    yield server
    server.close()


class Waits:
    """Keeps what was slept for instead of sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def api(base: str, waits: Waits, *, secret: str = SECRET, resource: Resource = "connections", **options) -> FivetranApi:
    return FivetranApi(
        SecretStr(KEY),
        SecretStr(secret),
        api_base=base,
        resource=resource,
        retry=RetryPolicy(attempts=3, first_pause_seconds=1),
        sleep=waits,
        **options,
    )


def ingest(client: FivetranApi, *names: str, **options) -> FivetranIngest:
    counted = {"raw_stripe.charges": 1_423, "raw_stripe.customers": 7}
    options.setdefault("poll_seconds", 0)
    return FivetranIngest(
        client,
        names or ("warm_owl",),
        tables=tuple(counted),
        count_synced=lambda table, since: counted[table] if since == NOW else 0,
        clock=lambda: NOW,
        **options,
    )


def test_a_sync_is_triggered_waited_for_and_counted_in_the_warehouse(fivetran: FivetranStandIn) -> None:
    fivetran.script(connection(), connection("syncing"), connection("syncing"), connection(succeeded_at=AFTER))
    said: list[str] = []
    result = ingest(api(fivetran.url, Waits())).run("i-1", said.append)
    assert result.tables == (IngestedTable("raw_stripe.charges", 1_423), IngestedTable("raw_stripe.customers", 7))
    assert (result.ingest_id, result.source, result.rows) == ("i-1", "fivetran", 1_430)
    assert fivetran.seen.count("POST /v1/connections/warm_owl/sync") == 1
    assert json.loads(fivetran.bodies[1]) == {"force": False}
    assert said == ["Fivetran warm_owl: sync triggered", "Fivetran warm_owl: syncing", "Fivetran warm_owl: synced"]


def test_a_success_from_before_the_trigger_does_not_count(fivetran: FivetranStandIn) -> None:
    fivetran.script(connection(succeeded_at=BEFORE))
    with pytest.raises(IngestError, match="did not end the sync of warm_owl") as caught:
        ingest(api(fivetran.url, Waits()), timeout_seconds=0.3).run("i-1")
    assert caught.value.transient


def test_several_connections_are_all_waited_for(fivetran: FivetranStandIn) -> None:
    fivetran.script(connection(), connection(succeeded_at=AFTER), name="a")
    fivetran.script(connection(), connection("syncing"), connection(succeeded_at=AFTER), name="b")
    ingest(api(fivetran.url, Waits()), "a", "b").run("i-1")
    assert fivetran.seen.count("GET /v1/connections/b") == 3


def test_the_older_connectors_path_is_spoken_too(fivetran: FivetranStandIn) -> None:
    fivetran.script(connection(), connection(succeeded_at=AFTER), resource="connectors")
    ingest(api(fivetran.url, Waits(), resource="connectors")).run("i-1")
    assert "POST /v1/connectors/warm_owl/sync" in fivetran.seen


def test_a_failed_sync_is_reported_with_fivetrans_reason(fivetran: FivetranStandIn) -> None:
    task = {"code": "reconnect", "message": "Reconnect your Stripe account", "details": "expired"}
    fivetran.script(connection(), connection("syncing"), connection("scheduled", failed_at=AFTER, tasks=(task,)))
    with pytest.raises(IngestError, match=r"warm_owl failed at .*: Reconnect your Stripe account") as caught:
        ingest(api(fivetran.url, Waits())).run("i-1")
    assert not caught.value.transient


def test_a_failure_that_asks_nothing_of_a_person_may_be_tried_again(fivetran: FivetranStandIn) -> None:
    fivetran.script(connection(), connection("rescheduled", failed_at=AFTER))
    with pytest.raises(IngestError, match="Fivetran gives no reason") as caught:
        ingest(api(fivetran.url, Waits())).run("i-1")
    assert caught.value.transient


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (connection("paused", paused=True), "is paused: enable it"),
        (connection(setup_state="broken", tasks=({"code": "x", "message": "Bad key"},)), "is broken: Bad key"),
    ],
)
def test_an_unusable_connection_is_terminal_and_nothing_is_triggered(
    fivetran: FivetranStandIn, state: Answer, message: str
) -> None:
    fivetran.script(state)
    with pytest.raises(IngestError, match=message) as caught:
        ingest(api(fivetran.url, Waits())).run("i-1")
    assert not caught.value.transient
    assert not [route for route in fivetran.seen if route.startswith("POST")]


def test_429_waits_as_long_as_fivetran_asks(fivetran: FivetranStandIn) -> None:
    limited = Answer(429, {"code": "RateLimitExceeded", "message": "slow down"}, {"Retry-After": "17"})
    fivetran.scripts["GET /v1/connections/warm_owl"] = [limited, connection()]
    waits = Waits()
    assert api(fivetran.url, waits).connection("warm_owl").schema_name == "raw_stripe"
    assert waits.seconds == [17]


def test_server_errors_are_tried_a_bounded_number_of_times_with_growing_pauses(fivetran: FivetranStandIn) -> None:
    fivetran.scripts["GET /v1/connections/warm_owl"] = [Answer(503, {"message": "maintenance"})]
    waits = Waits()
    with pytest.raises(IngestError, match="failed 3 times; last: HTTP 503 maintenance") as caught:
        api(fivetran.url, waits).connection("warm_owl")
    assert caught.value.transient
    assert len(fivetran.seen) == 3
    assert 1 <= waits.seconds[0] <= 1.25
    assert 2 <= waits.seconds[1] <= 2.5


def test_no_answer_in_time_is_transient(fivetran: FivetranStandIn) -> None:
    slow = connection()
    slow.delay_seconds = 1
    fivetran.script(slow)
    with pytest.raises(IngestError, match="failed 3 times; last: ReadTimeout") as caught:
        api(fivetran.url, Waits(), timeout_seconds=0.1).connection("warm_owl")
    assert caught.value.transient


def test_nobody_listening_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(IngestError, match="failed 3 times; last: ConnectError") as caught:
        api(f"http://127.0.0.1:{port}", Waits()).connection("warm_owl")
    assert caught.value.transient


def test_a_refused_key_is_terminal_at_once_and_shows_no_secret(fivetran: FivetranStandIn) -> None:
    fivetran.script(connection())
    with pytest.raises(IngestError, match=r"it refused the key .*SLUICE_FIVETRAN_API_KEY") as caught:
        api(fivetran.url, Waits(), secret="fivetran-other-secret").connection("warm_owl")
    assert not caught.value.transient
    assert len(fivetran.seen) == 1
    assert KEY not in str(caught.value)

    quoting = Answer(400, {"code": "Invalid", "message": f"bad pair {KEY}:{SECRET}"})
    fivetran.scripts["GET /v1/connections/warm_owl"] = [quoting]
    with pytest.raises(IngestError, match=r"bad pair \*\*\*:\*\*\*") as caught:
        api(fivetran.url, Waits()).connection("warm_owl")
    assert SECRET not in str(caught.value)


def test_an_unknown_connection_is_terminal_and_named(fivetran: FivetranStandIn) -> None:
    with pytest.raises(IngestError, match=r"there is no connection lost_cat .*SLUICE_FIVETRAN_CONNECTIONS") as caught:
        ingest(api(fivetran.url, Waits()), "lost_cat").run("i-1")
    assert not caught.value.transient


def test_an_answer_that_is_not_as_documented_is_told(fivetran: FivetranStandIn) -> None:
    fivetran.script(Answer(200, {"code": "Success", "data": {"service": "stripe"}}))
    with pytest.raises(IngestError, match="its answer about connection warm_owl has a wrong id: Field required"):
        api(fivetran.url, Waits()).connection("warm_owl")


def test_no_connection_named_is_told_before_anything_is_asked(fivetran: FivetranStandIn) -> None:
    with pytest.raises(IngestError, match="set SLUICE_FIVETRAN_CONNECTIONS"):
        FivetranIngest(api(fivetran.url, Waits()), (), tables=(), count_synced=lambda *_: 0, clock=lambda: NOW)
    assert fivetran.seen == []
