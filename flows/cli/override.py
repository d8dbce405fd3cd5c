"""``sluice gate override`` and ``revoke``: a person lets a load run against its checkpoints, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from checkpoints.asking import ask, checkpoints_of
from checkpoints.data_quality import opened_data_quality
from checkpoints.gate import Gate
from checkpoints.ledger import Ledger
from checkpoints.override import LONGEST, new_override, one_line
from flows.cli.announcing import announce_where_served
from flows.cli.exit_codes import ExitCode
from flows.cli.gate import show
from flows.cli.options import common_failing_with, ingest_option
from flows.front_page import tell_gates
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

_PATIENCE_SECONDS = 10.0
"""How long to wait for a DuckDB file that a run has open; the run itself copies the gates when its check is done."""


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
        if problem := _copy(settings, ledger):
            click.secho(
                f"who asks the warehouse finds the gate as it was: {problem.rstrip('.')}. "
                "Then run: sluice ledger publish",
                fg="yellow",
                err=True,
            )
        _show(settings, ledger)
    return _show_and_announce(ask(settings, load, about), as_json=as_json)


@click.command()
@click.argument("load")
@click.option("--by", required=True, help="Who ends it.")
@common_failing_with(decision="closed")
def revoke(settings: Settings, as_json: bool, load: str, by: str) -> ExitCode:
    """End every override of LOAD; its checkpoints decide again. Exits 0 when that is done."""
    checkpoints_of(settings, load)
    who = one_line("--by", by)
    with _ledger(settings) as ledger, opened_data_quality(settings, ledger, wait_seconds=_PATIENCE_SECONDS) as copy:
        with copy.closing([load], None, "the override was revoked") as closed:
            revoked = ledger.revoke(load, who, datetime.now(UTC))
        if closed.problem is not None:
            raise _NotClosedError(load, closed.problem, revoked)
        copy.refresh()
        _show(settings, ledger)
        if not revoked:
            raise ConfigError(f"there is nothing to revoke: no override of {load} is in force")
    _show_and_announce(ask(settings, load), as_json=as_json)
    return ExitCode.OK


class _NotClosedError(SluiceError):
    """The ledger is closed, the warehouse perhaps not."""

    def __init__(self, load: str, problem: SluiceError, revoked: int) -> None:
        done = "is revoked in the ledger" if revoked else "was not in force"
        super().__init__(
            f"the override of {load} {done}, BUT THE WAREHOUSE WAS NOT TOLD: dbt, and who asks there, may find it open "
            f"until the override would have ended. Run `sluice ledger publish` as soon as it can be: {problem}"
        )


def _copy(settings: Settings, ledger: Ledger) -> str | None:
    """Let the warehouse know how gates stand; why that was impossible, if it was."""
    try:
        with opened_data_quality(settings, ledger, wait_seconds=_PATIENCE_SECONDS) as data_quality:
            data_quality.refresh()
    except SluiceError as error:
        return str(error)
    return None


def _show(settings: Settings, ledger: Ledger) -> None:
    if problem := tell_gates(settings, ledger):
        click.secho(f"the front page of Data Docs shows the gate as it was: {problem}", fg="yellow", err=True)


def _show_and_announce(state: Gate, *, as_json: bool) -> ExitCode:
    code = show(state, as_json=as_json)
    announce_where_served([state])
    return code


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
