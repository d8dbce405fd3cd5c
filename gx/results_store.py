"""Where validation results are kept, without values of the data."""

from __future__ import annotations

import copy
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.store import ValidationResultsStore

from gx.masking import mask_error, mask_observed

_VALUES_OF_ROWS = (
    *("partial_unexpected_list", "partial_unexpected_index_list", "partial_unexpected_counts", "unexpected_list"),
    *("unexpected_index_list", "unexpected_index_query", "unexpected_rows"),
)


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
        if "observed_value" in item.result:
            item.result["observed_value"] = mask_observed(kind, item.result["observed_value"])
        for name in _VALUES_OF_ROWS:
            if item.result.get(name):
                item.result[name] = []
        if message := error_message(item.exception_info):
            item.exception_info = {
                "raised_exception": True,
                "exception_message": message,
                "exception_traceback": None,
            }
    return masked


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
