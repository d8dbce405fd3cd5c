"""``sluice rollback``: give readers of a layer what they used before the last publication."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.cli.progress import terminal_progress
from flows.front_page import tell_gates
from gx.settings import Settings

if TYPE_CHECKING:
    from flows.publication import RolledBack


@click.command()
@click.argument("layer")
@common
def rollback(settings: Settings, as_json: bool, layer: str) -> ExitCode:
    """Give readers of LAYER what they used before the last publication.

    What they used until now is not published again, unless a person overrides the gate; the next ingest that passes is.
    Layers that were built on it stay as they are.
    """
    from flows.workspace import open_workspace

    with open_workspace(settings, what=f"sluice rollback {layer}", progress=terminal_progress()) as workspace:
        done = workspace.roll_back(layer)
        problem = tell_gates(settings, workspace.ledger)
    if problem:
        click.secho(f"the front page of Data Docs shows the gates as they were: {problem}", fg="yellow", err=True)
    now = datetime.now(UTC).replace(tzinfo=None)
    if as_json:
        print_json(_document(done, now))
    else:
        hours = (now - done.current.built_at).total_seconds() / 3600
        click.echo(f"readers of {layer} use the build of {done.current.ingest_id} again, {hours:.1f} hours old")
        if done.refused is not None:
            click.echo(f"that of {done.refused.ingest_id} was taken back; the gates that its checkpoint fed are closed")
    return ExitCode.OK


def _document(done: RolledBack, now: datetime) -> dict[str, Any]:
    return {
        "layer": done.load,
        "ingest_id": done.current.ingest_id,
        "built_at": done.current.built_at,
        "age_seconds": (now - done.current.built_at).total_seconds(),
        "taken_back": done.refused.ingest_id if done.refused else None,
    }
