"""``sluice freshness``: how old the tables are that the project names."""

from __future__ import annotations

from contextlib import closing
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from checkpoints.ledger import Ledger
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.clock import utc_now
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from checkpoints.freshness import Judged

_WAIT_SECONDS = 10.0
_COLOURS = {"fresh": "green", "warning": "yellow"}


@click.command()
@common
def freshness(settings: Settings, as_json: bool) -> ExitCode:
    """Show how old each table of checkpoints/_freshness.yml is, as measured now.

    Exit code 0: all fresh, or only a warning. 1: a table is stale. 3: one could not be measured.
    """
    from flows.monitor.timeliness import Timeliness

    with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger:
        watch = Timeliness(settings, ledger, utc_now(), wait_seconds=min(settings.wait_seconds, _WAIT_SECONDS))
        if not watch.declared.limits:
            raise ConfigError("this project says of no table how old it may be: checkpoints/_freshness.yml would")
        judged = watch.judged()
    if as_json:
        print_json([_document(each) for each in judged])
    else:
        _print(judged)
    states = {each.state.value for each in judged}
    if "not measured" in states:
        return ExitCode.ERRORED
    return ExitCode.FAILED if "stale" in states else ExitCode.OK


def _print(judged: tuple[Judged, ...]) -> None:
    from checkpoints.freshness.state import expected, observed

    width = max(len(str(each.spec.table)) for each in judged)
    for source, tables in groupby(judged, key=lambda each: each.spec.source):
        click.secho(source, bold=True)
        for each in tables:
            click.echo(f"    {each.spec.table!s:<{width}}  ", nl=False)
            click.secho(f"{each.state:<12}", fg=_COLOURS.get(each.state, "red"), nl=False)
            click.echo(f"  {observed(each)} Allowed: {expected(each.spec)}.")


def _document(judged: Judged) -> dict[str, Any]:
    spec, age = judged.spec, judged.age
    times = {"last_updated": judged.measured.newest, "warning_after": judged.warn_at, "stale_after": judged.stale_at}
    return {
        "source": spec.source,
        "table": str(spec.table),
        "state": judged.state.value,
        "minutes_since_update": int(age.total_seconds() // 60) if age is not None else None,
        **{name: moment.isoformat() if moment else None for name, moment in times.items()},
        "calendar": spec.calendar.name,
        "owner": spec.owner,
        "problem": judged.measured.problem,
    }
