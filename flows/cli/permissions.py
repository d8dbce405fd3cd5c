"""``sluice permissions``: whose permissions a change touches."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.exit_codes import ExitCode
from flows.cli.options import common_failing_with, print_json
from gx.errors import ConfigError
from gx.settings import Settings

if TYPE_CHECKING:
    from flows.permissions.approval import Approval
    from flows.permissions.review import Finding


@click.group()
def permissions() -> None:
    """Look after what service accounts may do."""


@permissions.command()
@click.argument("diff", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--base", metavar="REF", help="Compare with this commit of the git repository here, instead of a DIFF.")
@click.option("--head", metavar="REF", default="HEAD", show_default=True, help="What is compared with it.")
@click.option(
    "--reviews", type=click.Path(path_type=Path), metavar="FILE",
    help="The pull request's reviews, as GitHub's API gives them: findings that an approver agreed to are no failure.",
)  # fmt: skip
@click.option("--author", metavar="LOGIN", help="Who wrote the pull request.")
@click.option("--ignore", multiple=True, metavar="GLOB", help="Files that nothing executes there, such as 'tests/*'.")
@common_failing_with(findings=[])
def review(
    *, settings: Settings, as_json: bool, diff: Path | None, base: str | None, head: str,
    reviews: Path | None, author: str | None, ignore: tuple[str, ...],
) -> ExitCode:  # fmt: skip
    """Find what takes something away from a registered service account: REVOKE, DROP, new owners, changed users.

    DIFF is a unified diff, a file or - for standard input (the default). Exits 1 when there is something, 3 when a file
    could not be looked into.
    """
    from flows.permissions.approval import approvals, read_reviews
    from flows.permissions.diff import git_diff
    from flows.permissions.review import review as look
    from flows.preflight.accounts import REGISTRY, load_registry

    file = _project(settings) / REGISTRY
    accounts = load_registry(file)
    if accounts is None:
        raise ConfigError("there is no such registry: without it nobody knows which accounts matter", file=file)
    if base is not None and diff is not None:
        raise ConfigError("give a DIFF or --base, not both")
    text = git_diff(Path.cwd(), base, head) if base is not None else _read(diff)
    nothing = f"no changed files between {base} and {head}" if base is not None and not text.strip() else None

    def counts(file: str) -> bool:
        return not any(fnmatch(file, glob) for glob in ignore)

    found, not_reviewed = look(text, accounts)
    findings = [one for one in found if counts(one.file)]
    unread = [str(one) for one in not_reviewed if counts(one.file)]
    agreed: list[Approval] | None = None
    if reviews is not None:
        agreed = approvals(findings, read_reviews(reviews), head=head, author=author)
    is_missing = bool(findings) if agreed is None else any(one.by is None for one in agreed)
    code = ExitCode.FAILED if is_missing else ExitCode.ERRORED if unread else ExitCode.OK
    if as_json:
        told = [{**asdict(one), "kind": str(one.kind), "breaks": one.breaks} for one in findings]
        given = None if agreed is None else [asdict(one) for one in agreed]
        document = {"registry": str(file), "findings": told, "not_reviewed": unread, "approvals": given}
        print_json({**document, "is_empty": nothing is not None, "exit_code": int(code)})
    elif nothing is not None:
        click.echo(nothing)
    else:
        _print(findings, unread, agreed, len(accounts.accounts), file)
        if left_out := len(found) + len(not_reviewed) - len(findings) - len(unread):
            click.echo(f"left out by --ignore: {left_out} more")
    return code


def _project(settings: Settings) -> Path:
    """The project whose registry counts: the one that is named, or else the repository here."""
    from flows.permissions.diff import git_top

    is_named = click.get_current_context().params.get("project") or os.environ.get("SLUICE_PROJECT")
    top = None if is_named or not settings.is_reference else git_top(Path.cwd())
    return settings.project if top is None else top


def _read(diff: Path | None) -> str:
    file = None if diff is None or str(diff) == "-" else diff
    if file is None and sys.stdin.isatty():
        raise ConfigError("there is no diff: give a file, pipe one in, or use --base REF")
    try:
        text = (sys.stdin.buffer.read() if file is None else file.read_bytes()).decode(errors="replace")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from None
    if not text.strip():
        # With --base it is git that says so; here it is rather a command before the pipe that failed.
        where = "what came from standard input" if file is None else "the diff"
        raise ConfigError(f"{where} is empty, so nothing was compared; see what made it, or use --base REF", file=file)
    return text


def _print(
    findings: list[Finding], unread: list[str], agreed: list[Approval] | None, accounts: int, registry: Path
) -> None:
    for one in findings:
        click.secho(f"{one.file}:{one.line}: {one.kind}: {one.statement}", fg="red")
        click.echo(f"    touches {', '.join(one.touches)} of {one.account}; its owner is {one.owner}")
        click.echo(f"    {one.breaks}")
    for approval in agreed or ():
        if approval.by is None:
            click.secho(f"{approval.account}: not approved: {approval.problem}", fg="red")
        else:
            click.secho(f"{approval.account}: @{approval.by} agrees", fg="green")
    for line in unread:
        click.secho(f"NOT REVIEWED: {line}", fg="red")
    if not findings and not unread:
        click.echo(f"no registered account is touched, of the {accounts} in {registry}")
