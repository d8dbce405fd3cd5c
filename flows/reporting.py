"""What Prefect is told: an artifact for each checkpoint, an event for each gate. Neither changes a verdict."""

from __future__ import annotations

from pathlib import Path

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.events import emit_event

from checkpoints.gate import Gate
from checkpoints.result import CheckpointRun

OPENED = "sluice.gate.opened"
CLOSED = "sluice.gate.closed"
_SHOWN = 20


def artifact(run: CheckpointRun) -> str:
    """The Markdown that a run leaves with Prefect: the verdict, what does not hold and a link to Data Docs."""
    held = sum(1 for outcome in run.outcomes if outcome.success)
    lines = [
        f"## {run.checkpoint}: {run.verdict}",
        f"{held} of {len(run.outcomes)} expectations hold for ingest `{run.ingest_id}`.",
        *(f"- {_escape(reason)}" for reason in run.reasons()[:_SHOWN]),
    ]
    if run.docs:
        lines.append(f"\n[Data Docs]({run.docs if '://' in run.docs else Path(run.docs).as_uri()})")
    return "\n".join(lines)


def leave_artifact(run: CheckpointRun) -> None:
    """Leave the artifact of a run; that this was impossible is logged."""
    try:
        create_markdown_artifact(
            artifact(run), key=f"checkpoint-{_key(run.checkpoint)}", description=f"Checkpoint {run.checkpoint}"
        )
    except Exception as error:  # noqa: BLE001 - Prefect being away must not cost a verdict that is in the ledger
        get_run_logger().warning("no artifact for the checkpoint %s: %s", run.checkpoint, type(error).__name__)


def announce(gate: Gate) -> None:
    """Emit the event of a gate's state, for deployments and people that wait for it.

    Events travel further than the ledger: theirs are the plain reasons, without figures of the data.
    """
    emit_event(
        OPENED if gate.is_open else CLOSED,
        resource={
            "prefect.resource.id": f"sluice.gate.{gate.load}",
            "prefect.resource.name": gate.load,
            "sluice.ingest": str(gate.ingest_id),
        },
        payload={"load": gate.load, "ingest_id": gate.ingest_id, "reasons": list(gate.plain[:_SHOWN])},
    )


def _key(name: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in name.lower())


def _escape(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|" else character for character in text)
