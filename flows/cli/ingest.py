"""``sluice ingest``: for loaders that sluice does not run itself."""

from __future__ import annotations

import click

from checkpoints.ingesting import begin as begin_ingest
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json, valid_ingest_id
from flows.ingest_ids import new_ingest_id
from gx.settings import Settings


@click.group()
def ingest() -> None:
    """Say that an ingest begins which sluice does not run itself."""


@ingest.command()
@click.argument("ingest_id", required=False, callback=valid_ingest_id)
@common
def begin(settings: Settings, as_json: bool, ingest_id: str | None) -> ExitCode:
    """Close every gate before the first row of INGEST_ID arrives, and print that name (default: a new one).

    Exits 0 when ledger and warehouse are closed; bring nothing otherwise.
    """
    name = ingest_id or new_ingest_id()
    closed = begin_ingest(settings, name)
    if as_json:
        print_json({"ingest_id": name, "closed": list(closed)})
    else:
        click.echo(name)
    return ExitCode.OK
