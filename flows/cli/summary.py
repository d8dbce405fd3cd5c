"""What a run came to, in a few lines: verdicts, gates, Data Docs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from checkpoints.layers import audited_loads
from checkpoints.ledger import Ledger, RecordedRun
from checkpoints.result import Verdict
from checkpoints.spec import gates_of, load_checkpoints
from flows.cli.gate import as_document, print_gate
from flows.cli.told import who_was_told
from gx.docs.address import SiteAddress, site_address
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

if TYPE_CHECKING:
    from gx.warehouse.publishing_marks import Build

_SHOWN = 5
_WAIT_SECONDS = 10.0  # for a DuckDB file that somebody else has open; a summary can do without it
_COLOURS = {"passed": "green", "warned": "yellow"}


def print_summary(settings: Settings, ledger: Ledger, ingest_id: str) -> None:
    """Each checkpoint's verdict, each gate's decision with its reasons, what readers use, where the Data Docs are."""
    click.echo()
    for run in ledger.runs_of(ingest_id):
        print_run(run)
    for load, required in gates_of(load_checkpoints(settings.checkpoints_dir)).items():
        print_gate(ledger.gate(load, required, ingest_id=ingest_id, now=datetime.now(UTC)))
    for layer in _published(settings):
        print_published(layer, ingest_id)
    if told := _told(settings, ledger, ingest_id):
        click.echo(told)
    print_docs(settings)


def _told(settings: Settings, ledger: Ledger, ingest_id: str) -> str | None:
    runs = ledger.runs_of(ingest_id)
    if not runs:
        return None
    failing = any(run.verdict is not Verdict.PASSED for run in runs)
    return who_was_told(settings, ledger, runs[0].started_at, failing=failing)


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


def print_published(layer: PublishedLayer, ingest_id: str) -> None:
    """Whether readers of a layer use this ingest's build, and which they use."""
    is_it = layer.build is not None and layer.build.ingest_id == ingest_id
    click.echo(
        f"published {layer.load:<13} " + click.style(f"{'yes' if is_it else 'no':<8}", fg="green" if is_it else "red"),
        nl=False,
    )
    if layer.build is None:
        click.echo(f" {layer.problem or 'readers use nothing that was published'}")
    elif is_it:
        click.echo(f" readers use it, built at {layer.build.built_at:%Y-%m-%d %H:%M:%S} UTC")
    else:
        click.echo(f" readers use {layer.build.ingest_id}, built at {layer.build.built_at:%Y-%m-%d %H:%M:%S} UTC")


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
        "published": [
            {
                "load": layer.load,
                "ingest_id": layer.build.ingest_id if layer.build else None,
                "built_at": layer.build.built_at if layer.build else None,
            }
            for layer in _published(settings)
        ],
        "data_docs": site.index if site else None,
    }


@dataclass(frozen=True)
class PublishedLayer:
    """What readers of an audited layer use; None where nothing was published, or where ``problem`` kept it unread."""

    load: str
    build: Build | None
    problem: str | None = None


def _published(settings: Settings) -> Sequence[PublishedLayer]:
    # A warehouse's driver takes long to import: commands that show no summary must not wait for it.
    from gx.warehouse.opening import open_warehouse, publisher_of

    warehouse = open_warehouse(settings.warehouse(), wait_seconds=_WAIT_SECONDS)
    layers = []
    try:
        for name, load in audited_loads(settings).items():
            try:
                layers.append(PublishedLayer(name, publisher_of(warehouse, load.schemas).published()))
            except SluiceError as error:
                layers.append(PublishedLayer(name, None, str(error)))
    finally:
        warehouse.release()
    return layers


def _published_site(settings: Settings) -> SiteAddress | None:
    try:
        site = site_address(settings.project, settings.state_dir, os.environ)
    except ConfigError:
        return None  # a project's own configuration need not have a site of ours; it takes no verdict with it
    return site if site.published else None
