"""GX's result of a suite, made without GX's checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from great_expectations import RunIdentifier
from great_expectations import __version__ as gx_version
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.validator import calc_validation_statistics

from gx.scan.arrivals import Arrivals
from gx.scan.batch import TableBatch
from gx.scan.quarantine import Quarantine
from gx.scan.suite import validate


def validate_suite(
    batch: TableBatch,
    suite_name: str,
    expectations: Sequence[Expectation],
    result_format: Mapping[str, Any],
    run_id: RunIdentifier,
    arrivals: Arrivals | None = None,
    *,
    quarantine: Quarantine | None = None,
) -> tuple[ValidationResultIdentifier, ExpectationSuiteValidationResult]:
    """Validate a table, and put the results together as GX stores and renders them; nothing is stored.

    Raises:
        WarehouseExhaustedError: the warehouse did not answer; then nothing of this table is known.
    """
    began = datetime.now(UTC)
    results = validate(batch, expectations, result_format, arrivals, quarantine)
    statistics = calc_validation_statistics(results)
    table = batch.table
    meta: dict[str, Any] = {
        "great_expectations_version": gx_version,
        "run_id": run_id,
        "validation_time": run_id.run_time,
        "batch_spec": {"table_name": str(table.name), "schema_name": str(table.schema)},
        "batch_markers": {"ge_load_time": f"{began:%Y%m%dT%H%M%S.%fZ}"},
        "active_batch_definition": {
            "datasource_name": batch.engine.warehouse.dialect_name,
            "data_connector_name": "fluent",
            "data_asset_name": suite_name,
            "batch_identifiers": {},
        },
    }
    result = ExpectationSuiteValidationResult(
        success=bool(statistics.success),
        results=results,
        suite_name=suite_name,
        statistics={
            "evaluated_expectations": statistics.evaluated_expectations,
            "successful_expectations": statistics.successful_expectations,
            "unsuccessful_expectations": statistics.unsuccessful_expectations,
            "success_percent": statistics.success_percent,
        },
        meta=meta,
        batch_id=batch.id,
    )
    return ValidationResultIdentifier(ExpectationSuiteIdentifier(suite_name), run_id, batch.id), result
