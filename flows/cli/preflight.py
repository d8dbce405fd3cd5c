"""``sluice preflight``: can everything that a run needs be reached and used?"""

from __future__ import annotations

from contextlib import closing

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common_failing_with, print_json
from gx.settings import Settings


@click.command()
@click.option("--account", metavar="NAME", help="Look at this service account alone, and not at the others.")
@click.option("--alert", is_flag=True, help="Raise alerts for what is wrong, and end them when it is well; for cron.")
@common_failing_with(lines=[])
def preflight(settings: Settings, as_json: bool, account: str | None, alert: bool) -> ExitCode:
    """Say what is missing before a run finds out: connections, grants, schemas, stores, sources, services.

    One line for each check, with the statement that would put it right. What did not answer in time was not checked.
    Loads nothing and creates nothing, but for a record of it with --alert; on Snowflake a suspended virtual warehouse
    is resumed.

    \b
    Exit codes: 0 nothing is wrong, 1 something is, 2 configuration, 3 something could not be checked.
    """  # noqa: D301 - the backslash tells click to keep the lines
    # SQLAlchemy and the warehouse's driver take their time to import: --help must not wait for them.
    from checkpoints.ledger import Ledger
    from flows.preflight.lines import Status
    from flows.preflight.scheduled import look, look_ahead
    from gx.errors import ConfigError

    if alert and account is not None:
        raise ConfigError("--alert looks at all accounts; leave --account out")
    if alert:
        found = look_ahead(settings, progress=lambda said: click.echo(said, err=True))
    else:
        with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger:
            found = look(settings, ledger, account)
    counts = {status: sum(line.status is status for line in found.lines) for status in Status}
    wrong_files = sum(line.status is Status.FAILED and line.is_of_a_file for line in found.lines)
    wrong_settings = wrong_files + sum(isinstance(error, ConfigError) for error in found.errors)
    if counts[Status.FAILED]:
        code = ExitCode.USAGE if wrong_settings == counts[Status.FAILED] else ExitCode.FAILED
    else:
        code = ExitCode.ERRORED if counts[Status.NOT_CHECKED] else ExitCode.OK
    if as_json:
        lines = [
            {
                "check": line.check,
                "what": line.what,
                "status": str(line.status),
                "detail": line.detail,
                "remedy": line.remedy,
                "stops_a_run": line.stops,
            }
            for line in found.lines
        ]
        print_json({"lines": lines, "failover": found.failover, "exit_code": int(code)})
        return code
    colours = {Status.FINE: "green", Status.WARNING: "yellow", Status.FAILED: "red", Status.NOT_CHECKED: "magenta"}
    for line in found.lines:
        click.echo(click.style(f"{line.status:<12}", fg=colours.get(line.status)) + str(line))
    click.echo(", ".join(f"{count} {status}" for status, count in counts.items() if count))
    return code
