"""``sluice build`` and ``sluice publish``: what an orchestrator calls around its own dbt run."""

from __future__ import annotations

from typing import Any

import click

from checkpoints.layers import audited_load
from flows.building import begin_build, finish_build
from flows.building import publish as publish_build
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, common_failing_with, ingest_option, print_json
from flows.cli.progress import terminal_progress
from gx.settings import Settings
from gx.warehouse.publishing import audit_schema

_BY_DEFAULT = "(default: the one that began last)."


@click.group()
def build() -> None:
    """Build an audited load apart from its readers, with your own dbt; see docs/write-audit-publish.md."""


@build.command()
@click.argument("load")
@ingest_option(f"The ingest that is loaded {_BY_DEFAULT}")
@common
def begin(settings: Settings, as_json: bool, load: str, ingest_id: str | None) -> ExitCode:
    """Before dbt: make room for LOAD, and close the gates that its checkpoint decides.

    Exits 1 when the gate of LOAD itself is closed; run no dbt then.
    """
    ingest = begin_build(load, project=settings.project, ingest_id=ingest_id, progress=terminal_progress())
    return _say("begun", settings, load, ingest, as_json=as_json, then="run dbt, then `sluice build finish`")


@build.command()
@click.argument("load")
@ingest_option(f"The ingest that was loaded {_BY_DEFAULT}")
@common
def finish(settings: Settings, as_json: bool, load: str, ingest_id: str | None) -> ExitCode:
    """When dbt has ended well: the build of LOAD is complete, and waits for its checkpoint."""
    ingest = finish_build(load, project=settings.project, ingest_id=ingest_id, progress=terminal_progress())
    return _say("complete", settings, load, ingest, as_json=as_json, then=f"now `sluice check {load} --built`")


@click.command()
@click.argument("load")
@ingest_option(f"The ingest whose build is published {_BY_DEFAULT}")
@common_failing_with(published=False)
def publish(settings: Settings, as_json: bool, load: str, ingest_id: str | None) -> ExitCode:
    """Give readers what LOAD built, if the gate publish-LOAD is open for exactly this ingest; exits 1 if it is not."""
    ingest = publish_build(load, project=settings.project, ingest_id=ingest_id, progress=terminal_progress())
    if as_json:
        print_json({"load": load, "ingest_id": ingest, "published": True})
    else:
        click.echo(f"readers of {load} use the build of {ingest}")
    return ExitCode.OK


def _say(state: str, settings: Settings, load: str, ingest: str, *, as_json: bool, then: str) -> ExitCode:
    schemas = [audit_schema(schema) for schema in audited_load(settings, load).schemas]
    document: dict[str, Any] = {"load": load, "ingest_id": ingest, "build": state, "audit_schemas": schemas}
    if as_json:
        print_json(document)
    else:
        click.echo(f"build of {load} for {ingest} {state}, in {', '.join(schemas)}: {then}")
    return ExitCode.OK
