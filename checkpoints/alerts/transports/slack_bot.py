"""Slack by a bot's token: follow-ups stand in a thread, the first message always says how it stands now.

The bot needs the scope ``chat:write``, and ``channels:history`` (``groups:history`` in a private channel) to look for
a message of which it does not know whether it arrived, before it posts it again.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from checkpoints.alerts.delivery import Delivery, DeliveryError, Receipt
from checkpoints.alerts.formats import slack
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.transports.attempt import attempt, run_bounded
from checkpoints.alerts.transports.slack_errors import GONE, WHO, code_of, posting_handlers, reading_handlers, told

_EVENT = "sluice_alert"
_PAGE, _MOST_PAGES = 200, 10
_BEFORE_SECONDS = 300  # two clocks
_SHORT = (MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED)


@dataclass(frozen=True)
class SlackBot:
    """A channel of Slack that a bot is a member of.

    Attributes:
        channel: its id, such as C0123456789: a name would not do to find messages again.
        api_url: Slack's API.
    """

    name: str
    token: SecretStr
    channel: str
    api_url: str = "https://slack.com/api/"

    def deliver(self, delivery: Delivery) -> Receipt:
        """Post it, or bring the first message of its thread up to date.

        Raises:
            DeliveryError: it did not arrive, or nobody knows.
        """
        seconds = delivery.timeout_seconds
        return attempt(
            lambda: run_bounded(self._deliver(delivery), seconds),
            lambda error: told(error, seconds, self.channel),
        )

    def check(self, seconds: float) -> str | None:
        """What a post alone would not show: whether lost answers can be looked for. None for all is well.

        Raises:
            DeliveryError: Slack cannot be asked.
        """
        return attempt(
            lambda: run_bounded(self._check(seconds), seconds), lambda error: told(error, seconds, self.channel)
        )

    async def _check(self, seconds: float) -> str | None:
        try:
            await self._client(seconds, posting=False).conversations_history(channel=self.channel, limit=1)
        except SlackApiError as error:
            if (code := code_of(error)) in ("missing_scope", "not_in_channel"):
                return (
                    f"the bot cannot read the channel's history ({code}): give it the scope channels:history (in a "
                    "private channel groups:history); without it a lost answer may lead to a second copy"
                )
            raise
        return None

    async def _deliver(self, delivery: Delivery) -> Receipt:
        message = delivery.message
        first = _first(delivery.thread_ref)
        if first is None:
            return Receipt(_ref(await self._once(delivery, slack.render(message), None)))
        if message.kind is not MessageKind.UPDATE:
            body = slack.follow_up(message) if message.kind in _SHORT else slack.render(message)
            try:
                await self._once(delivery, body, first)
            except SlackApiError as error:
                if code_of(error) not in GONE:
                    raise
                return Receipt(_ref(await self._once(delivery, slack.render(message), None)))  # somebody deleted it
        try:
            await self._client(delivery.timeout_seconds, posting=False).chat_update(
                channel=self.channel, ts=first, **slack.render(message)
            )
        except SlackApiError as error:
            if code_of(error) not in GONE:
                raise
        return Receipt()

    async def _once(self, delivery: Delivery, body: dict[str, Any], thread: str | None) -> str:
        """Post it unless it is there; returns its ``ts``."""
        seconds = delivery.timeout_seconds
        if delivery.maybe_sent and (found := await self._find(delivery, thread)):
            return found
        response = await self._client(seconds, posting=True).chat_postMessage(
            channel=self.channel,
            thread_ts=thread,
            reply_broadcast=thread is not None and delivery.message.kind.calls,
            metadata={"event_type": _EVENT, "event_payload": {"delivery": delivery.id}},
            unfurl_links=False,
            unfurl_media=False,
            **body,
        )
        return str(response["ts"])

    async def _find(self, delivery: Delivery, thread: str | None) -> str | None:
        client = self._client(delivery.timeout_seconds, posting=False)
        oldest = f"{delivery.message.at.timestamp() - _BEFORE_SECONDS:.6f}"
        cursor = ""
        for _ in range(_MOST_PAGES):
            asked: dict[str, Any] = {"limit": _PAGE, "include_all_metadata": True, "oldest": oldest}
            asked |= {"cursor": cursor} if cursor else {}
            try:
                if thread is None:
                    page = await client.conversations_history(channel=self.channel, **asked)
                else:
                    page = await client.conversations_replies(channel=self.channel, ts=thread, **asked)
            except SlackApiError as error:
                if code_of(error) in ("missing_scope", "not_in_channel"):
                    return None  # to be told twice is better than never
                raise
            for each in page["messages"]:
                if each.get("metadata", {}).get("event_payload", {}).get("delivery") == delivery.id:
                    return str(each["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
        raise DeliveryError(
            f"{WHO} may have it, among more messages than {_PAGE * _MOST_PAGES:,}; it is not posted again",
            transient=False,
            maybe_sent=True,
        )

    def _client(self, seconds: float, *, posting: bool) -> AsyncWebClient:
        handlers: list[AsyncRetryHandler] = posting_handlers(seconds) if posting else reading_handlers(seconds)
        return AsyncWebClient(
            token=self.token.get_secret_value(),
            base_url=self.api_url,
            timeout=math.ceil(seconds),
            retry_handlers=handlers,
            logger=_silent(),
        )


def _silent() -> logging.Logger:
    """A logger that is shown nothing: the library's would log what is sent, and errors that we tell ourselves."""
    logger = logging.getLogger(f"{__name__}.silent")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _ref(stamp: str) -> str:
    return json.dumps({"ts": stamp})


def _first(thread_ref: str | None) -> str | None:
    try:
        found = json.loads(thread_ref or "null")
    except ValueError:
        return None
    return str(found["ts"]) if isinstance(found, dict) and "ts" in found else None
