"""Suites of every expectation that stock GX can judge in SQL, for Hypothesis to draw."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import great_expectations.expectations as core
from great_expectations.compatibility.pydantic import ValidationError
from great_expectations.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import Expectation
from hypothesis import strategies as st

from tests.gx.scan.drawing import ABSENT, Draw, Kwargs, Types
from tests.gx.scan.tables import OTHER_TABLE, SCHEMA, TABLE, Column, Table

_PATTERNS = ("a", "^a", "^.$", ".*", "[0-9]+", "日", "ä", "(", "%", "_%", "a%", "", "C!%05", "\\")
_IGNORE_PAIR = ("both_values_are_missing", "either_value_is_missing", "neither")
_IGNORE_LIST = ("all_values_are_missing", "any_value_is_missing", "never")
_TEXT: Types = ("VARCHAR",)
_NUMBERS: Types = ("INTEGER", "BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL(18,2)", "DECIMAL(38,10)")
_TYPES = ("INTEGER", "BIGINT", "VARCHAR", "DOUBLE", "DATE", "TIMESTAMP", "Nonsense", "DECIMAL")
_QUERIES = (
    "SELECT * FROM {batch} WHERE 1 = 0",
    "SELECT * FROM {batch}",
    "SELECT absent FROM {batch}",
    f"SELECT 1 FROM {{batch}}, {SCHEMA}.{OTHER_TABLE}",
)


@dataclass(frozen=True)
class Maker:
    """How the arguments of one kind of expectation are drawn.

    Attributes:
        types: the columns' types that it is about; empty where any will do.
    """

    kwargs: Callable[[Draw], Kwargs]
    types: Types = ()

    def fits(self, table: Table) -> bool:
        return not self.types or any(column.kind.type in self.types for column in table.columns)


def _about_column(draw: Draw, column: Column) -> Kwargs:
    return {"column": draw.name(column), **draw.condition()}


def _map(arguments: Callable[[Draw, Column], Kwargs] = lambda *_: {}, types: Types = ()) -> Maker:
    def kwargs(draw: Draw) -> Kwargs:
        column = draw.column(types)
        return {**_about_column(draw, column), **draw.mostly(), **arguments(draw, column)}

    return Maker(kwargs, types)


def _aggregate(arguments: Callable[[Draw, Column], Kwargs], types: Types = ()) -> Maker:
    def kwargs(draw: Draw) -> Kwargs:
        column = draw.column(types)
        return {**_about_column(draw, column), **arguments(draw, column)}

    return Maker(kwargs, types)


def _pair(arguments: Callable[[Draw], Kwargs] = lambda _: {}, types: Types = ()) -> Maker:
    def kwargs(draw: Draw) -> Kwargs:
        a, b = draw.name(draw.column(types)), draw.name(draw.column(types))
        ignore = {} if draw.rarely() else {"ignore_row_if": draw.one(*_IGNORE_PAIR)}
        return {"column_A": a, "column_B": b, **ignore, **draw.condition(), **draw.mostly(), **arguments(draw)}

    return Maker(kwargs, types)


def _multi(arguments: Callable[[Draw], Kwargs] = lambda _: {}, types: Types = ()) -> Maker:
    def kwargs(draw: Draw) -> Kwargs:
        ignore = {} if draw.rarely() else {"ignore_row_if": draw.one(*_IGNORE_LIST)}
        return {
            "column_list": draw.names(types=types),
            **ignore,
            **draw.condition(),
            **draw.mostly(),
            **arguments(draw),
        }

    return Maker(kwargs, types)


def _quantiles(draw: Draw, column: Column) -> Kwargs:
    quantiles = draw.one([0.5], [0.0, 1.0], [0.1, 0.25, 0.9], [1 / 3])
    ranges = [[draw.one(None, 0, 1), draw.one(None, 2, 100)] for _ in quantiles]
    return {"quantile_ranges": {"quantiles": quantiles, "value_ranges": ranges}}


def _partition(draw: Draw, column: Column) -> Kwargs:
    values = sorted({str(draw.argument(column)) for _ in range(2)})
    categories = {"values": values, "weights": [1 / len(values)] * len(values)}
    bins = {"bins": [0, 1, 5], "weights": [0.5, 0.5]}
    return {"partition_object": draw.one(categories, bins), "threshold": 0.5, "internal_weight_holdout": 0.1,
            "tail_weight_holdout": 0.1}  # fmt: skip


def _value_set(draw: Draw, column: Column) -> Kwargs:
    return {"value_set": draw.some(lambda: draw.argument(column))}


def _between(draw: Draw, column: Column) -> Kwargs:
    return draw.bounds(lambda: draw.argument(column))


def _small_bounds(draw: Draw, column: Column) -> Kwargs:
    return draw.bounds(draw.small)


def _patterns(name: str) -> Callable[[Draw, Column], Kwargs]:
    return lambda draw, _: {name: draw.some(lambda: draw.one(*_PATTERNS), least=1)}


def _like(draw: Draw, column: Column) -> Kwargs:
    return {"like_pattern": draw.one(*_PATTERNS)} | ({"escape": "!"} if draw.rarely() else {})


_COLUMN_MAP: dict[type[Expectation], Maker] = {
    core.ExpectColumnValuesToBeUnique: _map(),
    core.ExpectColumnValuesToNotBeNull: _map(),
    core.ExpectColumnValuesToBeNull: _map(),
    core.ExpectColumnValuesToBeBetween: _map(_between),
    core.ExpectColumnValuesToBeInSet: _map(_value_set),
    core.ExpectColumnValuesToNotBeInSet: _map(_value_set),
    core.ExpectColumnValuesToMatchRegex: _map(lambda draw, _: {"regex": draw.one(*_PATTERNS)}, _TEXT),
    core.ExpectColumnValuesToNotMatchRegex: _map(lambda draw, _: {"regex": draw.one(*_PATTERNS)}, _TEXT),
    core.ExpectColumnValuesToMatchRegexList: _map(
        lambda draw, column: _patterns("regex_list")(draw, column) | {"match_on": draw.one("any", "all")}, _TEXT
    ),
    core.ExpectColumnValuesToNotMatchRegexList: _map(_patterns("regex_list"), _TEXT),
    core.ExpectColumnValuesToMatchLikePattern: _map(_like, _TEXT),
    core.ExpectColumnValuesToNotMatchLikePattern: _map(_like, _TEXT),
    core.ExpectColumnValuesToMatchLikePatternList: _map(
        lambda draw, column: _patterns("like_pattern_list")(draw, column) | {"match_on": draw.one("any", "all")}, _TEXT
    ),
    core.ExpectColumnValuesToNotMatchLikePatternList: _map(_patterns("like_pattern_list"), _TEXT),
    core.ExpectColumnValueLengthsToBeBetween: _map(_small_bounds, _TEXT),
    core.ExpectColumnValueLengthsToEqual: _map(lambda draw, _: {"value": draw.one(0, 1, 2, 1.0)}, _TEXT),
    core.ExpectColumnValueZScoresToBeLessThan: _map(
        lambda draw, _: {"threshold": draw.one(0.5, 1, 3), "double_sided": draw.one(True, False)}, _NUMBERS
    ),
    core.ExpectColumnValuesToNotBeOutliers: _map(
        lambda draw, _: {"method": draw.one("iqr", "std"), "multiplier": draw.one(0.5, 1.5)}, _NUMBERS
    ),
    core.ExpectColumnValuesToBeInTypeList: _map(lambda draw, _: {"type_list": draw.some(lambda: draw.one(*_TYPES))}),
}
_AGGREGATE: dict[type[Expectation], Maker] = {
    core.ExpectColumnMinToBeBetween: _aggregate(_between),
    core.ExpectColumnMaxToBeBetween: _aggregate(_between),
    core.ExpectColumnSumToBeBetween: _aggregate(_between, _NUMBERS),
    core.ExpectColumnMeanToBeBetween: _aggregate(_between, _NUMBERS),
    core.ExpectColumnMedianToBeBetween: _aggregate(_between, _NUMBERS),
    core.ExpectColumnStdevToBeBetween: _aggregate(_small_bounds, _NUMBERS),
    core.ExpectColumnQuantileValuesToBeBetween: _aggregate(_quantiles, _NUMBERS),
    core.ExpectColumnUniqueValueCountToBeBetween: _aggregate(_small_bounds),
    core.ExpectColumnProportionOfUniqueValuesToBeBetween: _aggregate(_small_bounds),
    core.ExpectColumnProportionOfNonNullValuesToBeBetween: _aggregate(_small_bounds),
    core.ExpectColumnDistinctValuesToBeInSet: _aggregate(_value_set),
    core.ExpectColumnDistinctValuesToContainSet: _aggregate(_value_set),
    core.ExpectColumnDistinctValuesToEqualSet: _aggregate(_value_set),
    core.ExpectColumnMostCommonValueToBeInSet: _aggregate(
        lambda draw, column: _value_set(draw, column) | {"ties_okay": draw.one(True, False)}
    ),
    core.ExpectColumnKLDivergenceToBeLessThan: _aggregate(_partition, _NUMBERS),
}
_SEVERAL: dict[type[Expectation], Maker] = {
    core.ExpectColumnPairValuesToBeEqual: _pair(types=_NUMBERS),
    core.ExpectColumnPairValuesAToBeGreaterThanB: _pair(
        lambda draw: {"or_equal": draw.one(True, False, None)}, _NUMBERS
    ),
    core.ExpectColumnPairValuesToBeInSet: _pair(
        lambda draw: {"value_pairs_set": draw.some(lambda: (draw.one(0, 1, 2.5), draw.one(0, 1, 2)))}, _NUMBERS
    ),
    core.ExpectCompoundColumnsToBeUnique: _multi(),
    core.ExpectSelectColumnValuesToBeUniqueWithinRecord: _multi(types=_NUMBERS),
    core.ExpectMulticolumnSumToEqual: _multi(lambda draw: {"sum_total": draw.one(0, 1, 3, 2.5)}, _NUMBERS),
    core.ExpectMulticolumnValuesToBeEqual: _multi(types=_NUMBERS),
}
_TABLE: dict[type[Expectation], Maker] = {
    core.ExpectTableRowCountToBeBetween: Maker(lambda draw: draw.bounds(draw.small) | draw.condition()),
    core.ExpectTableRowCountToEqual: Maker(lambda draw: {"value": draw.one(0, 1, 3)} | draw.condition()),
    core.ExpectTableColumnCountToBeBetween: Maker(lambda draw: draw.bounds(draw.small)),
    core.ExpectTableColumnCountToEqual: Maker(lambda draw: {"value": draw.one(1, 2, 3)}),
    core.ExpectTableColumnsToMatchOrderedList: Maker(lambda draw: {"column_list": draw.names(1, 3)}),
    core.ExpectTableColumnsToMatchSet: Maker(
        lambda draw: {"column_set": draw.names(1, 3), "exact_match": draw.one(True, False)}
    ),
    core.ExpectColumnToExist: Maker(
        lambda draw: {"column": draw.name(draw.column()), "column_index": draw.one(None, 0, 1)}
    ),
    core.ExpectColumnTypeToBe: Maker(lambda draw: {"column": draw.name(draw.column()), "type_": draw.one(*_TYPES)}),
    core.ExpectTableRowCountToEqualOtherTable: Maker(
        lambda draw: {"other_table_name": draw.one(OTHER_TABLE, OTHER_TABLE, TABLE, ABSENT)}
    ),
    core.UnexpectedRowsExpectation: Maker(lambda draw: {"unexpected_rows_query": draw.one(*_QUERIES)}),
}
_WITHOUT_SQL: dict[type[Expectation], Maker] = {
    core.ExpectColumnValuesToBeIncreasing: _map(),
    core.ExpectColumnValuesToBeDateutilParseable: _map(),
    core.ExpectColumnValuesToBeJsonParseable: _map(),
    core.ExpectColumnValuesToMatchStrftimeFormat: _map(lambda *_: {"strftime_format": "%Y-%m-%d"}),
    core.ExpectColumnValuesToBeOfType: _map(lambda draw, _: {"type_": draw.one(*_TYPES)}),
}
_MAKERS = {**_COLUMN_MAP, **_AGGREGATE, **_SEVERAL, **_TABLE, **_WITHOUT_SQL}
# The kinds that have SQL of our own come more often.
_OFTEN: tuple[type[Expectation], ...] = (
    core.ExpectColumnValuesToBeUnique,
    core.ExpectCompoundColumnsToBeUnique,
    core.ExpectColumnMedianToBeBetween,
    core.ExpectColumnQuantileValuesToBeBetween,
    *_SEVERAL,
)

_KINDS: list[type[Expectation]] = [*_COLUMN_MAP, *_AGGREGATE, *_SEVERAL, *_TABLE, *_OFTEN]


@st.composite
def suites(draw: st.DrawFn, table: Table) -> list[Expectation]:
    """Some expectations about the table."""
    return draw(st.lists(_expectations(table), min_size=3, max_size=12))


@st.composite
def _expectations(draw: st.DrawFn, table: Table) -> Expectation:
    source = Draw(draw, table)
    kinds = [kind for kind in _KINDS if _MAKERS[kind].fits(table)]
    if source.rarely():
        kinds = source.one([*_WITHOUT_SQL], _KINDS)
    kind = draw(st.sampled_from(kinds))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of conditions that are text
            built: Expectation = kind(**_MAKERS[kind].kwargs(source))
            return built
    except (ValidationError, GreatExpectationsError, ValueError, TypeError):
        return core.ExpectColumnValuesToNotBeNull(column=table.columns[0].name)  # GX never accepts those arguments


@st.composite
def result_formats(draw: st.DrawFn, table: Table) -> dict[str, Any]:
    """A result format as a suite may set it."""
    chosen: dict[str, Any] = {
        "result_format": draw(st.sampled_from(("BOOLEAN_ONLY", "BASIC", "SUMMARY", "SUMMARY", "COMPLETE", "COMPLETE")))
    }
    if draw(st.booleans()):
        chosen["partial_unexpected_count"] = draw(st.sampled_from((0, 1, 3, 20)))
    if draw(st.integers(0, 3)) == 0:
        names = [column.name for column in table.columns]
        chosen["unexpected_index_column_names"] = draw(
            st.lists(st.sampled_from([*names, *names, *names, ABSENT]), min_size=1, max_size=2, unique=True)
        )
    for flag in ("include_unexpected_rows", "return_unexpected_index_query", "exclude_unexpected_values"):
        if draw(st.integers(0, 5)) == 0:
            chosen[flag] = draw(st.booleans())
    return chosen
