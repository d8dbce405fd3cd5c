"""``sluice gate``: ask whether a load may run. Reads the ledger and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from checkpoints.gate import Decision, Gate
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.spec import gates_of
from expectations.documents import suggest
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, common_failing_with, ingest_option, print_json
from flows.layers import project_checkpoints
from gx.errors import ConfigError
from gx.settings import Settings

_SHOWN = 5


@click.group()
def gate() -> None:
    """Ask whether loads may run."""


@gate.command()
@click.argument("load")
@ingest_option("The ingest to be loaded (default: the one that began last).")
@common_failing_with(decision="closed")
def check(settings: Settings, as_json: bool, load: str, ingest_id: str | None) -> ExitCode:
    """Exit 0 if LOAD may run, 1 if its gate is closed."""
    loads = gates_of(project_checkpoints(settings))
    if load not in loads:
        known = ", ".join(sorted(loads)) or "none"
        raise ConfigError(f"no checkpoint gates a load {load!r}{suggest(load, loads)}; the gated loads are: {known}")
    state = _state(settings, load, loads[load], ingest_id)
    if as_json:
        print_json(as_document(state))
    else:
        print_gate(state)
    return ExitCode.OK if state.is_open else ExitCode.FAILED


@gate.command()
@ingest_option("The ingest asked about (default: the one that began last).")
@common
def status(settings: Settings, as_json: bool, ingest_id: str | None) -> ExitCode:
    """Show every gate. Exits 0 when all are open, 1 otherwise."""
    loads = gates_of(project_checkpoints(settings))
    states = [_state(settings, load, required, ingest_id) for load, required in loads.items()]
    if as_json:
        print_json([as_document(state) for state in states])
    else:
        for state in states:
            print_gate(state)
    return ExitCode.OK if all(state.is_open for state in states) else ExitCode.FAILED


def print_gate(state: Gate) -> None:
    """One gate for people: the decision in colour, the reasons below a closed one."""
    colour = "green" if state.is_open else "red"
    click.echo(f"gate {state.load:<12} " + click.style(f"{state.decision.value:<7}", fg=colour), nl=False)
    click.echo(f" {state.reasons[0]}" if len(state.reasons) == 1 else "")
    if len(state.reasons) > 1:
        for reason in state.reasons[:_SHOWN]:
            click.echo(f"    - {reason}")
        if len(state.reasons) > _SHOWN:
            click.echo(f"    - and {len(state.reasons) - _SHOWN} more")


def as_document(state: Gate) -> dict[str, Any]:
    """One gate for programs."""
    return {
        "load": state.load,
        "ingest_id": state.ingest_id,
        "decision": state.decision.value,
        "reasons": list(state.reasons),
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


def _state(settings: Settings, load: str, required: tuple[str, ...], ingest_id: str | None) -> Gate:
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        return ledger.gate(load, required, ingest_id=ingest_id, now=datetime.now(UTC))
    except LedgerError as error:
        return Gate(load, ingest_id, Decision.CLOSED, (str(error),))
    finally:
        ledger.close()
