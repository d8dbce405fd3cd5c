"""Publish a run's Data Docs. A failure here is told, and changes no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

from checkpoints.result import CheckpointRun
from expectations.build import META, Unbuilt
from gx.docs import publish
from gx.masking import mask_error


@dataclass(frozen=True)
class ReadTable:
    """What of one table is to be published.

    Attributes:
        identifier: of GX's stored result; None when GX gave none.
        unbuilt: expectations that never got to GX, and belong on the page all the same.
    """

    identifier: ValidationResultIdentifier | None
    unbuilt: tuple[Unbuilt, ...]


def publish_docs(
    context: AbstractDataContext, tables: Sequence[ReadTable], run: CheckpointRun
) -> tuple[Path | None, str | None]:
    """Label the stored results with their run and publish them.

    Returns:
        The site's index page and no problem, or no page and what went wrong.
    """
    labels = {"checkpoint": run.checkpoint, "ingest_id": run.ingest_id, "verdict": run.verdict.value}
    published: list[ValidationResultIdentifier] = []
    try:
        store = context.validation_results_store
        for table in tables:
            if table.identifier is None:
                continue
            result: ExpectationSuiteValidationResult = store.get(table.identifier)  # type: ignore[assignment]
            result.meta[META] = labels  # type: ignore[literal-required]
            _add_unbuilt(result, table.unbuilt)
            store.set(table.identifier, result)
            published.append(table.identifier)
        return publish(context, published), None
    except Exception as error:  # noqa: BLE001 - publishing never takes a verdict with it; the reason is shown
        return None, mask_error(f"{type(error).__name__}: {error}")


def _add_unbuilt(result: ExpectationSuiteValidationResult, unbuilt: Sequence[Unbuilt]) -> None:
    """Put expectations whose facts could not be had into the result, as errored."""
    for item in unbuilt:
        raised = {"raised_exception": True, "exception_message": item.problem, "exception_traceback": None}
        configuration = item.expectation.configuration
        result.results.append(
            ExpectationValidationResult(success=False, expectation_config=configuration, exception_info=raised)
        )
    if unbuilt:
        result.success = False
        statistics = result.statistics
        statistics["evaluated_expectations"] += len(unbuilt)
        statistics["unsuccessful_expectations"] += len(unbuilt)
        share = statistics["successful_expectations"] / statistics["evaluated_expectations"]
        statistics["success_percent"] = share * 100
