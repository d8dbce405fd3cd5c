"""What Slack, PagerDuty and a webhook's receiver do with a request that they take, apart from how it travels."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.checkpoints.alerts.slack_limits import violations

Answer = tuple[int, dict[str, Any] | str]
SLACK_TOKEN = "xoxb-1234-loopback-token"  # each made up
SLACK_CHANNEL = "C0LOOPBACK"
ROUTING_KEY = "r0ut1ngk3y0000000000000000000000"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver").decode()
SLACK_HOOK = "/services/T000/B000/w3bh00ks3cr3t"


@dataclass
class SlackWorkspace:
    """One channel: its messages in the order they came, with what changed them."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    hooked: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    without_scopes: frozenset[str] = frozenset()
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def hook(self, body: dict[str, Any]) -> Answer:
        if problems := violations(body):
            return 400, f"invalid_blocks: {problems}"
        with self.lock:
            self.hooked.append(body)
        return 200, "ok"

    def call(self, method: str, given: dict[str, Any], token: str) -> Answer:
        with self.lock:
            self.calls[method] += 1
            if token != f"Bearer {SLACK_TOKEN}":
                return 200, {"ok": False, "error": "invalid_auth"}
            if method in self.without_scopes:
                return 200, {"ok": False, "error": "missing_scope", "needed": "channels:history"}
            if method != "auth.test" and given.get("channel") != SLACK_CHANNEL:
                return 200, {"ok": False, "error": "channel_not_found"}
            return 200, {"ok": True, **self._do(method, given)}

    def _do(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"team": "loopback", "user": "sluice"}
            case "chat.postMessage":
                if problems := violations(given):
                    return {"ok": False, "error": "invalid_blocks", "errors": problems}
                stamp = f"{int(time.time())}.{next(self._numbers):06d}"
                self.messages.append({**given, "ts": stamp, "edits": 0})
                return {"channel": SLACK_CHANNEL, "ts": stamp}
            case "chat.update":
                message = next((each for each in self.messages if each["ts"] == given["ts"]), None)
                if message is None:
                    return {"ok": False, "error": "message_not_found"}
                if problems := violations(given):
                    return {"ok": False, "error": "invalid_blocks", "errors": problems}
                message.update(text=given["text"], blocks=given["blocks"], edits=message["edits"] + 1)
                return {"channel": SLACK_CHANNEL, "ts": given["ts"]}
            case "conversations.history" | "conversations.replies":
                return self._page(method, given)
            case other:
                return {"ok": False, "error": f"unknown_method {other}"}

    def _page(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        if method == "conversations.history":
            shown = [each for each in reversed(self.messages) if not each.get("thread_ts")]
        else:
            shown = [each for each in self.messages if given["ts"] in (each["ts"], each.get("thread_ts"))]
        shown = [each for each in shown if float(each["ts"]) >= float(given.get("oldest", 0))]
        begin, size = int(given.get("cursor") or 0), int(given.get("limit", 100))
        rest = begin + size < len(shown)
        return {
            "messages": shown[begin : begin + size],
            "has_more": rest,
            "response_metadata": {"next_cursor": str(begin + size) if rest else ""},
        }

    def copies(self) -> Counter[str]:
        """How many messages of the bot there are for each delivery, as its metadata says."""
        with self.lock:
            return Counter(each["metadata"]["event_payload"]["delivery"] for each in self.messages)


@dataclass
class PagerDutyService:
    """Incidents by their deduplication key, as PagerDuty keeps them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)
    opened: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enqueue(self, event: dict[str, Any]) -> Answer:
        key, action = event.get("dedup_key", ""), event.get("event_action")
        if event.get("routing_key") != ROUTING_KEY:
            return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["routing_key"]}
        if action == "trigger" and not {"summary", "source", "severity"} <= set(event.get("payload", {})):
            return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["payload"]}
        if len(key) > 255 or len(event.get("payload", {}).get("summary", "")) > 1024:
            return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": ["too long"]}
        with self.lock:
            self.events.append(event)
            if action == "trigger" and self.state.get(key, "resolved") == "resolved":
                self.state[key] = "triggered"
                self.opened[key] += 1
            elif action == "acknowledge" and self.state.get(key) == "triggered":
                self.state[key] = "acknowledged"
            elif action == "resolve" and key in self.state:
                self.state[key] = "resolved"
        return 202, {"status": "success", "message": "Event processed", "dedup_key": key}

    def open_keys(self) -> set[str]:
        with self.lock:
            return {key for key, state in self.state.items() if state != "resolved"}


@dataclass
class WebhookReceiver:
    """A receiver that verifies signatures (Standard Webhooks) and keeps every copy."""

    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: dict[str, str], raw: bytes, body: dict[str, Any]) -> Answer:
        identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        made = hmac.new(key, f"{identity}.{stamp}.".encode() + raw, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(made).decode()}"
        if not hmac.compare_digest(signature, headers.get("webhook-signature", "")):
            return 401, "wrong signature"
        if abs(time.time() - int(stamp)) > 300:
            return 400, "too old"
        with self.lock:
            self.taken.append((headers["idempotency-key"], body))
        return 204, ""
