"""PagerDuty by its official client, which is kept from trying again: the outbox does, within its bounds.

Left to itself the client tries 429 again for ever, 500 to 504 for minutes, and takes a time-out for each read alone.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from pagerduty import EventsApiV2Client
from pydantic import SecretStr

from checkpoints.alerts.delivery import NO_UPDATES, Delivery, DeliveryError, Receipt
from checkpoints.alerts.formats.pagerduty import Event, remembered, render
from checkpoints.alerts.transports.attempt import Cut, answered, attempt, unanswered

_WHO = "PagerDuty"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class PagerDuty:
    """A service of PagerDuty.

    Attributes:
        routing_key: of its integration "Events API v2".
        api_url: ``https://events.eu.pagerduty.com`` for accounts in the EU.
    """

    name: str
    routing_key: SecretStr
    api_url: str = "https://events.pagerduty.com"

    def deliver(self, delivery: Delivery) -> Receipt:
        """Trigger, acknowledge or resolve; what arrives twice PagerDuty knows by its key.

        Raises:
            DeliveryError: it did not arrive, or nobody knows.
        """
        events = render(delivery.message, delivery.thread_ref)
        seconds = delivery.timeout_seconds
        with Cut(seconds) as cut:
            attempt(lambda: self._send(events.events, seconds, cut), lambda error: _told(error, seconds, cut))
        return Receipt(remembered(events.open_keys), None if events.events else NO_UPDATES)

    def _send(self, events: tuple[Event, ...], seconds: float, cut: Cut) -> None:
        with _Client(self.routing_key.get_secret_value(), self.api_url, seconds, cut.watch) as client:
            for event in events:
                client.send_event(event.action.value, dedup_key=event.dedup_key, **event.body)


class _AnsweredError(Exception):
    """PagerDuty's answer was no success."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        super().__init__(str(status))


class _Client(EventsApiV2Client):
    """The official client, trying once."""

    max_network_attempts = 0

    def __init__(self, key: str, url: str, seconds: float, watch: Callable[[socket.socket], None]) -> None:
        super().__init__(key, base_url=url, verify=_tls())
        self.timeout = seconds  # type: ignore[assignment]  # its own default is a whole number

        # A function, not a method: the client copies what it is given, all that hangs on to it too.
        def trace(event: str, info: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                watch(info["return_value"].get_extra_info("socket"))

        self._trace = trace

    @property
    def url(self) -> str:
        """The API's address; this machine's own needs no TLS."""
        return str(self._url)

    @url.setter
    def url(self, value: str) -> None:
        if not value.startswith("https://") and urlsplit(value).hostname not in _LOOPBACK:
            raise ValueError("the address must begin with https://")
        self._url = value  # type: ignore[assignment]  # declared as None

    def request(self, method: str, url: str, **arguments: Any) -> Any:  # type: ignore[override]
        return super().request(method, url, **{**arguments, "extensions": {"trace": self._trace}})

    def postprocess(self, response: Any) -> None:
        if not response.is_success:
            raise _AnsweredError(response.status_code, dict(response.headers))


@cache
def _tls() -> ssl.SSLContext:
    # Made once: to read all certificates again for each message takes longer than to send it.
    return ssl.create_default_context()


def _told(error: Exception, seconds: float, cut: Cut) -> DeliveryError:
    if isinstance(error, _AnsweredError):
        if error.status == 400:
            return DeliveryError(
                f"{_WHO} refused the event (400): the routing key is that of no integration 'Events API v2'",
                transient=False,
            )
        return answered(_WHO, error.status, error.headers)
    if isinstance(error, ValueError):
        return DeliveryError(f"{_WHO}: the address of its API must begin with https://", transient=False)
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if cut.over or "Timeout" in type(cause).__name__:
        return unanswered(_WHO, TimeoutError(), seconds)
    return unanswered(_WHO, cause, seconds, maybe_sent="Connect" not in type(cause).__name__)
