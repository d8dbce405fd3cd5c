"""What of the rows that fail an expectation a page shows, which is what its suite allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from gx.docs.pages import FailingRows
from gx.docs.text import clean, scalar
from gx.shown import Shown


def failing_rows(configuration: ExpectationConfiguration, result: Mapping[str, Any]) -> FailingRows:
    """The failing rows of one masked result: by their keys if there are any, else as values."""
    rows = result.get("partial_unexpected_index_list") or result.get("partial_unexpected_list") or []
    found = [_row(row, _columns(configuration)) for row in rows]
    keys = (Shown.of(configuration.meta) or Shown()).keys
    names = dict.fromkeys([*keys, *(name for row in found for name in row)])
    columns = tuple(name for name in names if any(name in row for row in found))
    statement = result.get("unexpected_index_query")
    return FailingRows(
        columns=tuple(clean(name, 200) for name in columns),
        rows=tuple(tuple(_text(row[name]) if name in row else "" for name in columns) for row in found),
        statement=clean(statement, 20_000) if isinstance(statement, str) else "",
    )


def _columns(configuration: ExpectationConfiguration) -> Sequence[str]:
    kwargs = configuration.kwargs
    pair = [kwargs[name] for name in ("column_A", "column_B") if name in kwargs]
    return [str(name) for name in pair or [kwargs.get("column", "value")]]


def _row(row: Any, columns: Sequence[str]) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return {str(name): value for name, value in row.items()}
    values = row if isinstance(row, list) and len(row) == len(columns) else [row]
    return dict(zip(columns, values, strict=False))


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    # As the data has it: thousands separators would make another key of it.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else scalar(value) or clean(value, 200)
