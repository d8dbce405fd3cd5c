"""Keep values of the data out of results: they may be anybody's e-mail address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from numbers import Number
from typing import Any

from dateutil.parser import isoparse

from gx.redaction import HIDDEN, redact

_MAX_ERROR = 400
_METADATA = re.compile(r"^expect_table_|_to_be_of_type$|_to_be_in_type_list$|_type_to_be$")
_DRIVER_PREFIX = re.compile(r"^.*?\((?:[\w.]+\.)?(\w*(?:Error|Exception|Warning))\)\s*", re.DOTALL)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
# Databases put names into double quotes too, after a word that says what it is the name of. Whatever else is
# quoted may be a value, which may itself hold quotes and line ends: hide up to the last quote there is.
_QUOTED = re.compile(
    r"(?P<name>\b(?:columns?|tables?|views?|relation|schema|database|catalog|functions?|role|user|host|server at"
    r"|named?|mean|list)\s+\"[^\"\n]*\")"
    r"|(?P<types>'[<>=!]+' not supported between instances of '\w+' and '\w+'"
    r"|argument types '[\w()\[\], ]+'|dialect '\w+')"
    r"|(?P<text>(?<!\w)'.*'|(?<!\w)'.*\Z|\".*\"|\".*\Z)",
    re.DOTALL,
)
# What a view, a function or a pattern that stands in the data says for itself: not a text of the database's own.
_FREE_TEXT = re.compile(r"^(Invalid Input Error:(?: Malformed JSON| Could not parse string)?).*", re.DOTALL)
_RAISED = "psycopg2.errors.RaiseException"
# A number may be a phone's, or somebody's salary; one that is part of a name is none.
_NUMBER = re.compile(r"(?<![\w$])(?<!port )[+-]?\d[\w.,:]*")
_EMAIL = re.compile(r"[^\s\"'<>()/:*]+@[^\s\"'<>()]+")
_QUANTILES = {"quantiles", "values"}
# What these observe are counts, shares, types and names of columns, whatever column they are about.
_OBSERVES_NO_VALUE = re.compile(
    r"^expect_table_(columns?|row_count|schema)_|^expect_column_to_exist$"
    r"|^expect_column_(unique_value_count|proportion_of_(unique|non_null)_values)_"
    r"|_to_be_of_type$|_to_be_in_type_list$|_type_to_be$"
    r"|^unexpected_rows_expectation$|^expect_query_results_to_match_comparison$"
)
_UNKNOWN_KIND = "the expectation could not be evaluated"
# What databases, Python and GX say, by words that are theirs; the answer is one of ours, whatever else they say.
_KINDS = {
    "a column, a table or a function does not exist": r"does not exist|not found|no function matches|unknown column",
    "permission was denied": r"permission denied|insufficient privilege|not authorized",
    "a value could not be converted to another type": (
        r"conver|cast|invalid input|invalid literal|not recognized|is no date or time|no number|malformed|pars"
    ),
    "a number is out of range": r"out of range|overflow",
    "a division by zero": r"division by zero|divide by zero",
    "types cannot be compared or computed with": r"not supported between|operator|binder error|type",
}


def mask_observed(expectation: str, value: Any, *, pii: bool = False) -> Any:
    """The observed value without values of the data: counts, sums, dates, types and column names stay.

    Args:
        expectation: the expectation's type, which says what kind of thing it observes.
        value: as GX gives it.
        pii: whether it is about a column whose values may appear nowhere; then sums, extremes and dates go as well.
    """
    if pii and not _OBSERVES_NO_VALUE.search(expectation):
        several = isinstance(value, list | tuple | set)
        return value if value is None else f"{len(value)} values ({HIDDEN})" if several else HIDDEN
    if _METADATA.search(expectation) or value is None or isinstance(value, Number | date):
        return value
    if isinstance(value, str) and _is_date(value):
        return value
    if isinstance(value, Mapping) and set(value) <= _QUANTILES:
        return {key: item if _only_numbers(item) else HIDDEN for key, item in value.items()}
    if isinstance(value, list | tuple | set | Mapping):
        return f"{len(value)} values ({HIDDEN})"
    return HIDDEN


def mask_details(expectation: str, details: Any, *, pii: bool = False) -> Any:
    """GX's ``details`` with the sentence and the figures of our own expectations and, of a table's schema, everything.

    Stock expectations put value counts and distributions there, and queries their rows. A sentence tells a sum or an
    age, which of a column whose values may appear nowhere is too much.
    """
    if pii and not _OBSERVES_NO_VALUE.search(expectation):
        return {}
    if not isinstance(details, Mapping) or _METADATA.search(expectation):
        return details
    return {name: details[name] for name in ("sentence", "figures") if is_told(name, details.get(name))}


def is_told(name: str, value: Any) -> bool:
    """Whether this is a sentence, or figures (pairs of words), as our own expectations put them into ``details``."""
    if name == "sentence":
        return isinstance(value, str)
    return isinstance(value, list) and all(
        isinstance(pair, list) and [*map(type, pair)] == [str, str] for pair in value
    )


def mask_error(text: str) -> str:
    """What went wrong, in one line: the driver's own message without its SQL, traceback, literals and secrets.

    Databases quote the offending value in conversion errors; names of columns and tables stay readable.
    """
    if _RAISED in text:
        return f"an exception raised by the database's own code: {HIDDEN}"
    text = text.split("Traceback", 1)[0].split("[SQL:", 1)[0].split("(Background on this error", 1)[0]
    text = _DRIVER_PREFIX.sub("", text).strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    text = _FREE_TEXT.sub(rf"\1 {HIDDEN}", text)
    # Before the lines are split: a value may go on in the next one.
    text = _NUMBER.sub(HIDDEN, _EMAIL.sub(HIDDEN, _QUOTED.sub(_hide, redact(text))))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shown = lines[0] if lines else "unknown error"
    return shown if len(shown) <= _MAX_ERROR else shown[: _MAX_ERROR - 3] + "..."


def error_kind(text: str) -> str:
    """What kind of thing went wrong, in words that are none of the error's own."""
    if text in _KINDS or text == _UNKNOWN_KIND:
        return text
    return next((kind for kind, words in _KINDS.items() if re.search(words, text, re.IGNORECASE)), _UNKNOWN_KIND)


def _hide(found: re.Match[str]) -> str:
    quote = found[0][0]
    return found[0] if found["name"] or found["types"] else f"{quote}{HIDDEN}{quote}"


def _only_numbers(value: Any) -> bool:
    return isinstance(value, Number) or (
        isinstance(value, list | tuple) and all(isinstance(item, Number) or item is None for item in value)
    )


def _is_date(text: str) -> bool:
    # Anything else that isoparse takes may be a number of somebody's: 1234 is a year to it.
    if not _DATE.fullmatch(text):
        return False
    try:
        return isinstance(isoparse(text), datetime)
    except ValueError:
        return False
