"""One review from its paths to its report; what ``sluice sql review`` does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from checkpoints.ledger import Ledger, LedgerError
from flows.sql_review.compiling import compile_project
from flows.sql_review.dbt_projects import project_around
from flows.sql_review.explaining import explained_by
from flows.sql_review.finding import NotReviewed, Review
from flows.sql_review.inputs import Inputs, Reading, read_inputs
from flows.sql_review.reviewing import review
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import UnreadableError, shown
from gx.settings import Settings
from gx.warehouse.opening import open_warehouse

_DIALECTS = {"duckdb": "duckdb", "postgresql": "postgres", "snowflake": "snowflake"}


@dataclass(frozen=True)
class Request:
    """What somebody wants reviewed.

    Attributes:
        paths: files and directories.
        manifest: dbt's, of a compiled project.
        compiles: whether dbt is to compile the project that the paths are in.
        dialect: of the SQL; None for the manifest's, or the configured warehouse's.
        large_rows: a table with more rows is large.
        explains: whether the warehouse is asked for plans.
    """

    paths: Sequence[Path]
    manifest: Path | None
    compiles: bool
    dialect: str | None
    large_rows: int
    explains: bool


def run_review(request: Request, settings: Settings, base: Path, environment: Mapping[str, str]) -> Review:
    """Review what was asked for.

    Raises:
        ConfigError: the warehouse's or the ledger's URL is none.
    """
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    problems: list[NotReviewed] = []
    with ExitStack() as stack:
        stack.callback(ledger.close)
        sizes = Sizes(request.large_rows, counted=_counted(ledger, problems))
        url = settings.warehouse()
        default = _DIALECTS[url.get_backend_name()]
        reading = Reading(base, request.dialect, default, sizes)
        inputs = _inputs(request, reading, environment, stack)
        explain = None
        if request.explains:
            warehouse = open_warehouse(
                url, wait_seconds=settings.wait_seconds, statement_seconds=settings.statement_timeout_seconds
            )
            stack.callback(warehouse.release)
            explain = explained_by(warehouse)
        done = review(inputs.sources, inputs.sizes, explain)
    return Review(
        reviewed=tuple(done.files),
        findings=tuple(done.findings),
        allowed=tuple(done.allowed),
        not_reviewed=(*problems, *inputs.not_reviewed, *done.not_reviewed),
        left_out=tuple(inputs.left_out),
        unknown_sizes=tuple(done.unknown_sizes),
        plans=done.plans if request.explains else None,
    )


def _inputs(request: Request, reading: Reading, environment: Mapping[str, str], stack: ExitStack) -> Inputs:
    if not request.compiles:
        return read_inputs(request.paths, request.manifest, None, reading)
    project = next((found for path in request.paths if (found := project_around(path.resolve()))), None)
    if project is None:
        where = ", ".join(str(path) for path in request.paths)
        return Inputs(not_reviewed=[NotReviewed(where, "there is no dbt_project.yml in it or above it")])
    work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-compile-")))
    try:
        manifest = compile_project(project.root, work, environment)
    except UnreadableError as error:
        return Inputs(not_reviewed=[NotReviewed(shown(project.root, reading.base), str(error))])
    return read_inputs(request.paths, manifest, project.root, reading)


def _counted(ledger: Ledger, problems: list[NotReviewed]) -> Callable[[str], int | None]:
    """Rows of a table by the ledger, asked once for each name."""
    known: dict[str, int | None] = {}

    def counted(table: str) -> int | None:
        if problems:
            return None
        if table not in known:
            try:
                known[table] = ledger.previous_row_count(table) if ledger.exists() else None
            except LedgerError as error:
                problems.append(NotReviewed("the ledger", f"how large tables are is not known: {error}"))
                return None
        return known[table]

    return counted
