"""Read GX's results back into outcomes, one for each expectation of the suite and none lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from checkpoints.result import ExpectationOutcome
from checkpoints.validation import ValidatedTable
from expectations.build import Unbuilt
from expectations.suite import ExpectationSpec, Severity, SuiteSpec
from gx.results_store import error_message, mask_fields
from gx.shown import own_meta

_PROBE = -1


def read_outcomes(
    suite: SuiteSpec, validated: ValidatedTable, unbuilt: Sequence[Unbuilt] = ()
) -> tuple[tuple[ExpectationOutcome, ...], int | None]:
    """The outcome of each expectation in the suite's order, and the table's row count.

    An expectation for which GX returned nothing is errored: a result that is not there must not pass.
    """
    by_index: dict[int, Any] = {}
    if validated.result is not None:
        for item in validated.result.results:
            config = item.expectation_config
            meta = own_meta(config.meta if config else None)
            if "index" in meta:
                by_index[int(meta["index"])] = item
    problems = {item.index: item.problem for item in unbuilt}
    missing = validated.problem or "Great Expectations returned no result for it"
    outcomes = tuple(
        _outcome(suite, spec, by_index[index])
        if index in by_index and index not in problems
        else errored(suite, spec, problems.get(index, missing))
        for index, spec in enumerate(suite.expectations)
    )
    probe = by_index.get(_PROBE)
    rows = probe.result.get("observed_value") if probe is not None else None
    return outcomes, int(rows) if rows is not None else None


def errored(suite: SuiteSpec, spec: ExpectationSpec, problem: str) -> ExpectationOutcome:
    """The outcome of an expectation that could not be checked."""
    return ExpectationOutcome(
        suite=suite.name,
        table=str(suite.table),
        expectation=spec.type,
        column=spec.column,
        severity=spec.severity,
        blocking=spec.blocking,
        success=None,
        error=problem,
    )


def _outcome(suite: SuiteSpec, spec: ExpectationSpec, item: Any) -> ExpectationOutcome:
    if error := error_message(item.exception_info, item.expectation_config):
        return errored(suite, spec, error)
    # Errored until GX's verdict says otherwise.
    unchecked = errored(suite, spec, "Great Expectations came to no verdict")
    if item.success is None:
        return unchecked
    result = mask_fields(item.expectation_config, item.result)
    details = result.get("details")
    return replace(
        unchecked,
        error=None,
        success=bool(item.success),
        # Some failures are worse than others of the same expectation, none worse than the suite says.
        severity=Severity(own_meta(item.expectation_config.meta).get("severity", spec.severity)),
        # What is quarantined, and left out of the next load, does not block.
        blocking=spec.blocking and bool(own_meta(item.expectation_config.meta).get("blocking", True)),
        observed_value=_plain(result.get("observed_value")),
        element_count=result.get("element_count"),
        unexpected_count=result.get("unexpected_count"),
        sentence=details.get("sentence") if isinstance(details, dict) else None,
    )


def _plain(value: Any) -> Any:
    """A value as JSON knows it: a sum may be a Decimal, and an average of nothing is not a number."""
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple | set) else value
