"""What a run came to, in a few lines: verdicts, gates, Data Docs."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import click

from checkpoints.ledger import Ledger, RecordedRun
from checkpoints.spec import gates_of, load_checkpoints
from flows.cli.gate import as_document, print_gate
from gx.docs.address import SiteAddress, site_address
from gx.errors import ConfigError
from gx.settings import Settings

_SHOWN = 5
_COLOURS = {"passed": "green", "warned": "yellow"}


def print_summary(settings: Settings, ledger: Ledger, ingest_id: str) -> None:
    """Each checkpoint's verdict, each gate's decision with its reasons, and where the Data Docs are."""
    click.echo()
    for run in ledger.runs_of(ingest_id):
        print_run(run)
    for load, required in gates_of(load_checkpoints(settings.checkpoints_dir)).items():
        print_gate(ledger.gate(load, required, ingest_id=ingest_id, now=datetime.now(UTC)))
    print_docs(settings)


def print_run(run: RecordedRun) -> None:
    """One checkpoint run: verdict, how many expectations hold, and the first reasons."""
    verdict = run.verdict.value if run.verdict else "unfinished"
    click.echo(
        f"checkpoint {run.checkpoint:<12} " + click.style(f"{verdict:<8}", fg=_COLOURS.get(verdict, "red")), nl=False
    )
    click.echo(f" {run.held} of {run.expectations} expectations hold")
    for reason in run.reasons[:_SHOWN]:
        click.echo(f"    - {reason}")
    if len(run.reasons) > _SHOWN:
        click.echo("    - and more (see the Data Docs)")


def print_docs(settings: Settings) -> None:
    """Where the Data Docs are, if there are any."""
    site = _published_site(settings)
    if site is None:
        click.echo("Data Docs: none were published")
    else:
        click.echo(f"Data Docs: {site.file.as_uri() if site.file and not site.url else site.index}")


def summary_document(settings: Settings, ledger: Ledger, ingest_id: str) -> dict[str, Any]:
    """The same for programs."""
    site = _published_site(settings)
    gates = gates_of(load_checkpoints(settings.checkpoints_dir))
    return {
        "ingest_id": ingest_id,
        "checkpoints": [
            {
                "checkpoint": run.checkpoint,
                "run_id": run.run_id,
                "verdict": run.verdict.value if run.verdict else None,
                "expectations": run.expectations,
                "held": run.held,
                "reasons": list(run.reasons),
            }
            for run in ledger.runs_of(ingest_id)
        ],
        "gates": [
            as_document(ledger.gate(load, required, ingest_id=ingest_id, now=datetime.now(UTC)))
            for load, required in gates.items()
        ],
        "data_docs": site.index if site else None,
    }


def _published_site(settings: Settings) -> SiteAddress | None:
    try:
        site = site_address(settings.project, settings.state_dir, os.environ)
    except ConfigError:
        return None  # a project's own configuration need not have a site of ours; it takes no verdict with it
    return site if site.published else None
