"""Whether dbt's runs can be judged: the checkpoint ``models``, on what is on record of them in the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checkpoints.data_quality import DataQuality
from checkpoints.data_quality.performance import any_run
from expectations.loader import load_suites
from gx.errors import SluiceError

if TYPE_CHECKING:
    from flows.workspace import Workspace

MODELS = "models"
"""The checkpoint that judges dbt's runs, where a project has one of this name."""


def why_unjudged(workspace: Workspace) -> str | None:
    """Why the checkpoint has nothing to judge; None when it has.

    Raises:
        SluiceError: the warehouse cannot be read, or a suite is wrong.
    """
    spec = workspace.checkpoints.get(MODELS)
    if spec is None:
        return f"this project has no checkpoint {MODELS}"
    kept, schema = workspace.data_quality, workspace.settings.data_quality_schema
    if not isinstance(kept, DataQuality):
        return "SLUICE_DATA_QUALITY_SCHEMA is none, so what dbt's runs took is not kept"
    read = {str(suite.table.schema).casefold() for suite in spec.choose(load_suites(workspace.settings.suites_dir))}
    if schema.casefold() not in read:
        return f"its suites read {', '.join(sorted(read))}, and SLUICE_DATA_QUALITY_SCHEMA keeps runs in {schema}"
    return None if any_run(kept) else "no dbt run is on record yet"


def judge_models(workspace: Workspace, check: Callable[[], object]) -> None:
    """Judge them at the end of a run that asked dbt for something. Raises nothing, and stops nothing.

    Args:
        workspace: of the run.
        check: runs the checkpoint; what that finds wrong has an alert of its own.
    """
    try:
        unjudged = why_unjudged(workspace)
        if unjudged is None:
            check()
    except Exception as error:  # noqa: BLE001 - it comes after all that counts
        unjudged = str(error) if isinstance(error, SluiceError) else type(error).__name__
    finally:
        workspace.warehouse.release()
    if unjudged is not None:
        workspace.progress(f"the checkpoint {MODELS} was not run: {unjudged}")
