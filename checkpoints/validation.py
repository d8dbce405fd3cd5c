"""Validate tables with GX: one GX checkpoint over all the suites whose tables are there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from great_expectations import Checkpoint, ExpectationSuite, RunIdentifier, ValidationDefinition
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.expectations.expectation import Expectation

from expectations.build import row_count_probe, to_gx_suite
from expectations.suite import SuiteSpec
from gx.execution_engine import WarehouseDatasource
from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable

# No samples of failing values: they are data, and each sample is another scan.
_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class TableValidation:
    """A suite that is ready to be validated: its table exists and its expectations are complete."""

    suite: SuiteSpec
    table: CatalogTable
    expectations: Sequence[Expectation]


@dataclass(frozen=True)
class ValidatedTable:
    """GX's result for one table, or the error that kept GX from giving one."""

    identifier: ValidationResultIdentifier | None
    result: ExpectationSuiteValidationResult | None
    error: Exception | None = None


class Validator:
    """Runs GX checkpoints in one data context, on one warehouse."""

    def __init__(self, context: AbstractDataContext, warehouse: Warehouse) -> None:
        self._context = context
        factory: Any = context.data_sources
        self._datasource: WarehouseDatasource = factory.add_or_update_sluice_warehouse(
            WarehouseDatasource.of(warehouse)
        )

    def validate(
        self, name: str, tables: Sequence[TableValidation], *, ingest_id: str, now: datetime
    ) -> dict[str, ValidatedTable]:
        """Validate each table against its suite.

        Args:
            name: the checkpoint's name.
            tables: what to validate; at least one.
            ingest_id: becomes the GX run's name.
            now: becomes the GX run's time.

        Returns:
            For each suite's name its result. A table whose validation raised takes no other with it.
        """
        run_id = RunIdentifier(run_name=ingest_id, run_time=now)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            definitions = {item.suite.name: self._definition(name, item) for item in tables}
            try:
                results = self._run(name, list(definitions.values()), run_id)
            except Exception:  # noqa: BLE001 - whatever GX raises, the others must still get their results
                results = {}
            for suite, definition in definitions.items():
                if suite not in results:
                    results[suite] = self._run_alone(name, suite, definition, run_id)
        return results

    def _run(
        self, name: str, definitions: list[ValidationDefinition], run_id: RunIdentifier
    ) -> dict[str, ValidatedTable]:
        checkpoint = self._context.checkpoints.add_or_update(
            Checkpoint(name=name, validation_definitions=definitions, result_format=_RESULT_FORMAT)
        )
        outcome = checkpoint.run(run_id=run_id)
        return {
            str(result.suite_name): ValidatedTable(identifier, result)
            for identifier, result in outcome.run_results.items()
        }

    def _run_alone(
        self, name: str, suite: str, definition: ValidationDefinition, run_id: RunIdentifier
    ) -> ValidatedTable:
        try:
            return self._run(f"{name}/{suite}", [definition], run_id)[suite]
        except Exception as error:  # noqa: BLE001 - reported as this table's error; it closes the gate
            return ValidatedTable(None, None, error)

    def _definition(self, checkpoint: str, item: TableValidation) -> ValidationDefinition:
        suite = self._context.suites.add_or_update(self._gx_suite(item))
        name = f"{checkpoint}: {item.suite.name}"
        return self._context.validation_definitions.add_or_update(
            ValidationDefinition(name=name, data=self._batch(item), suite=suite)
        )

    def _gx_suite(self, item: TableValidation) -> ExpectationSuite:
        return to_gx_suite(item.suite, [*item.expectations, row_count_probe()])

    def _batch(self, item: TableValidation) -> BatchDefinition[Any]:
        assets: Mapping[str, Any] = {asset.name: asset for asset in self._datasource.assets}
        asset = assets.get(item.suite.name) or self._datasource.add_table(item.suite.name, item.table)
        if asset.batch_definitions:
            definition: BatchDefinition[Any] = asset.batch_definitions[0]
            return definition
        return asset.add_batch_definition_whole_table("whole table")
