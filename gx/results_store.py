"""Where validation results are kept, without values of the data but those that may be shown."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from numbers import Number
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.store import ValidationResultsStore
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from gx.masking import error_kind, mask_details, mask_error, mask_observed
from gx.shown import MOST_ROWS, Shown, columns_of, spelled

_COUNTS = frozenset(
    {*("element_count", "unexpected_count", "missing_count", "unexpected_percent", "missing_percent")}
    | {*("unexpected_percent_total", "unexpected_percent_nonmissing")}
)
_LONGEST_VALUE = 200


class MaskedValidationResultsStore(ValidationResultsStore):
    """GX's store of validation results, which writes no traceback and only such values as a suite lets it."""

    def set(self, key: Any, value: Any, **kwargs: Any) -> Any:
        """Mask a copy and store it; the caller's result stays as it is."""
        if isinstance(value, ExpectationSuiteValidationResult):
            value = mask_result(value)
        return super().set(key, value, **kwargs)


def mask_result(result: ExpectationSuiteValidationResult) -> ExpectationSuiteValidationResult:
    """A copy of a validation result that holds counts and sentences, and of the data what may be shown."""
    masked = copy.deepcopy(result)
    for item in masked.results:
        configuration = item.expectation_config
        if item.success is not None:
            item.success = bool(item.success)  # numpy's, of quantiles for one, cannot be stored
        item.result = mask_fields(configuration, item.result)
        item.rendered_content = None  # rendered from the values; Data Docs render afresh
        if message := error_message(item.exception_info, configuration):
            item.exception_info = {
                "raised_exception": True,
                "exception_message": message,
                "exception_traceback": None,
            }
        if configuration is not None and (shown := _shown(configuration)).pii:
            for fact in shown.facts:
                configuration.kwargs.pop(fact, None)
    return masked


def mask_fields(configuration: ExpectationConfiguration | None, result: Mapping[str, Any] | None) -> dict[str, Any]:
    """GX's ``result`` of one expectation with what may be shown of it; a field that is not known is not shown."""
    shown = _shown(configuration)
    kind = configuration.type if configuration else ""
    columns = columns_of(configuration.kwargs) if configuration else set()
    fields: dict[str, Any] = {}
    for name, value in (result or {}).items():
        if name in _COUNTS and (value is None or isinstance(value, Number)):
            fields[name] = value
        elif name == "observed_value":
            fields[name] = mask_observed(kind, value, pii=shown.pii)
        elif name == "details":
            fields[name] = mask_details(kind, value, pii=shown.pii)
        elif name == "unexpected_index_query" and isinstance(value, str) and Shown.of(_meta(configuration)):
            fields[name] = value  # made of the suite's own words, see gx.scan.failing_rows
        elif name == "partial_unexpected_list" and isinstance(value, list) and shown.samples:
            fields[name] = [_sample(item, columns) for item in value[:MOST_ROWS]]
        elif name == "partial_unexpected_index_list" and isinstance(value, list) and shown.keys:
            named = {spelled(key) for key in shown.keys} | (columns if shown.samples else set())
            fields[name] = [_cells(item, named) for item in value[:MOST_ROWS]]
    return fields


def error_message(exception_info: Any, configuration: ExpectationConfiguration | None = None) -> str | None:
    """The masked message of a GX ``exception_info``, which is flat or one entry for each metric; None for none."""
    if not isinstance(exception_info, dict):
        return None
    if "raised_exception" in exception_info:
        entries = [exception_info]
    else:
        entries = [entry for entry in exception_info.values() if isinstance(entry, dict)]
    messages = [str(entry.get("exception_message") or "") for entry in entries if entry.get("raised_exception")]
    if not messages:
        return None
    message = min(messages, key=len)
    return error_kind(message) if _shown(configuration).terse else mask_error(message)


def _meta(configuration: ExpectationConfiguration | None) -> object:
    return configuration.meta if configuration else None


def _shown(configuration: ExpectationConfiguration | None) -> Shown:
    return Shown.of(_meta(configuration)) or Shown()


def _sample(item: Any, columns: set[str]) -> Any:
    """A value; two for a pair of columns; by column for more."""
    if isinstance(item, Mapping):
        return _cells(item, columns)
    return [_cell(value) for value in item] if isinstance(item, tuple) else _cell(item)


def _cells(row: Any, named: set[str]) -> dict[str, Any]:
    cells = row.items() if isinstance(row, Mapping) else ()
    return {str(name): _cell(value) for name, value in cells if spelled(str(name)) in named}


def _cell(value: Any) -> Any:
    """A value as JSON has it, and no longer than a page can show."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
