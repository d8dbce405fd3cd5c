"""``sluice docs``: look at the Data Docs, and bring them together with what is stored."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from checkpoints.layers import project_checkpoints
from checkpoints.ledger import Ledger
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from flows.cli.progress import terminal_progress
from flows.importing import importing_for_good
from gx.docs.address import SiteAddress, site_address
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

if TYPE_CHECKING:
    from gx.docs.parts import Part
    from gx.docs.published import Published
    from gx.docs.repair import Repaired
    from gx.docs.site import DataDocsSite

_WORTH_PROCESSES = 1000
"""Runs to write from which on it pays to start processes, which import GX first."""


class NoDocsError(SluiceError):
    """There is nothing to look at."""


@click.group()
def docs() -> None:
    """Look at the Data Docs, or repair them."""


@docs.command("open")
@common
def open_(settings: Settings, as_json: bool) -> ExitCode:
    """Print where the Data Docs are: a path, or the address of a site in a bucket."""
    address = _published(settings)
    if as_json:
        print_json({"index": address.index, "directory": address.directory and str(address.directory)})
    else:
        click.echo(address.index)
    return ExitCode.OK


@docs.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Who may look: by default this machine alone.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@common
def serve(settings: Settings, as_json: bool, host: str, port: int) -> ExitCode:
    """Serve the Data Docs until interrupted; of a site in a bucket, print its address."""
    address = _published(settings)
    if address.directory is None:
        return _told(address.index, as_json)
    from flows.cli.docs_server import docs_server

    with docs_server(address.directory, host, port) as server:
        _told(server.url, as_json)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return ExitCode.OK


@docs.command()
@common
def reconcile(settings: Settings, as_json: bool) -> ExitCode:
    """Write the pages that are missing or could not be made, and delete the runs that are over the limit."""
    from gx.docs.repair import reconcile as reconcile_site

    with redirect_stdout(sys.stderr):  # libraries print remarks
        repaired = reconcile_site(_site(settings))
    return _report(repaired, as_json)


@docs.command()
@click.argument("table")
@common
def forget(settings: Settings, as_json: bool, table: str) -> ExitCode:
    """Delete TABLE, which is checked no longer: its pages and its stored results."""
    from expectations.loader import load_suites
    from gx.docs.repair import forget as forget_table

    if still := [suite.file.name for suite in load_suites(settings.suites_dir) if str(suite.table) == table]:
        raise ConfigError(f"{table} is still checked, by {still[0]}; take that suite away first")
    with redirect_stdout(sys.stderr):
        repaired = forget_table(_site(settings), table)
    return _report(repaired, as_json)


@docs.command()
@common
def rebuild(settings: Settings, as_json: bool) -> ExitCode:
    """Write every page anew from the stored results, as after a change of the templates."""
    from gx.docs.parts import PART
    from gx.docs.repair import rebuild as rebuild_site
    from gx.docs.writers import write_side_by_side

    progress = terminal_progress()

    def write(parts: Iterable[Part]) -> Iterator[Published]:
        todo = list(parts)
        runs = sum(len(part) for part in todo)
        processes = min(os.cpu_count() or 1, 8) if runs >= _WORTH_PROCESSES else 1
        progress(f"{runs} runs to write" + (f", in {processes} processes" if processes > 1 else ""))
        done: Iterable[Published]
        if processes == 1:
            done = map(site.write, todo)
        else:
            done = write_side_by_side(todo, settings.project, settings.state_dir, processes=processes)
        written = 0
        for part, published in zip(todo, done, strict=True):
            written += len(part)
            if written // PART % 5 == 0 or written == runs:
                progress(f"{written} of {runs} runs written")
            yield published

    with redirect_stdout(sys.stderr):
        site = _site(settings)
        repaired = rebuild_site(site, write)
    return _report(repaired, as_json)


def _published(settings: Settings) -> SiteAddress:
    address = site_address(settings.project, settings.state_dir, os.environ)
    if not address.published:
        raise NoDocsError(f"no Data Docs in {address.directory} yet: run a checkpoint (`sluice check CHECKPOINT`)")
    return address


def _told(url: str, as_json: bool) -> ExitCode:
    if as_json:
        print_json({"url": url})
    else:
        click.echo(url)
    return ExitCode.OK


def _site(settings: Settings) -> DataDocsSite:
    # GX takes seconds to import: --help must not wait for it.
    with importing_for_good():
        from checkpoints.standing import standing
        from expectations.build import build_expectations, to_gx_suite
        from expectations.loader import load_suites
        from gx.context import open_context
        from gx.docs.publishing import open_site

    context = open_context(settings.project, settings.state_dir)
    # The suites' pages are made of the project's files, as in a check.
    for suite in load_suites(settings.suites_dir):
        context.suites.add_or_update(to_gx_suite(suite, build_expectations(suite)))
    site = open_site(context)
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        site.tell(standing(ledger, project_checkpoints(settings), datetime.now(UTC)))
    finally:
        ledger.close()
    return site


def _report(repaired: Repaired, as_json: bool) -> ExitCode:
    if as_json:
        print_json(
            {
                "runs": repaired.runs,
                "written": repaired.written,
                "dropped": repaired.dropped,
                "problems": list(repaired.problems),
            }
        )
    else:
        click.echo(f"{repaired.runs} runs; {repaired.written} pages written, {repaired.dropped} runs deleted")
        for problem in repaired.problems:
            click.secho(f"    - {problem}", fg="yellow", err=True)
    return ExitCode.ERRORED if repaired.problems else ExitCode.OK
