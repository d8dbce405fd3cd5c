"""``sluice gate override`` and ``revoke``: a person lets a load run against its checkpoints, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from checkpoints.asking import ask, checkpoints_of
from checkpoints.ledger import Ledger
from checkpoints.override import LONGEST, new_override, one_line
from flows.cli.exit_codes import ExitCode
from flows.cli.gate import show
from flows.cli.options import common_failing_with, ingest_option
from gx.errors import ConfigError
from gx.settings import Settings


@click.command()
@click.argument("load")
@click.option("--reason", required=True, help="Why; it is kept, and shown to everybody.")
@click.option("--by", required=True, help="Who takes the responsibility.")
@click.option(
    "--until",
    required=True,
    metavar="WHEN",
    help=f"2025-10-01T18:00+02:00, or from now 90m, 4h, 2d; at most {LONGEST.days} days.",
)
@ingest_option("The only ingest it is about (default: the one that began last).")
@click.option("--every-ingest", is_flag=True, help="Also for ingests that are still to come.")
@common_failing_with(decision="closed")
def override(
    settings: Settings,
    as_json: bool,
    *,
    load: str,
    reason: str,
    by: str,
    until: str,
    ingest_id: str | None,
    every_ingest: bool,
) -> ExitCode:
    """Open LOAD's gate whatever its checkpoints say, until WHEN. Exits 1 if it stays closed all the same."""
    if ingest_id and every_ingest:
        raise ConfigError("--ingest and --every-ingest say two different things; give one of them")
    checkpoints_of(settings, load)
    now = datetime.now(UTC)
    about = None
    with _ledger(settings) as ledger:
        if not every_ingest:
            about = _latest(ledger, ingest_id)
        ledger.override(new_override(load, about, reason=reason, by=by, until=until, now=now))
    return show(ask(settings, load, about), as_json=as_json)


@click.command()
@click.argument("load")
@click.option("--by", required=True, help="Who ends it.")
@common_failing_with(decision="closed")
def revoke(settings: Settings, as_json: bool, load: str, by: str) -> ExitCode:
    """End every override of LOAD; its checkpoints decide again. Exits 0 when that is done."""
    checkpoints_of(settings, load)
    with _ledger(settings) as ledger:
        if not ledger.revoke(load, one_line("--by", by), datetime.now(UTC)):
            raise ConfigError(f"there is nothing to revoke: no override of {load} is in force")
    show(ask(settings, load), as_json=as_json)
    return ExitCode.OK


def _latest(ledger: Ledger, given: str | None) -> str:
    latest = ledger.latest_ingest()
    if latest is None:
        raise ConfigError("nothing has been ingested or checked yet, so there is no ingest to override a gate for")
    if given not in (None, latest):
        raise ConfigError(f"the ingest that began last is {latest}; an override of {given} would open nothing")
    return latest


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        yield ledger
    finally:
        ledger.close()
