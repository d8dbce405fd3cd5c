"""Publish a run's Data Docs. A failure here is told, and changes no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from great_expectations import ExpectationSuite, RunIdentifier
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

from checkpoints.facts import run_facts
from checkpoints.gate import GateDecision
from checkpoints.override import Override
from checkpoints.result import CheckpointRun
from checkpoints.validation import ValidatedTable
from expectations.build import Unbuilt
from gx.docs import store_and_publish
from gx.docs.errors import DataDocsError
from gx.docs.paths import result_page
from gx.docs.standing import AlertNow, Standing
from gx.masking import mask_error
from gx.shown import META

_ALERTS_OF_A_TABLE = 20


@dataclass(frozen=True)
class ReadTable:
    """What of one table is to be published.

    Attributes:
        suite: the table's suite, as GX knows it.
        validated: GX's result, or why there is none; None when the table was not asked about.
        unchecked: expectations that GX did not evaluate, and that belong on the page all the same.
    """

    suite: ExpectationSuite
    validated: ValidatedTable | None
    unchecked: tuple[Unbuilt, ...]


def publish_docs(
    context: AbstractDataContext,
    tables: Sequence[ReadTable],
    run: CheckpointRun,
    decisions: Sequence[GateDecision] = (),
    overrides: Sequence[Override] = (),
    standing: Standing | None = None,
) -> tuple[str | None, str | None]:
    """Complete the results, label them with their run and how it left the gates, store them, and publish them.

    The front page also tells how all gates stand now.

    Returns:
        Where the site's index page is, if it was written, and what went wrong, if anything did.
    """
    try:
        alerts = standing.alerts if standing else ()
        results = dict(_complete(context, table, run, decisions, overrides, alerts) for table in tables)
        return store_and_publish(context, results, standing=standing), None
    except DataDocsError as error:
        return error.index, str(error)
    except Exception as error:  # noqa: BLE001 - publishing never takes a verdict with it; the reason is shown
        return None, mask_error(f"{type(error).__name__}: {error}")


def pages_of(tables: Sequence[ReadTable], run: CheckpointRun, address: str) -> dict[str, str]:
    """For each suite where the run's page is, or will be, in the Data Docs at this address (without a slash)."""
    return {
        table.suite.name: f"{address}/{quote(result_page(_identifier(table, run).to_tuple()), safe='/-_.~')}"
        for table in tables
    }


def _identifier(table: ReadTable, run: CheckpointRun) -> ValidationResultIdentifier:
    if table.validated is not None and table.validated.identifier and table.validated.result:
        return table.validated.identifier
    return _nothing_read(table.suite, run)[0]


def _complete(
    context: AbstractDataContext,
    table: ReadTable,
    run: CheckpointRun,
    decisions: Sequence[GateDecision],
    overrides: Sequence[Override],
    alerts: Sequence[AlertNow],
) -> tuple[ValidationResultIdentifier, ExpectationSuiteValidationResult]:
    context.suites.add_or_update(table.suite)
    identifier, result = _nothing_read(table.suite, run)
    if table.validated is not None and table.validated.identifier and table.validated.result:
        identifier, result = table.validated.identifier, table.validated.result
    ours = table.suite.meta.get(META, {})
    facts = run_facts(ours, str(table.suite.notes or ""), table.validated, run, decisions, overrides)
    own = tuple(alert for alert in alerts if facts.table and alert.table == facts.table)
    facts = facts.model_copy(update={"alerts": own[:_ALERTS_OF_A_TABLE]})
    result.meta[META] = facts.model_dump(mode="json", exclude_defaults=True)  # type: ignore[literal-required]
    _add_unchecked(result, table.unchecked)
    return identifier, result


def _nothing_read(
    suite: ExpectationSuite, run: CheckpointRun
) -> tuple[ValidationResultIdentifier, ExpectationSuiteValidationResult]:
    """A result for a table that GX could not be asked about."""
    run_id = RunIdentifier(run_name=run.ingest_id, run_time=run.started_at)
    identifier = ValidationResultIdentifier(ExpectationSuiteIdentifier(suite.name), run_id, "not read")
    statistics: Any = {
        "evaluated_expectations": 0,
        "successful_expectations": 0,
        "unsuccessful_expectations": 0,
        "success_percent": None,
    }
    meta: Any = {"run_id": run_id, "validation_time": run.started_at}
    return identifier, ExpectationSuiteValidationResult(
        success=False, results=[], suite_name=suite.name, statistics=statistics, meta=meta
    )


def _add_unchecked(result: ExpectationSuiteValidationResult, unchecked: Sequence[Unbuilt]) -> None:
    for item in unchecked:
        raised = {"raised_exception": True, "exception_message": item.problem, "exception_traceback": None}
        configuration = item.expectation.configuration
        result.results.append(
            ExpectationValidationResult(success=False, expectation_config=configuration, exception_info=raised)
        )
    if unchecked:
        result.success = False
        statistics = result.statistics
        statistics["evaluated_expectations"] += len(unchecked)
        statistics["unsuccessful_expectations"] += len(unchecked)
        statistics["success_percent"] = (
            statistics["successful_expectations"] / statistics["evaluated_expectations"] * 100
        )
