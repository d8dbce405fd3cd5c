"""``sluice suites``: what is expected of which table."""

from __future__ import annotations

import click

from expectations.loader import load_suites
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from gx.settings import Settings


@click.group()
def suites() -> None:
    """Look at the suites."""


@suites.command("list")
@common
def list_suites(settings: Settings, as_json: bool) -> ExitCode:
    """List every suite with its table, owner and number of expectations."""
    found = load_suites(settings.suites_dir)
    if as_json:
        print_json(
            [
                {
                    "suite": suite.name,
                    "table": str(suite.table),
                    "layer": suite.layer,
                    "owner": suite.owner,
                    "expectations": len(suite.expectations),
                    "file": str(suite.file),
                }
                for suite in found
            ]
        )
        return ExitCode.OK
    width = max((len(suite.name) for suite in found), default=0)
    for suite in found:
        click.echo(f"{suite.name:<{width}}  {len(suite.expectations):>4} expectations  {suite.owner or ''}")
    total = sum(len(suite.expectations) for suite in found)
    click.echo(f"{total} expectations in {len(found)} suites")
    return ExitCode.OK
