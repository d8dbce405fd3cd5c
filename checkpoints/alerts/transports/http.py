"""One POST over HTTP, bounded in all; neither its address nor its headers are logged or told."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from checkpoints.alerts.delivery import DeliveryError
from checkpoints.alerts.transports.attempt import answered, attempt, run_bounded, unanswered

_LONGEST_ANSWER = 10_000  # bytes; nobody needs more of what a webhook answers


def post(who: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> None:
    """Send it.

    Args:
        who: the receiver, for people.
        url: where; it counts as a secret.
        body: what.
        headers: beside those that HTTP needs.
        seconds: for all of it.

    Raises:
        DeliveryError: it did not arrive, or nobody knows.
    """
    status, found, text = attempt(
        lambda: run_bounded(_post(url, body, headers, seconds), seconds), lambda error: failed(who, error, seconds)
    )
    if not 200 <= status < 300:
        raise answered(who, status, found, text)


def failed(who: str, error: Exception, seconds: float) -> DeliveryError:
    """What an error of aiohttp means."""
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError | ValueError):
        return DeliveryError(f"{who}: its address is no http or https URL", transient=False)
    # What failed before there was a connection was certainly not sent.
    return unanswered(who, error, seconds, maybe_sent=not isinstance(error, aiohttp.ClientConnectorError))


async def _post(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> tuple[int, dict[str, str], str]:
    # httpx would log the address, which is a secret where it is a webhook's.
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds), trust_env=True) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as response,
    ):
        text = (await response.content.read(_LONGEST_ANSWER)).decode(errors="replace")
        return response.status, dict(response.headers), text
