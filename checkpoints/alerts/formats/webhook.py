"""A message as JSON, whole: for programs."""

from __future__ import annotations

import json

from checkpoints.alerts.message import Message

VERSION = 1
"""Of this document; a field may be added without a new one."""


def render(message: Message, delivery: str) -> str:
    """The document in one line.

    Args:
        message: what to say.
        delivery: the delivery's id, the same in every copy.
    """
    document = {"version": VERSION, "delivery": delivery, **message.model_dump(mode="json")}
    return json.dumps(document, separators=(",", ":"), sort_keys=False)
