"""Send what is due: all channels at once, each thread in order, until it has arrived, expired or is refused.

At least once: a message whose answer was lost is sent again, and the receiver tells the copy by its key.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from checkpoints.alerts.delivery import Channel, Delivery, DeliveryError
from checkpoints.alerts.message import Message
from checkpoints.alerts.transports.file import File
from checkpoints.alerts.undelivered import escalation
from checkpoints.ledger.connection import LedgerError
from checkpoints.ledger.outbox import Claim, Outbox

_LEAST_SECONDS = 2.0  # an attempt with less would often be cut off, and nobody would know whether it arrived
_SHORTEST_SECONDS = 0.5
_IDS = uuid.UUID("4b7d5a52-0d0c-4f0e-8f2d-6f1f5c9a3e77")
_GRACE_SECONDS = 1.0
NOT_OPEN_AFTER = timedelta(minutes=3)
"""How long a message waits for somebody who can open its channel; then another channel is told of it as well.

A secret that is missing here may be there where the monitor runs, which sends every minute.
"""
_MOST_FAILURES = 3  # in a row; then the channel rests, so that a dead receiver does not use up the whole time


@dataclass(frozen=True)
class Pace:
    """How fast to try, and how long to go on. Waits double, with jitter, up to the longest.

    Attributes:
        timeout_seconds: for one attempt.
        first_seconds: the wait after the first failure.
        longest_seconds: the longest wait between two attempts.
        lease_seconds: how long a claim outlasts its attempt's time-out; after a kill -9 it is free by then.
        expires_after: when to give up on a message that says that another was not delivered.
    """

    timeout_seconds: float = 10.0
    first_seconds: float = 5.0
    longest_seconds: float = 600.0
    lease_seconds: float = 30.0
    expires_after: timedelta = timedelta(hours=24)

    def wait(self, attempts: int, chance: random.Random) -> float:
        """Seconds before the next attempt, after so many."""
        longest = min(self.longest_seconds, self.first_seconds * 2.0 ** min(attempts - 1, 30))
        return longest * chance.uniform(0.5, 1.0)


@dataclass
class SendingReport:
    """What one call did.

    Attributes:
        delivered: ids of what arrived.
        failed: how many attempts failed and are due again.
        undelivered: ids of what will not arrive, each with the reason.
        problems: what else went wrong, by channel: the ledger, or a receiver that held us up past the time.
        next_due: when something is due next; None when nothing waits, or the ledger cannot be read.
    """

    delivered: list[str] = field(default_factory=list)
    failed: int = 0
    undelivered: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    next_due: datetime | None = None


def deliver_due(
    outbox: Outbox,
    channels: Mapping[str, Channel],
    *,
    clock: Callable[[], datetime],
    seconds: float,
    chance: random.Random,
    pace: Pace | None = None,
    fallbacks: Sequence[str] | None = None,
    closed: Mapping[str, str] | None = None,
) -> SendingReport:
    """Send everything that is due, until nothing is or time is up.

    Args:
        outbox: the ledger's.
        channels: those that are open, by name. What is for another one waits until it expires; what nobody has tried
            after ``NOT_OPEN_AFTER`` is told on another channel meanwhile.
        clock: the time, with its zone.
        seconds: for the whole call; it returns a second later at most.
        chance: for the jitter.
        pace: how fast to try.
        fallbacks: the channels that are told of what another did not take, in this order; all of them by default.
        closed: why channels are not open, by name; none of it holds a secret.

    Raises:
        LedgerError: it cannot be read; nothing was sent.
    """
    call = _Call(
        outbox,
        channels,
        clock=clock,
        seconds=seconds,
        chance=chance,
        pace=pace or Pace(),
        fallbacks=fallbacks,
        closed=closed or {},
    )
    due = outbox.due_channels(clock())
    workers = {name: threading.Thread(target=call.work, args=(name,), daemon=True) for name in due}
    for worker in workers.values():
        worker.start()
    for name, worker in workers.items():
        worker.join(max(0.0, call.remaining()) + _GRACE_SECONDS)
        if worker.is_alive():
            call.report.problems.setdefault(name, "it held up the sending for longer than allowed, and was left behind")
    try:
        call.report.next_due = outbox.next_due(tuple(channels))
    except LedgerError as error:
        call.report.problems.setdefault("", str(error))
    return call.report


@dataclass(frozen=True)
class DirectOutcome:
    """What became of a message that was sent without the outbox; ``problem`` is None when it arrived."""

    channel: str
    problem: str | None


def send_directly(
    channels: Mapping[str, Channel], message: Message, *, identity: str, seconds: float, reason: str
) -> tuple[DirectOutcome, ...]:
    """Send a message now, on all of these channels at once, because the ledger cannot be written; it says so.

    Args:
        channels: by name.
        message: what to say.
        identity: with the message's kind and time, the same for every copy of it.
        seconds: for all of it; what has not arrived by then counts as not delivered.
        reason: why it does not go the usual way.
    """
    remark = f"Sent without the ledger ({reason}): it is not sent again, and its end may not be told."
    told = message.model_copy(update={"remarks": (remark, *message.remarks)})
    outcomes: dict[str, str | None] = dict.fromkeys(channels, f"no answer within {seconds:.0f} s")
    ends = time.monotonic() + seconds

    def send(channel: Channel) -> None:
        maybe_sent = False
        # Another message of the same thread is no copy of this one.
        one = uuid.uuid5(_IDS, f"{identity} {channel.name} {message.kind} {message.at.isoformat()}").hex
        while (left := ends - time.monotonic()) > _SHORTEST_SECONDS:
            try:
                channel.deliver(Delivery(one, told, None, maybe_sent, left))
            except DeliveryError as error:
                outcomes[channel.name] = str(error)
                maybe_sent = maybe_sent or error.maybe_sent
                pause = error.retry_after or 1.0
                if not error.transient or ends - time.monotonic() < pause + _SHORTEST_SECONDS:
                    return
                time.sleep(pause)
            except Exception as error:  # noqa: BLE001 - a bug in one channel must not keep the others from telling
                outcomes[channel.name] = f"unexpected {type(error).__name__}"
                return
            else:
                outcomes[channel.name] = None
                return

    threads = [threading.Thread(target=send, args=(channel,), daemon=True) for channel in channels.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()) + _GRACE_SECONDS)
    return tuple(DirectOutcome(name, problem) for name, problem in outcomes.items())


class _Call:
    """One call of :func:`deliver_due`, shared by its channels' threads."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        *,
        clock: Callable[[], datetime],
        seconds: float,
        chance: random.Random,
        pace: Pace,
        fallbacks: Sequence[str] | None,
        closed: Mapping[str, str],
    ) -> None:
        self.report = SendingReport()
        self._outbox, self._channels, self._clock = outbox, channels, clock
        self._ends, self._least = time.monotonic() + seconds, min(_LEAST_SECONDS, seconds / 2)
        self._chance, self._pace, self._closed = chance, pace, closed
        # A file calls nobody: it is told last.
        by_default = sorted(channels, key=lambda name: isinstance(channels[name], File))
        self._fallbacks = tuple(by_default if fallbacks is None else fallbacks)

    def remaining(self) -> float:
        return self._ends - time.monotonic()

    def work(self, name: str) -> None:
        try:
            if (channel := self._channels.get(name)) is None:
                self._tell_elsewhere(name)
                self._expire(name)
            else:
                self._send_all(channel, name)
        except LedgerError as error:
            self.report.problems[name] = str(error)
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
            self.report.problems[name] = f"unexpected {type(error).__name__}"

    def _send_all(self, channel: Channel, name: str) -> None:
        failures = 0
        lease = timedelta(seconds=self._pace.timeout_seconds + self._pace.lease_seconds)
        while self.remaining() > self._least and (claim := self._outbox.claim(name, self._clock(), lease)):
            problem = self._try(channel, claim)
            failures = failures + 1 if problem is not None else 0
            if problem is not None and problem.retry_after is not None:
                self._outbox.hold(name, self._clock() + timedelta(seconds=problem.retry_after))
            elif failures >= _MOST_FAILURES:
                self._outbox.hold(name, self._clock() + timedelta(seconds=self._pace.first_seconds))
                return

    def _try(self, channel: Channel, claim: Claim) -> DeliveryError | None:
        """Send it once and write down what came of it; the error where it failed and may be tried again."""
        seconds = max(_SHORTEST_SECONDS, min(self._pace.timeout_seconds, self.remaining()))
        try:
            receipt = channel.deliver(Delivery(claim.id, claim.message, claim.thread_ref, claim.maybe_sent, seconds))
        except DeliveryError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 - a bug in one channel is told like any failure to deliver
            problem = DeliveryError(f"unexpected {type(error).__name__}", transient=True, maybe_sent=True)
        else:
            if self._outbox.delivered(claim, receipt.thread_ref, self._clock(), receipt.unsent):
                self.report.delivered.append(claim.id)
            return None
        now = self._clock()
        if not problem.transient:
            self._give_up(claim, str(problem))
            return None
        if now >= claim.expires_at:
            self._give_up(claim, f"it expired after {claim.attempts} attempts; the last: {problem}")
            return problem
        wait = max(self._pace.wait(claim.attempts, self._chance), problem.retry_after or 0.0)
        due = min(now + timedelta(seconds=wait), max(claim.expires_at, now + timedelta(seconds=_SHORTEST_SECONDS)))
        if self._outbox.again(claim, str(problem), due, maybe_sent=problem.maybe_sent):
            self.report.failed += 1
        return problem

    def _tell_elsewhere(self, name: str) -> None:
        """Of a channel that cannot be opened: that a setting is missing does not pass by itself."""
        if (other := self._other(name)) is None:
            return
        now = self._clock()
        why = self._closed.get(name, f"the channel {name} is not declared, or cannot be opened here")

        def instead(message: Message) -> dict[str, Message]:
            told = escalation(message, name, why, waits=True)
            return {other: told} if told else {}

        problem, ends = f"told on {other} instead: {why}", now + self._pace.expires_after
        self._outbox.tell_elsewhere(name, now - NOT_OPEN_AFTER, problem, instead, now, ends)

    def _other(self, name: str) -> str | None:
        return next((other for other in self._fallbacks if other != name and other in self._channels), None)

    def _expire(self, name: str) -> None:
        """Of a channel that is not open here: another process may have its secrets, so only what expired is over."""
        lease = timedelta(seconds=self._pace.lease_seconds)
        for item in self._outbox.expired(name, self._clock()):
            claim = self._outbox.claim(name, self._clock(), lease, only=item)
            if claim is not None:
                why = self._closed.get(name, "see its secrets and options")
                problem = f"the channel {name} was never open until it expired: {why}"
                self._give_up(claim, problem, tell=not claim.told_elsewhere)

    def _give_up(self, claim: Claim, problem: str, *, tell: bool = True) -> None:
        told: dict[str, Message] = {}
        other = self._other(claim.channel) if tell else None
        if other is not None and (message := escalation(claim.message, claim.channel, problem)) is not None:
            told = {other: message}
        now = self._clock()
        if self._outbox.undelivered(claim, problem, now, told, now + self._pace.expires_after):
            self.report.undelivered[claim.id] = problem
