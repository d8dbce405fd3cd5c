"""``sluice record``: have a flow of one's own watched, whatever it is written in."""

from __future__ import annotations

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common
from gx.errors import ConfigError
from gx.settings import Settings


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@common
def record(settings: Settings, as_json: bool, name: str, command: tuple[str, ...]) -> ExitCode:
    """Run COMMAND on record, as `own/NAME`: an alert when it fails or dies. Options come before NAME.

    \b
    sluice record --project shop nightly-dbt -- dbt build

    `checkpoints/_schedules.yml` and `_slas.yml` may name `own/NAME`: the monitor then tells of a run that never came,
    or came late. The exit code is the command's.
    """  # noqa: D301 - the backslash tells click to keep the line
    from flows.recorded_command import CommandFailedError, run_recorded

    if as_json:
        raise ConfigError("standard output is the command's own; leave --json out")
    command = command[1:] if command[0] == "--" else command  # click takes only the one before NAME
    if not command:
        raise ConfigError("there is no COMMAND after --")

    def warn(problem: str) -> None:
        said = f"warning: this run of own/{name} is not on record, and nobody watches it: {problem}"
        click.secho(said, err=True, fg="yellow")

    try:
        run_recorded(settings, name, command, warn)
    except CommandFailedError as error:
        click.secho(f"error: own/{name}: {error}", err=True, fg="red")
        raise SystemExit(error.code) from None
    return ExitCode.OK
