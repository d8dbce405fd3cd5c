"""Slack by an incoming webhook: it can post, and nothing else. It cannot thread, update, or tell a copy."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import SecretStr

from checkpoints.alerts.delivery import NO_UPDATES, Delivery, Receipt
from checkpoints.alerts.formats import slack
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.transports.http import post

_POSTED = "posted"
_AGAIN = "This may be a second copy: Slack did not answer when it was sent first."


@dataclass(frozen=True)
class SlackWebhook:
    """A channel of Slack that a webhook's address leads to."""

    name: str
    url: SecretStr

    def deliver(self, delivery: Delivery) -> Receipt:
        """Post it. An update of what was posted already is not sent: it would be one more message.

        Raises:
            DeliveryError: it did not arrive, or nobody knows.
        """
        message = delivery.message
        if message.kind is MessageKind.UPDATE and delivery.thread_ref:
            return Receipt(unsent=NO_UPDATES)
        if delivery.maybe_sent:
            message = message.model_copy(update={"remarks": (_AGAIN, *message.remarks)})
        metadata = {"event_type": "sluice_alert", "event_payload": {"delivery": delivery.id}}
        payload = {**slack.render(message), "metadata": metadata, "unfurl_links": False, "unfurl_media": False}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        post(
            "Slack's webhook",
            self.url.get_secret_value(),
            json.dumps(payload).encode(),
            headers,
            delivery.timeout_seconds,
        )
        return Receipt(_POSTED)
