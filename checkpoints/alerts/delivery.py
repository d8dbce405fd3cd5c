"""The contract between the outbox and the channels: one delivery, its receipt, and how it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checkpoints.alerts.message import Message
from gx.errors import SluiceError


@dataclass(frozen=True)
class Delivery:
    """One message on its way to one channel.

    Attributes:
        id: the same in every attempt, and of no other delivery; receivers tell a second copy by it.
        message: what to say.
        thread_ref: what the channel returned for the first message of this thread; None for the first.
        maybe_sent: whether an earlier attempt may have arrived without our knowing.
        timeout_seconds: for the whole attempt.
    """

    id: str
    message: Message
    thread_ref: str | None = None
    maybe_sent: bool = False
    timeout_seconds: float = 10.0


@dataclass(frozen=True)
class Receipt:
    """A delivery that arrived.

    Attributes:
        thread_ref: what a follow-up needs to find the message; None keeps what there is.
        unsent: why there was nothing to send; None where something was.
    """

    thread_ref: str | None = None
    unsent: str | None = None


NO_UPDATES = "not sent: this channel is told of no updates"
"""Why a channel that can only add messages is not sent what merely brings an earlier one up to date."""


class DeliveryError(SluiceError):
    """A message was not delivered. The text names neither a token nor a webhook's address.

    Attributes:
        transient: whether to try again; a token that is refused will be refused again.
        retry_after: seconds that the receiver asked to wait.
        maybe_sent: whether it may have arrived all the same (the answer was lost).
    """

    def __init__(
        self, message: str, *, transient: bool, retry_after: float | None = None, maybe_sent: bool = False
    ) -> None:
        self.transient = transient
        self.retry_after = retry_after
        self.maybe_sent = maybe_sent
        super().__init__(message)


class Channel(Protocol):
    """Somewhere people are told: a format and a transport under a name."""

    @property
    def name(self) -> str:
        """As the routing calls it."""

    def deliver(self, delivery: Delivery) -> Receipt:
        """Send it.

        Raises:
            DeliveryError: it did not arrive, or nobody knows.
        """
