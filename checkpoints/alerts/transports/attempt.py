"""One attempt: bounded in all, and whatever a library raises told as a DeliveryError that keeps nothing of it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from checkpoints.alerts.delivery import DeliveryError

T = TypeVar("T")
_LONGEST_WAIT_SECONDS = 24 * 3600.0
_WORD = re.compile(r"[a-z][a-z_]{1,60}")


def attempt(call: Callable[[], T], told: Callable[[Exception], DeliveryError]) -> T:
    """Do it; what it raises is told in our words.

    A library's error may hold an address or a token, and would be shown with ours if it were its cause or context.

    Raises:
        DeliveryError: what ``told`` made of the error.
    """
    try:
        return call()
    except DeliveryError:
        raise
    except Exception as error:  # noqa: BLE001 - no failure to send may become another error
        problem = told(error)
    raise problem  # outside of `except`: with neither cause nor context


def run_bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Run it to its end, or until time is up; in a loop of its own.

    Raises:
        TimeoutError: time is up.
    """
    # Not asyncio.run, which waits without a bound for a look-up of a host's name that hangs.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asyncio.wait_for(work, seconds))
    finally:
        with suppress(RuntimeError):
            loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class Cut:
    """Cuts connections when time is up: a time-out of each read alone lets a slow drip go on for ever."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def watch(self, connection: socket.socket) -> None:
        """Cut this one too."""
        # A copy: it stays the same connection when TLS takes the socket over.
        with self._lock:
            self._watched.append(connection.dup())
            if self.over:
                _shut(self._watched[-1])

    def __enter__(self) -> Cut:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            for connection in self._watched:
                connection.close()
            self._watched.clear()

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            for connection in self._watched:
                _shut(connection)


def answered(who: str, status: int, headers: Mapping[str, str], text: str = "") -> DeliveryError:
    """What an HTTP status other than a success means.

    Args:
        who: the receiver, for people.
        status: the status.
        headers: ``Retry-After`` is read.
        text: the body; shown only where it is one plain word, as Slack's errors are.
    """
    word = f" ({text.strip()})" if _WORD.fullmatch(text.strip()) else ""
    if status == 429:
        wait = retry_after(headers)
        asked = f", and asks to wait {wait:.0f} s" if wait is not None else ""
        return DeliveryError(f"{who} takes no more for now (429){asked}", transient=True, retry_after=wait)
    if status >= 500 or status in (408, 425):
        return DeliveryError(
            f"{who} answered with an error of its own ({status})",
            transient=True,
            retry_after=retry_after(headers),
            maybe_sent=status >= 500,
        )
    return DeliveryError(f"{who} refused it ({status}){word}", transient=False)


def unanswered(who: str, error: Exception, seconds: float, *, maybe_sent: bool = True) -> DeliveryError:
    """What it means that no answer came."""
    if isinstance(error, TimeoutError):
        return DeliveryError(f"{who} did not answer within {seconds:.0f} s", transient=True, maybe_sent=maybe_sent)
    lost = "the connection was lost" if maybe_sent else "there was no connection"
    return DeliveryError(f"{who}: {lost} ({type(error).__name__})", transient=True, maybe_sent=maybe_sent)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` asks to wait, also where it is a date (against the answer's own ``Date``)."""
    lower = {name.lower(): value for name, value in headers.items()}
    asked = lower.get("retry-after", "").strip()
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - parsedate_to_datetime(lower["date"])).total_seconds()
        except (KeyError, ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS) if seconds == seconds else None  # noqa: PLR0124 - not NaN


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
