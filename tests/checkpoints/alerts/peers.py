"""Protocol peers on loopback: an HTTP server that plays Slack, PagerDuty and a webhook's receiver; an SMTP server.

Each answers as it should, or with the fault that its script says comes next.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.checkpoints.alerts.faults_of_peers import Fault, Script
from tests.checkpoints.alerts.receivers import SLACK_HOOK, Answer, PagerDutyService, SlackWorkspace, WebhookReceiver

LONGEST_SILENCE_SECONDS = 60.0
SMTP_USER, SMTP_PASSWORD = "sluice", "sm7p-p4ssw0rd"
_DRIP_SECONDS = 0.1


class HttpPeer:
    """The HTTP server; a fault is drawn for each request but those that only read.

    Attributes:
        retry_after: what a 429 asks to wait, in seconds.
        requests: how many requests came, those that were answered with a fault too.
    """

    def __init__(self) -> None:
        self.script = Script()
        self.slack = SlackWorkspace()
        self.pagerduty = PagerDutyService()
        self.webhook = WebhookReceiver()
        self.retry_after = "1"
        self.requests = 0
        self.stopping = threading.Event()
        peer = self

        class Handler(_Handler):
            def __init__(self, *arguments: Any) -> None:
                self.peer = peer
                super().__init__(*arguments)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def slack_hook(self) -> str:
        return self.url + SLACK_HOOK

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: dict[str, str], raw: bytes, given: dict[str, Any]) -> Answer:
        if path == SLACK_HOOK:
            return self.slack.hook(given)
        if path.startswith("/api/"):
            return self.slack.call(path.removeprefix("/api/"), given, headers.get("authorization", ""))
        if path == "/v2/enqueue":
            return self.pagerduty.enqueue(given)
        if path == "/hook":
            return self.webhook.take(headers, raw, given)
        return 404, "no such page"


class _Handler(BaseHTTPRequestHandler):
    peer: HttpPeer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        self.peer.requests += 1
        fault = Fault.NONE if path.startswith(("/api/conversations", "/api/auth")) else self.peer.script.next()
        self.close_connection = True
        if fault is Fault.RESET:
            self._reset()
            return
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, document = (
            self.peer.answer(path, headers, raw, self._given(headers, raw)) if fault.taken else (500, "not taken")
        )
        match fault:
            case Fault.SILENT | Fault.SILENT_TAKEN:
                self.peer.stopping.wait(LONGEST_SILENCE_SECONDS)
            case Fault.RESET_TAKEN:
                self._reset()
            case Fault.DRIP_TAKEN:
                self._drip()
            case Fault.RATE_LIMITED:
                self._send(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": self.peer.retry_after})
            case Fault.ERROR | Fault.ERROR_TAKEN:
                self._send(500, "something went wrong", {})
            case Fault.REFUSED:
                in_body = path.startswith("/api/")  # Slack's API refuses with status 200
                self._send(200 if in_body else 403, {"ok": False, "error": "token_revoked"}, {})
            case _:
                self._send(status, document, {})

    def _given(self, headers: dict[str, str], raw: bytes) -> dict[str, Any]:
        given: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
        if "json" in headers.get("content-type", ""):
            given.update(json.loads(raw))
            return given
        return given | dict(parse_qsl(raw.decode()))

    def _send(self, status: int, document: dict[str, Any] | str, headers: dict[str, str]) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        self.send_response(status)
        kind = "text/html" if isinstance(document, str) else "application/json"
        # It closes after each answer, and says so: a client that went on would now and then meet a closed connection.
        given = {"Content-Type": kind, "Content-Length": str(len(text.encode())), "Connection": "close", **headers}
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def _drip(self) -> None:
        """Never done, yet never silent: a time-out for each read alone waits for ever."""
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not self.peer.stopping.wait(_DRIP_SECONDS):
                self.wfile.write(b"x")
        except OSError:
            return

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            return

    def log_message(self, *_arguments: Any) -> None:
        return


class _AnyPort(Controller):
    """A controller of port 0 knows its port only once it listens, and asks there whether it does."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()


class SmtpPeer:
    """The SMTP server, with a password.

    Attributes:
        mails: every copy that it took.
        secured: of each, whether it came over TLS.
        logins: the names that a password was given for.
    """

    def __init__(self, **security: Any) -> None:
        """Begin to listen.

        Args:
            security: ``ssl_context`` for TLS from the beginning, ``tls_context`` for STARTTLS.
        """
        self.script = Script()
        self.mails: list[Mail] = []
        self.secured: list[bool] = []
        self.logins: list[str] = []
        self.refuse_recipients: set[str] = set()
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")  # on loopback it may
        login: dict[str, Any] = {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0, **(login | security))
        self._controller.start()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def close(self) -> None:
        self._controller.stop(no_assert=True)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if address in self.refuse_recipients:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self.script.next()
        assert isinstance(server.transport, asyncio.Transport)
        if fault.taken:
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content))
            self.secured.append(server.transport.get_extra_info("ssl_object") is not None)
        match fault:
            case Fault.RATE_LIMITED | Fault.ERROR | Fault.ERROR_TAKEN:
                return "451 try again later"
            case Fault.SILENT | Fault.SILENT_TAKEN:
                await asyncio.sleep(LONGEST_SILENCE_SECONDS)
            case Fault.RESET | Fault.RESET_TAKEN:
                server.transport.abort()
                await asyncio.sleep(0.05)
            case Fault.DRIP_TAKEN:
                while not server.transport.is_closing():
                    server.transport.write(b"250-still at it\r\n")
                    await asyncio.sleep(_DRIP_SECONDS)
            case Fault.REFUSED:
                return "554 refused for good"
        return "250 taken"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append(data.login.decode())
        known = LoginPassword(SMTP_USER.encode(), SMTP_PASSWORD.encode())
        return AuthResult(success=data == known, handled=False)


@contextmanager
def http_peer() -> Iterator[HttpPeer]:
    """The HTTP server, for as long as the block runs."""
    peer = HttpPeer()
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def smtp_peer(**security: Any) -> Iterator[SmtpPeer]:
    """The SMTP server, for as long as the block runs."""
    peer = SmtpPeer(**security)
    try:
        yield peer
    finally:
        peer.close()
