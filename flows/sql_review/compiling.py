"""Has dbt compile a project, so that its models can be read as its warehouse gets them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.engine import URL

from flows.dbt import PROJECT_DIR
from flows.dbt_process import follow, running
from flows.dbt_profile import warehouse_environment
from flows.sql_review.source import UnreadableError
from gx.masking import mask_error

_START_DBT = "from dbt.cli.main import cli; cli()"
_SECONDS = 600.0
_SHOWN = 3


def compile_project(project_dir: Path, work: Path, environment: Mapping[str, str]) -> Path:
    """Compile a project with the dbt that is installed here.

    The reference project is compiled for an empty DuckDB file: it asks the warehouse nothing. Any other is compiled
    with its own profile, which dbt may need a warehouse for.

    Args:
        project_dir: with a ``dbt_project.yml``.
        work: an empty directory for what dbt makes.
        environment: what dbt inherits.

    Returns:
        The manifest.

    Raises:
        UnreadableError: dbt could not.
    """
    command = [sys.executable, "-P", "-c", _START_DBT, "--no-use-colors", "--no-version-check"]
    command += [
        "--no-send-anonymous-usage-stats",
        "--quiet",
        "--log-level-file",
        "none",
        "--log-path",
        str(work / "logs"),
    ]
    command += ["compile", "--project-dir", str(project_dir), "--target-path", str(work / "target")]
    variables = dict(environment)
    if (project_dir / "profiles.yml").exists():
        command += ["--profiles-dir", str(project_dir)]
    if project_dir == PROJECT_DIR:
        command += ["--no-introspect"]
        variables = {name: value for name, value in environment.items() if not name.startswith(("SLUICE_", "DBT_"))}
        variables |= warehouse_environment(URL.create("duckdb", database=str(work / "empty.duckdb")))
    said: deque[str] = deque(maxlen=50)
    with running(command, variables, work) as child:
        timed_out = follow(child, said.append, _SECONDS)
    manifest = work / "target" / "manifest.json"
    if timed_out:
        raise UnreadableError(f"dbt compile was stopped after {_SECONDS:g} seconds")
    if child.returncode != 0 or not manifest.exists():
        told = [line for line in said if line and not line.startswith(("nanobind", "- "))]
        lines = "; ".join(mask_error(line) for line in told[-_SHOWN:])
        raise UnreadableError(f"dbt compile failed: {lines or f'exit code {child.returncode}'}")
    return manifest
