"""Keep values of the data out of results: they may be anybody's e-mail address."""

from __future__ import annotations

import re
from datetime import date, datetime
from numbers import Number
from typing import Any

from dateutil.parser import isoparse

from gx.redaction import HIDDEN, redact

_MAX_ERROR = 400
_METADATA = re.compile(r"^expect_table_|_to_be_of_type$|_to_be_in_type_list$")
_DRIVER_PREFIX = re.compile(r"^.*?\((?:[\w.]+\.)?(\w*(?:Error|Exception|Warning))\)\s*", re.DOTALL)
_LITERAL = re.compile(r"'(?:[^']|'')*'|(?<=: )\"[^\"]*\"")


def mask_observed(expectation: str, value: Any) -> Any:
    """The observed value without values of the data: counts, sums, dates, types and column names stay.

    Args:
        expectation: the expectation's type, which says what kind of thing it observes.
        value: as GX gives it.
    """
    if _METADATA.search(expectation) or value is None or isinstance(value, Number | date):
        return value
    if isinstance(value, str) and _is_date(value):
        return value
    if isinstance(value, list | tuple | set):
        return f"{len(value)} values ({HIDDEN})"
    if isinstance(value, dict):
        return {key: item if isinstance(item, Number) else HIDDEN for key, item in value.items()}
    return HIDDEN


def mask_error(text: str) -> str:
    """What went wrong, in one line: the driver's own message without its SQL, traceback, literals and secrets.

    Databases quote the offending value in conversion errors; names of columns and tables stay readable.
    """
    text = text.split("Traceback", 1)[0].split("[SQL:", 1)[0].split("(Background on this error", 1)[0]
    text = _DRIVER_PREFIX.sub("", text)
    lines = [line.strip() for line in text.strip().strip('"').splitlines() if line.strip()]
    shown = _LITERAL.sub(
        lambda match: match[0][0] + HIDDEN + match[0][0], redact(lines[0] if lines else "unknown error")
    )
    return shown if len(shown) <= _MAX_ERROR else shown[: _MAX_ERROR - 3] + "..."


def _is_date(text: str) -> bool:
    try:
        return isinstance(isoparse(text), datetime)
    except ValueError:
        return False
