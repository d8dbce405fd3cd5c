"""Where validation results are kept, without values of the data."""

from __future__ import annotations

import copy
from numbers import Number
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.store import ValidationResultsStore

from gx.masking import mask_details, mask_error, mask_observed


class MaskedValidationResultsStore(ValidationResultsStore):
    """GX's store of validation results, which writes no failing values, observed data values or tracebacks."""

    def set(self, key: Any, value: Any, **kwargs: Any) -> Any:
        """Mask a copy and store it; the caller's result stays as it is."""
        if isinstance(value, ExpectationSuiteValidationResult):
            value = mask_result(value)
        return super().set(key, value, **kwargs)


def mask_result(result: ExpectationSuiteValidationResult) -> ExpectationSuiteValidationResult:
    """A copy of a validation result that holds counts and sentences, and no value of the data."""
    masked = copy.deepcopy(result)
    for item in masked.results:
        kind = item.expectation_config.type if item.expectation_config else ""
        if item.success is not None:
            item.success = bool(item.success)  # numpy's, of quantiles for one, cannot be stored
        item.result = {name: _masked(kind, name, value) for name, value in (item.result or {}).items()}
        item.rendered_content = None  # rendered from the values; Data Docs render afresh
        if message := error_message(item.exception_info):
            item.exception_info = {
                "raised_exception": True,
                "exception_message": message,
                "exception_traceback": None,
            }
    return masked


def _masked(kind: str, name: str, value: Any) -> Any:
    if name == "observed_value":
        return mask_observed(kind, value)
    if name == "details":
        return mask_details(kind, value)
    # Counts and percentages stay. What is left are samples of rows, under names that change with GX's versions.
    return value if value is None or isinstance(value, Number) else []


def error_message(exception_info: Any) -> str | None:
    """The masked message of a GX ``exception_info``, which is flat or one entry for each metric; None for none."""
    if not isinstance(exception_info, dict):
        return None
    if "raised_exception" in exception_info:
        entries = [exception_info]
    else:
        entries = [entry for entry in exception_info.values() if isinstance(entry, dict)]
    messages = [str(entry.get("exception_message") or "") for entry in entries if entry.get("raised_exception")]
    return mask_error(min(messages, key=len)) if messages else None
