"""Functions of one column, and whether a condition on them could as well be one on the column."""

from __future__ import annotations

from sqlglot import exp

TO_DATE = (exp.Date, exp.TsOrDsToDate, exp.DateTrunc, exp.TimestampTrunc)
_PARTS_IN_ORDER = (exp.Year, exp.TimeToStr, exp.ToChar, exp.Extract)
_RECURRING = (
    exp.Month, exp.Quarter, exp.Week, exp.Day, exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfMonth, exp.DayOfYear,
    exp.Dayname, exp.Hour, exp.Minute, exp.Second,
)  # fmt: skip
PARTS = (*_PARTS_IN_ORDER, *_RECURRING)
_DISTANCES = (exp.DateDiff, exp.TimestampDiff)
_TEXT = (exp.Substring, exp.Left, exp.Right)
"""Not lower, upper or trim: who compares so has data that is spelled so, and a column that few values tell apart."""
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Paren)
_BY_NAME = {
    "age": "distance",
    "date_part": "part",
    "datepart": "part",
    "dow": "part",
    "isodow": "part",
    "epoch": "part",
}
"""Functions that sqlglot knows in some dialects only."""
_DATES = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "TIMESTAMPLTZ", "DATETIME")
_YEARS = ("YEAR", "YEARS", "Y", "YY", "YYYY", "EPOCH")
_BEGINS_WITH_YEAR = ("%Y", "%F", "YYYY")


def column_of(function: exp.Expr) -> exp.Column | None:
    """The one column that it is a date, a part, a distance in time, a cast or a piece of; None when it is neither."""
    columns = list(function.find_all(exp.Column))
    if len({column.sql() for column in columns}) != 1 or function.find(exp.Query, exp.Subquery, exp.Window):
        return None
    kinds = {kind for column in columns for kind in _way(column, function)}
    is_time, is_summed = "time" in kinds, "sum" in kinds
    # A number that is cast and divided is a unit's matter; a time that is added up is a way to compare times.
    return columns[0] if "?" not in kinds and (is_time or ("cast" in kinds and not is_summed)) else None


def keeps_order(function: exp.Expr) -> bool:
    """Whether it is the time that the column is, or less of it."""
    node = function
    while not isinstance(node, exp.Column):
        if not isinstance(node, TO_DATE) and not (isinstance(node, exp.Cast) and node.to.this.value in _DATES):
            return False
        node = node.this.unnest()
    return True


def recurs(function: exp.Expr) -> bool:
    """Whether it is a part of a time that comes again, such as the hour: no range of the column says the same."""
    parts = [part for part in function.walk() if isinstance(part, PARTS) or _named(part) == "part"]
    return bool(parts) and not any(_is_in_order(part) for part in parts)


def advice(function: exp.Expr, column: exp.Column, *, is_join: bool) -> str:
    """What to write instead."""
    name = column.sql()
    if is_join:
        return f"give {name} the type of its partner where it is staged, and join on the column"
    if recurs(function):
        return (
            f"no range of {name} says the same, for it comes again: filter by a range of {name} as well, or store it as"
            " a column where it is staged, and compare that"
        )
    if any(isinstance(part, _DISTANCES) or _named(part) == "distance" for part in function.walk()):
        return f"compare {name} itself with a moment: the value that it is as far from, worked out once"
    if keeps_order(function) or any(isinstance(part, PARTS) or _named(part) for part in function.walk()):
        return f"compare {name} itself with the first instant and the first one after: {name} >= ... and {name} < ..."
    return f"store {name} as it is compared (where it is staged), and compare the column"


def _way(column: exp.Column, function: exp.Expr) -> set[str]:
    """What is on the way from a column to the function around it."""
    kinds: set[str] = set()
    node: exp.Expr = column
    while node is not function and node.parent is not None:
        kinds.add(_kind(node.parent, node.arg_key))
        node = node.parent
    return kinds - {""}


def _kind(node: exp.Expr, key: str | None) -> str:
    if isinstance(node, exp.Paren):
        return ""
    if isinstance(node, exp.Cast):
        return "time" if node.to.this.value in _DATES else "cast"
    if isinstance(node, _ARITHMETIC):
        return "sum"
    if isinstance(node, _TEXT):
        return "cast" if key == "this" else "?"
    return "time" if isinstance(node, (*TO_DATE, *PARTS, *_DISTANCES)) or _named(node) else "?"


def _named(node: exp.Expr) -> str:
    return _BY_NAME.get(node.name.lower(), "") if isinstance(node, exp.Anonymous) else ""


def _is_in_order(part: exp.Expr) -> bool:
    """Whether what is compared grows with the time, as years do."""
    if isinstance(part, exp.Year):
        return True
    if isinstance(part, exp.TimeToStr | exp.ToChar):
        return part.text("format").upper().startswith(tuple(map(str.upper, _BEGINS_WITH_YEAR)))
    if isinstance(part, exp.Extract):
        return part.this.name.upper() in _YEARS
    if isinstance(part, exp.Anonymous):
        unit = part.expressions[0].name.upper() if part.expressions else ""
        return part.name.lower() == "epoch" or unit in _YEARS
    return False
