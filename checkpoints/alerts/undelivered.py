"""What another channel is told when one does not take a message: once, and with all that it would have said."""

from __future__ import annotations

from checkpoints.alerts.formats.wording import one_line
from checkpoints.alerts.message import Message, MessageKind

_MARK = "NOT DELIVERED on "


def escalation(message: Message, channel: str, problem: str, *, waits: bool = False) -> Message | None:
    """The message for another channel.

    Args:
        message: what was not delivered.
        channel: where.
        problem: why; it holds no secret.
        waits: whether it may still arrive.

    Returns:
        None where nobody needs to be told: an update, a test, or what itself says that something was not delivered.
    """
    over = message.kind is MessageKind.RESOLVED
    if not (message.kind.calls or over) or any(remark.startswith(_MARK) for remark in message.remarks):
        return None
    todo = f"what is open on {channel} must be closed by hand" if over else f"nobody was told on {channel}"
    todo = f"it is sent on {channel} too once that is put right" if waits else todo
    remark = f"{_MARK}{channel}: {one_line(problem, 300)}; {todo}"
    return message.model_copy(
        update={
            "kind": message.kind if over else MessageKind.ESCALATION,
            "remarks": (remark, *message.remarks),
        }
    )
