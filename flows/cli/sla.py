"""``sluice sla``: what was promised by when, and how that stands. Reads the ledger and nothing else."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from checkpoints.ledger import Ledger
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.clock import utc_now
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from checkpoints.sla import Standing

_COLOURS = {"MET": "green", "WARNING": "yellow", "BREACHED": "red"}


@click.command()
@common
def sla(settings: Settings, as_json: bool) -> ExitCode:
    """Show how each SLA of checkpoints/_slas.yml stands on its latest days, and whether it will be met.

    Exit code 0: none is breached. 1: one is, on the latest day that is due.
    """
    from flows.monitor.timeliness import Timeliness, worst_status

    with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger:
        watch = Timeliness(settings, ledger, utc_now())
        if not watch.declared.promises:
            raise ConfigError("this project promises nothing: checkpoints/_slas.yml would say by when all is done")
        found = watch.standings
    if as_json:
        print_json([_document(day) for days in found.values() for day in days])
    else:
        for name, days in found.items():
            _print(name, days)
    breached = any(worst_status(days).value == "BREACHED" for days in found.values())
    return ExitCode.FAILED if breached else ExitCode.OK


def _print(name: str, days: tuple[Standing, ...]) -> None:
    from checkpoints.sla.standing import observed

    click.secho(name, bold=True)
    if not days:
        click.echo("    no day has passed yet of which the ledger knows")
    for day in days:
        click.echo(f"    {day.target}  ", nl=False)
        click.secho(f"{day.status:<9}", fg=_COLOURS.get(day.status), nl=False)
        click.echo(f"  {observed(day, day.spec.calendar.zone)}", nl=False)
        click.secho("  Probably late." if day.will_be_late else "", fg="yellow")


def _document(day: Standing) -> dict[str, Any]:
    coming = day.predicted
    return {
        "sla": day.spec.name,
        "flow": day.spec.flow,
        "table": day.spec.table,
        "target_completion_time": day.target,
        "target": day.occurrence.target.isoformat(),
        "warn_until": day.occurrence.warn_until.isoformat(),
        "actual_completion_time": day.done_at.isoformat() if day.done_at else None,
        "sla_status": day.status.value,
        "minutes_late": day.minutes_late,
        "never_done": day.never,
        "will_be_late": day.will_be_late,
        "predicted": None
        if coming is None
        else {
            "finish": coming.finish.isoformat(),
            "latest": coming.latest.isoformat(),
            "usual_minutes": round(coming.usual.total_seconds() / 60, 1),
            "runs": coming.runs,
            "running": coming.running,
        },
    }
