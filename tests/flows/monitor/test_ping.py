"""Somebody outside hears from the monitor, and nothing that happens there matters to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from flows.monitor.ping import ping


class Outside:
    """A service that waits for pings."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.heard.append(self.path)
                self.send_response(outside.status)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, rest: str = "") -> SecretStr:
        return SecretStr(f"http://127.0.0.1:{self.server.server_address[1]}/ping/s3cr3t-uuid{rest}")


@pytest.fixture
def outside() -> Iterator[Outside]:
    made = Outside()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_it_hears_that_all_is_well_and_that_it_is_not(outside: Outside) -> None:
    assert ping(outside.url(), well=True) is None
    assert ping(outside.url(), well=False) is None
    assert ping(outside.url("/?rid=7"), well=False) is None
    assert outside.heard == ["/ping/s3cr3t-uuid", "/ping/s3cr3t-uuid/fail", "/ping/s3cr3t-uuid/fail?rid=7"]


def test_without_an_address_nobody_is_told(outside: Outside) -> None:
    assert ping(None, well=True) is None
    assert outside.heard == []


def test_a_refusal_is_said_without_the_address(outside: Outside) -> None:
    outside.status = 404
    assert ping(outside.url(), well=True) == "the address in SLUICE_HEARTBEAT_URL answered 404"


@pytest.mark.parametrize("address", ["ftp://example.com/s3cr3t", "s3cr3t", "http://[s3cr3t", "file:///etc/s3cr3t"])
def test_what_is_no_address_is_said_and_not_repeated(address: str) -> None:
    said = ping(SecretStr(address), well=True)
    assert said is not None
    assert "SLUICE_HEARTBEAT_URL" in said
    assert "s3cr3t" not in said


def test_one_that_does_not_answer_costs_a_bounded_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = ping(SecretStr(f"http://127.0.0.1:{port}/s3cr3t"), well=True, timeout_seconds=0.5)
    assert said is not None
    assert "could not be reached" in said
    assert "s3cr3t" not in said
