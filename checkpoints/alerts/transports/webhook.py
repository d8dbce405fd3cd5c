"""A signed webhook after Standard Webhooks (standardwebhooks.com): receivers find libraries that verify it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from checkpoints.alerts.delivery import Delivery, Receipt
from checkpoints.alerts.formats import webhook
from checkpoints.alerts.transports.http import post

_PREFIX = "whsec_"


@dataclass(frozen=True)
class Webhook:
    """A receiver of JSON.

    Attributes:
        url: its address, a secret.
        secret: what signatures are made with; ``whsec_`` and base64, or any text.
        clock: the time, for signatures.
    """

    name: str
    url: SecretStr
    secret: SecretStr
    clock: Callable[[], datetime]

    def deliver(self, delivery: Delivery) -> Receipt:
        """Send it; every copy has the same ``Idempotency-Key`` and ``webhook-id``.

        Raises:
            DeliveryError: it did not arrive, or nobody knows.
        """
        body = webhook.render(delivery.message, delivery.id).encode()
        stamp = str(int(self.clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": delivery.id,
            "webhook-id": delivery.id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self.secret.get_secret_value(), delivery.id, stamp, body),
        }
        post("the webhook's receiver", self.url.get_secret_value(), body, headers, delivery.timeout_seconds)
        return Receipt()


def sign(secret: str, identity: str, stamp: str, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``."""
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = secret.encode()
    made = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"
