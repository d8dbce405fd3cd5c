"""``sluice monitor``: look for what went wrong unseen, without any Prefect server."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from checkpoints.ledger import Ledger
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from flows.monitor.monitor import MonitorReport


@click.command()
@click.option("--once", is_flag=True, help="Look once and end, as cron wants it; otherwise again and again.")
@click.option("--every", type=click.FloatRange(1, 60), default=10, show_default=True, help="Minutes between two looks.")
@click.option("--forget", metavar="FLOW", help="Expect no more runs of FLOW by a schedule that was once served.")
@common
def monitor(settings: Settings, as_json: bool, once: bool, every: float, forget: str | None) -> ExitCode:
    """Look for runs that failed, died, are late or never began, tell of them, and send what is undelivered.

    Exit code 0: it could look at everything, whatever it found. 3: it could not.
    """
    from flows.monitor.running import watch_once

    if forget is not None:
        return _forget(settings, forget)
    if as_json and not once:
        raise ConfigError("--json prints one document; use it with --once")
    while True:
        report = watch_once(settings)
        if as_json:
            print_json({**asdict(report), "well": report.well})
        else:
            _print(report)
        if once:
            return ExitCode.OK if report.well else ExitCode.ERRORED
        time.sleep(every * 60)


def _print(report: MonitorReport) -> None:
    click.echo(f"monitor at {report.started_at:%Y-%m-%d %H:%M:%S} UTC")
    for check in report.checks:
        click.echo(f"    {check.name:<13} {check.said} ({check.seconds:.1f} s)")
        if check.problem:
            click.secho(f"        {check.problem}", fg="red")
    for title in report.found:
        click.secho(f"    new: {title}", fg="yellow")
    for title in report.again:
        click.echo(f"    again: {title}")


def _forget(settings: Settings, flow: str) -> ExitCode:
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        known = [schedule.flow for schedule in ledger.schedules.all()]
        if not ledger.schedules.forget([flow]):
            raise ConfigError(f"no runs of {flow!r} are expected; there are schedules of: {', '.join(known) or 'none'}")
    finally:
        ledger.close()
    click.echo(f"no more runs of {flow} are expected, as of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    return ExitCode.OK
