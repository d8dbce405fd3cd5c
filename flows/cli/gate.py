"""``sluice gate``: ask whether a load may run. Reads the ledger and nothing else."""

from __future__ import annotations

from typing import Any

import click

from checkpoints.asking import ask, ask_all
from checkpoints.gate import Gate
from checkpoints.override import Override
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, common_failing_with, ingest_option, print_json
from gx.settings import Settings

_SHOWN = 5


@click.group()
def gate() -> None:
    """Ask whether loads may run, and override that for a while."""


@gate.command()
@click.argument("load")
@ingest_option("The ingest to be loaded (default: the one that began last).")
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="How long to wait while only a verdict is missing (default: not at all).",
)
@common_failing_with(decision="closed")
def check(settings: Settings, as_json: bool, load: str, ingest_id: str | None, wait_seconds: float) -> ExitCode:
    """Exit 0 if LOAD may run, 1 if its gate is closed."""
    state = ask(settings, load, ingest_id, wait_seconds=wait_seconds, on_wait=_say_what_is_waited_for)
    return show(state, as_json=as_json)


@gate.command()
@ingest_option("The ingest asked about (default: the one that began last).")
@common
def status(settings: Settings, as_json: bool, ingest_id: str | None) -> ExitCode:
    """Show every gate. Exits 0 when all are open, 1 otherwise."""
    states = ask_all(settings, ingest_id)
    if as_json:
        print_json([as_document(state) for state in states])
    else:
        for state in states:
            print_gate(state)
    return ExitCode.OK if all(state.is_open for state in states) else ExitCode.FAILED


def show(state: Gate, *, as_json: bool) -> ExitCode:
    """Print one gate, for people or for programs; the exit code says whether it is open."""
    if as_json:
        print_json(as_document(state))
    else:
        print_gate(state)
    return ExitCode.OK if state.is_open else ExitCode.FAILED


def _say_what_is_waited_for(state: Gate) -> None:
    click.echo(f"waiting for the gate of {state.load}: {'; '.join(state.reasons)}", err=True)


def print_gate(state: Gate) -> None:
    """One gate for people: the decision in colour, the reasons below a closed one."""
    colour = "green" if state.is_open else "red"
    click.echo(f"gate {state.load:<12} " + click.style(f"{state.decision.value:<7}", fg=colour), nl=False)
    click.echo(f" {state.reasons[0]}" if len(state.reasons) == 1 else "")
    if len(state.reasons) > 1:
        for reason in state.reasons[:_SHOWN]:
            click.echo(f"    - {reason}")
        if len(state.reasons) > _SHOWN:
            click.echo("    - and more")


def as_document(state: Gate) -> dict[str, Any]:
    """One gate for programs."""
    return {
        "load": state.load,
        "ingest_id": state.ingest_id,
        "decision": state.decision.value,
        "reasons": list(state.reasons),
        "override": _override(state.override) if state.override else None,
        "checkpoints": [
            {
                "checkpoint": item.checkpoint,
                "run_id": item.run_id,
                "verdict": str(item.verdict),
                "decision": item.decision.value,
                "decided_at": f"{item.decided_at.isoformat()}Z",
                "valid_until": f"{item.valid_until.isoformat()}Z",
            }
            for item in state.decisions
        ],
    }


def _override(override: Override) -> dict[str, Any]:
    return {
        "by": override.by,
        "reason": override.reason,
        "ingest_id": override.ingest_id,
        "made_at": f"{override.made_at.isoformat()}Z",
        "until": f"{override.until.isoformat()}Z",
    }
