"""Publish a run's Data Docs. A failure here is told, and changes no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

from checkpoints.result import CheckpointRun
from expectations.build import META
from gx.docs import publish
from gx.masking import mask_error


def publish_docs(
    context: AbstractDataContext, identifiers: Sequence[ValidationResultIdentifier], run: CheckpointRun
) -> tuple[Path | None, str | None]:
    """Label the stored results with their run and publish them.

    Returns:
        The site's index page and no problem, or no page and what went wrong.
    """
    labels = {"checkpoint": run.checkpoint, "ingest_id": run.ingest_id, "verdict": run.verdict.value}
    try:
        store = context.validation_results_store
        for identifier in identifiers:
            result: ExpectationSuiteValidationResult = store.get(identifier)  # type: ignore[assignment]
            result.meta[META] = labels  # type: ignore[literal-required]
            store.set(identifier, result)
        return publish(context, identifiers), None
    except Exception as error:  # noqa: BLE001 - publishing never takes a verdict with it; the reason is shown
        return None, mask_error(f"{type(error).__name__}: {error}")
