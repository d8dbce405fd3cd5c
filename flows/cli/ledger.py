"""``sluice ledger``: what the ledger holds, and letting old records go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from checkpoints.data_quality import DataQuality, opened_data_quality
from checkpoints.ledger import Ledger
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from gx.errors import ConfigError, SluiceError
from gx.redaction import safe_url
from gx.settings import Settings

_MOST_DAYS = 36_600
_PATIENCE_SECONDS = 10.0


@click.group()
def ledger() -> None:
    """Look at the ledger, and prune it."""


@ledger.command()
@common
def status(settings: Settings, as_json: bool) -> ExitCode:
    """Show where the ledger is, its version, how many records it holds, since when, and its size."""
    url = safe_url(settings.ledger())
    records = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    if not records.exists():
        print_json({"url": url, "version": None}) if as_json else click.echo(f"ledger {url}: nothing was written yet")
        return ExitCode.OK
    try:
        found = records.status()
    finally:
        records.close()
    ends = [f"{moment:%Y-%m-%d %H:%M} UTC" if moment else None for moment in (found.oldest, found.newest)]
    if as_json:
        times = [f"{moment.isoformat()}Z" if moment else None for moment in (found.oldest, found.newest)]
        document = {"url": url, "version": found.version, "bytes": found.size, "rows": dict(found.rows)}
        print_json({**document, "oldest": times[0], "newest": times[1]})
        return ExitCode.OK
    click.echo(f"ledger {url}: version {found.version}, {found.size / 1e6:,.1f} MB")
    if found.oldest:
        click.echo(f"from {ends[0]} to {ends[1]}")
    for name, count in found.rows.items():
        click.echo(f"{count:>12,}  {name}")
    return ExitCode.OK


@ledger.command()
@click.option(
    "--older-than",
    "days",
    type=float,
    metavar="DAYS",
    help="How old (default: SLUICE_LEDGER_KEEP_DAYS, 400).",
)
@click.option("--dry-run", is_flag=True, help="Count what would be deleted, and delete nothing.")
@common
def prune(settings: Settings, as_json: bool, days: float | None, dry_run: bool) -> ExitCode:
    """Delete records that are older and that no gate, override or later check needs, and their copies."""
    age = settings.ledger_keep_days if days is None else days
    if not 0 < age <= _MOST_DAYS:
        raise ConfigError(f"--older-than must be more than 0 and at most {_MOST_DAYS} days; found {age:g}")
    records = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        deleted = records.prune(timedelta(days=age), datetime.now(UTC), dry_run=dry_run) if records.exists() else {}
        problem = _prune_copy(settings, records, timedelta(days=age)) if deleted and not dry_run else None
    finally:
        records.close()
    if as_json:
        document = {"older_than_days": age, "dry_run": dry_run, "deleted": dict(deleted)}
        print_json({**document, "data_quality_problem": problem})
        return ExitCode.OK
    for name, count in deleted.items():
        click.echo(f"{count:>12,}  {name}")
    verb = "would be deleted" if dry_run else "deleted"
    click.echo(f"{sum(deleted.values()):,} records older than {age:g} days {verb}")
    if problem:
        click.secho(f"their copies in the warehouse are still there: {problem}", fg="yellow", err=True)
    return ExitCode.OK


@ledger.command()
@common
def publish(settings: Settings, as_json: bool) -> ExitCode:
    """Copy to the warehouse which gates are open, and the results that it does not have."""
    since = datetime.now(UTC) - timedelta(days=settings.ledger_keep_days)
    records = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        with opened_data_quality(settings, records, wait_seconds=settings.wait_seconds) as data_quality:
            if not isinstance(data_quality, DataQuality):
                raise ConfigError("SLUICE_DATA_QUALITY_SCHEMA is none: this project keeps no copy in the warehouse")
            missing = data_quality.publish_missing(since)
    finally:
        records.close()
    if as_json:
        print_json({"schema": settings.data_quality_schema, "runs": list(missing)})
    else:
        click.echo(f"{settings.data_quality_schema}: gates as they stand now, {len(missing)} runs that were missing")
    return ExitCode.OK


def _prune_copy(settings: Settings, records: Ledger, age: timedelta) -> str | None:
    try:
        with opened_data_quality(settings, records, wait_seconds=_PATIENCE_SECONDS) as data_quality:
            if isinstance(data_quality, DataQuality):
                data_quality.prune(age)
    except SluiceError as error:
        return str(error)
    return None
