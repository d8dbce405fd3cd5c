"""What Slack's errors mean, and after which of them its library may try again by itself."""

from __future__ import annotations

from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from checkpoints.alerts.delivery import DeliveryError
from checkpoints.alerts.transports.attempt import answered, retry_after
from checkpoints.alerts.transports.http import failed

WHO = "Slack"
GONE = ("message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed")
"""The first message cannot be changed or answered any more."""
_LATER = ("ratelimited", "rate_limited")
_THEIRS = ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org")
_ADVICE = {
    "invalid_auth": "the token is wrong",
    "not_authed": "the token is empty",
    "token_revoked": "the token was revoked; make another",
    "token_expired": "the token has expired; make another",
    "account_inactive": "the token's bot was removed; install the app again",
    "not_in_channel": "invite the bot to the channel: /invite @name",
    "channel_not_found": "there is no such channel, or the bot is not in it: its id is on the channel's page, under "
    "'About'; in a private channel invite the bot first",
    "is_archived": "the channel is archived",
    "missing_scope": "the token needs the scope chat:write; install the app again once it has it",
}


class _ShortWait(AsyncRateLimitErrorRetryHandler):
    """Waits itself only where that leaves time to try again; longer waits are the outbox's."""

    def __init__(self, seconds: float) -> None:
        super().__init__(max_retry_count=1)
        self._longest = seconds / 4

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        asked = retry_after(_plain(response.headers)) if response is not None and response.status_code == 429 else None
        return asked is not None and asked == int(asked) and asked <= self._longest


def posting_handlers(seconds: float) -> list[AsyncRetryHandler]:
    """After which errors a post is sent again at once: only those that say that it was not taken."""
    return [_ShortWait(seconds), AsyncConnectionErrorRetryHandler(error_types=[aiohttp.ClientConnectorError])]


def reading_handlers(seconds: float) -> list[AsyncRetryHandler]:
    """For what does no harm twice: reading, and bringing a message up to date."""
    return [_ShortWait(seconds), AsyncConnectionErrorRetryHandler(), AsyncServerErrorRetryHandler()]


def code_of(error: SlackApiError) -> str:
    """Slack's word for it; empty where it gave none."""
    data: Any = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def told(error: Exception, seconds: float, channel: str) -> DeliveryError:
    """The error in our words."""
    if not isinstance(error, SlackApiError):
        return failed(WHO, error, seconds)
    answer: Any = error.response
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
    headers = _plain(getattr(error.response, "headers", {}))
    code = code_of(error)
    if code in _LATER:
        return answered(WHO, 429, headers)
    if code in _THEIRS:
        return DeliveryError(f"{WHO} answered with an error of its own ({code})", transient=True, maybe_sent=True)
    if status != 200:
        return answered(WHO, status, headers, code)
    plain = code if code.replace("_", "").isalnum() and len(code) <= 60 else "an unknown error"
    advice = f": {_ADVICE[code]}" if code in _ADVICE else ""
    return DeliveryError(f"{WHO} refused it for the channel {channel} ({plain}){advice}", transient=False)


def _plain(headers: Any) -> dict[str, str]:
    return {str(name): str(value[0] if isinstance(value, list) else value) for name, value in dict(headers).items()}
