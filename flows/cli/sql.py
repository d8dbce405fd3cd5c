"""``sluice sql``: look at SQL before it is merged."""

from __future__ import annotations

import os
from pathlib import Path

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from gx.errors import ConfigError
from gx.settings import Settings

_DIALECTS = ("duckdb", "postgres", "snowflake")
_LARGE_ROWS = 1_000_000


@click.group()
def sql() -> None:
    """Look at SQL before it is merged."""


@sql.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    help="manifest.json of a compiled dbt project (target/manifest.json).",
)
@click.option("--compile", "compiles", is_flag=True, help="Have dbt compile the project that PATHS are in.")
@click.option(
    "--dialect", type=click.Choice(_DIALECTS), help="Of the SQL (default: the manifest's, or the warehouse's)."
)
@click.option(
    "--large-rows",
    type=click.IntRange(min=1),
    default=_LARGE_ROWS,
    show_default=True,
    help="A table with more rows is large.",
)
@click.option("--explain", "explains", is_flag=True, help="Also ask the warehouse how it would run each statement.")
@common
def review(
    *,
    settings: Settings,
    as_json: bool,
    paths: tuple[Path, ...],
    manifest: Path | None,
    compiles: bool,
    dialect: str | None,
    large_rows: int,
    explains: bool,
) -> ExitCode:
    """Find what makes SQL slow or costly, in dbt models and other files.

    \b
    sluice sql review models --manifest target/manifest.json     compiled dbt models
    sluice sql review --compile path/to/dbt/project              the same, compiled first
    sluice sql review models/marts/fct_orders.sql reports/*.sql  files as they are

    Allowed where it is meant: -- sluice: allow RULE because REASON

    \b
    Exit codes: 0 no finding, 1 findings, 2 usage or configuration, 3 something could not be reviewed.
    """  # noqa: D301 - the backslash tells click to keep the lines
    from flows.sql_review.command import Request, run_review
    from flows.sql_review.reporting import as_document, as_lines

    if not paths and manifest is None:
        raise ConfigError("nothing to review: name files or directories, or a --manifest")
    if compiles and (manifest is not None or not paths):
        raise ConfigError("--compile takes the path of a dbt project, and no --manifest beside it")
    request = Request(paths, manifest, compiles, dialect, large_rows, explains)
    found = run_review(request, settings, Path.cwd(), os.environ)
    code = ExitCode.ERRORED if found.not_reviewed else ExitCode.FAILED if found.findings else ExitCode.OK
    if as_json:
        print_json({**as_document(found), "exit_code": int(code)})
        return code
    for line in as_lines(found):
        click.echo(line)
    return code
