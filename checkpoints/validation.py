"""Validate tables: each by one scan, side by side where the warehouse gains by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from great_expectations import RunIdentifier
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.expectations.expectation import Expectation

from checkpoints.side_by_side import side_by_side
from expectations.build import row_count_probe
from expectations.suite import SuiteSpec
from gx.errors import SluiceError, WarehouseError
from gx.masking import error_kind, mask_error
from gx.scan.arrivals import Arrivals
from gx.scan.batch import TableBatch
from gx.scan.quarantine import Quarantine
from gx.scan.result import validate_suite
from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable

# What of failing rows may be shown each expectation says in its meta; GX itself is to show none.
_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class TableValidation:
    """A suite that is ready to be validated: its table exists and its expectations are complete.

    Attributes:
        arrivals: lets only the new rows be read, where they are enough; afterwards it says what was read.
        quarantine: where the keys of its failing rows go; afterwards it says what became of them.
    """

    suite: SuiteSpec
    table: CatalogTable
    expectations: Sequence[Expectation]
    arrivals: Arrivals | None = None
    quarantine: Quarantine | None = None


@dataclass(frozen=True)
class ValidatedTable:
    """GX's result for one table, or the error that kept it from having one.

    Attributes:
        statements: how many statements were sent to the warehouse for it.
        seconds: how long it took.
        terse: whether an error may be told by its kind alone.
    """

    identifier: ValidationResultIdentifier | None
    result: ExpectationSuiteValidationResult | None
    error: Exception | None = None
    statements: int = 0
    seconds: float | None = None
    terse: bool = False

    @property
    def unreachable(self) -> bool:
        """Whether there was no connection to the warehouse: not this table's cause, and likely to pass."""
        return isinstance(self.error, WarehouseError) and self.error.transient

    @property
    def problem(self) -> str | None:
        """Why there is no result, safe to show; None when there is one."""
        if self.error is None or isinstance(self.error, SluiceError):
            return str(self.error) if self.error else None
        return error_kind(str(self.error)) if self.terse else mask_error(str(self.error))


def validate_tables(
    warehouse: Warehouse,
    tables: Sequence[TableValidation],
    *,
    ingest_id: str,
    now: datetime,
    clock: Callable[[], datetime],
) -> dict[str, ValidatedTable]:
    """Validate each table against its suite.

    Args:
        warehouse: has them; it says how many of them at once.
        tables: what to validate.
        ingest_id: becomes the GX run's name.
        now: becomes the GX run's time.
        clock: tells how long each table takes.

    Returns:
        For each suite's name its result, in the order of ``tables``. A table whose validation raised takes no
        other with it.
    """
    run_id = RunIdentifier(run_name=ingest_id, run_time=now)
    results = side_by_side(
        tables,
        partial(_validate, warehouse, run_id, clock),
        at_once=warehouse.parallel_tables,
        stop=lambda: warehouse.statements.stop("the run was interrupted"),
    )
    return {table.suite.name: result for table, result in zip(tables, results, strict=True)}


def _validate(
    warehouse: Warehouse, run_id: RunIdentifier, clock: Callable[[], datetime], item: TableValidation
) -> ValidatedTable:
    expectations = [*item.expectations, row_count_probe(item.suite)]
    identifier, result, problem = None, None, None
    statements, began = 0, clock()
    try:
        batch = TableBatch.of(warehouse, item.table, item.suite.name)
        try:
            identifier, result = validate_suite(
                batch,
                item.suite.name,
                expectations,
                _RESULT_FORMAT,
                run_id,
                item.arrivals,
                quarantine=item.quarantine,
            )
        finally:
            statements = batch.engine.statements
    except Exception as error:  # noqa: BLE001 - reported as this table's error; it closes the gate
        problem = error
    seconds = (clock() - began).total_seconds()
    return ValidatedTable(identifier, result, problem, statements, seconds, bool(item.suite.pii))
