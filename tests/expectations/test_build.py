"""From a suite's YAML to GX expectations: the same arguments, or a clear refusal."""

# ruff: noqa: DTZ001 - suites and warehouses hold times without a zone

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from great_expectations.expectations.expectation import Expectation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from expectations.build import build_expectations, to_gx_suite
from expectations.loader import load_suite
from gx.errors import ConfigError
from gx.shown import META, Shown


def build(directory: Path, *written: Any) -> list[Expectation]:
    """Write each expectation as YAML and build it: a text as it stands, or a mapping."""
    file = directory / "orders.yml"
    lines = [item if isinstance(item, str) else None for item in written]
    if None in lines:
        with file.open("w", encoding="utf-8") as stream:
            YAML(typ="safe").dump({"table": "shop.orders", "expectations": list(written)}, stream)
    else:
        file.write_text(
            "table: shop.orders\nexpectations:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8"
        )
    return build_expectations(load_suite(file))


def refusal(directory: Path, written: str) -> str:
    with pytest.raises(ConfigError) as caught:
        build(directory, "expect_column_to_exist: {column: a}", written)
    assert caught.value.line == 4
    assert str(caught.value).startswith(f"{directory / 'orders.yml'}:4: ")
    assert "\n" not in str(caught.value)
    return caught.value.problem


UNIQUE = "expect_column_values_to_be_unique"
BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
FRESH = "expect_table_to_be_fresh"
SUM = "expect_column_sum_to_reconcile_with_source"
ROWS = "expect_table_row_count_to_reconcile_with_source"
CHANGE = "expect_table_row_count_change_to_be_within"
PARENT = "expect_column_values_to_exist_in_table"
STRIPE = "column: a, source: stripe, source_table: charges, source_column: amount"

REFUSED = {
    "misspelt": ("expect_column_values_to_be_uniqe: {column: a}", f"(did you mean '{UNIQUE}'?)"),
    "no such thing": ("expect_miracles: {}", "there is no expectation 'expect_miracles'"),
    "an abstract base": ("expect_column_map: {column: a}", "there is no expectation"),
    "unknown argument": (f"{UNIQUE}: {{colum: a}}", "takes no argument 'colum' (did you mean 'column'?)"),
    "severity as an argument": (f"{UNIQUE}: {{column: a, severity: info}}", "takes no argument 'severity'"),
    "result_format": (f"{UNIQUE}: {{column: a, result_format: COMPLETE}}", "takes no argument 'result_format'"),
    "what a run fills in": (f"{FRESH}: {{column: a, max_age_hours: 1, now: 2025-01-01}}", "takes no argument 'now'"),
    "missing argument": (f"{UNIQUE}:", "column: field required"),
    "column null": (f"{UNIQUE}: {{column: }}", "column: none is not an allowed value"),
    "column empty": (f"{UNIQUE}: {{column: ''}}", "column: ensure this value has at least 1 characters"),
    "column a number": (f"{UNIQUE}: {{column: 5}}", "column: str type expected"),
    "column a list": (f"{UNIQUE}: {{column: [a]}}", "column: str type expected"),
    "mostly above 1": (f"{UNIQUE}: {{column: a, mostly: 2}}", "mostly: ensure this value is less than or equal to 1"),
    "mostly a text": (f"{UNIQUE}: {{column: a, mostly: most}}", "mostly: value is not a valid float"),
    "mostly true": (f"{UNIQUE}: {{column: a, mostly: true}}", "mostly: found true, which is neither a number nor text"),
    "mostly 0": (f"{UNIQUE}: {{column: a, mostly: 0}}", "would always hold with mostly: 0"),
    "no bound": (f"{BETWEEN}: {{column: a}}", "needs min_value or max_value"),
    "bounds null": (f"{BETWEEN}: {{column: a, min_value: , max_value: }}", "needs min_value or max_value"),
    "bound a text": (f"{BETWEEN}: {{column: a, min_value: much}}", "min_value: value is not a valid float"),
    "bound true": (f"{BETWEEN}: {{column: a, min_value: true}}", "min_value: found true"),
    "bound infinite": (f"{BETWEEN}: {{column: a, max_value: .inf}}", "max_value: infinity or not-a-number"),
    "bound no number": (f"{BETWEEN}: {{column: a, min_value: .nan}}", "min_value: infinity or not-a-number"),
    "bound beyond a float": (
        f"{BETWEEN}: {{column: a, min_value: 9007199254740993}}",
        "9007199254740993 would be taken as",
    ),
    "suite parameter": (f"{BETWEEN}: {{column: a, min_value: {{$PARAMETER: x}}}}", "no suite parameters"),
    "half a row": ("expect_table_row_count_to_equal: {value: 1.5}", "value: 1.5 would be taken as 1"),
    "rows a text": ("expect_table_row_count_to_equal: {value: all}", "value: value is not a valid integer"),
    "set a text": (f"{IN_SET}: {{column: a, value_set: usd}}", "value_set: value is not a valid list"),
    "set null": (f"{IN_SET}: {{column: a, value_set: }}", "needs value_set"),
    "set empty": (f"{IN_SET}: {{column: a, value_set: []}}", "needs value_set, a list that is not empty"),
    "nothing forbidden": ("expect_column_values_to_not_be_in_set: {column: a, value_set: []}", "needs value_set"),
    "nothing to contain": (
        "expect_column_distinct_values_to_contain_set: {column: a, value_set: []}",
        "needs value_set",
    ),
    "no columns": ("expect_table_columns_to_match_set: {}", "needs column_set"),
    "no ordered columns": ("expect_table_columns_to_match_ordered_list: {column_list: []}", "needs column_list"),
    "no types": ("expect_column_values_to_be_in_type_list: {column: a, type_list: }", "needs type_list"),
    "one column": ("expect_compound_columns_to_be_unique: {column_list: [a]}", "column_list must contain at least two"),
    "condition without parser": (f"{UNIQUE}: {{column: a, row_condition: b > 1}}", "needs condition_parser"),
    "condition not understood": (
        f"{UNIQUE}: {{column: a, row_condition: b > 1, condition_parser: great_expectations}}",
        "unable to parse condition",
    ),
    "no age": (f"{FRESH}: {{column: a, max_age_hours: 0}}", "max_age_hours: ensure this value is greater than 0"),
    "no change": (f"{CHANGE}: {{max_percent: -1}}", "max_percent: ensure this value is greater than 0"),
    "endless change": (f"{CHANGE}: {{max_percent: .inf}}", "max_percent: infinity or not-a-number"),
    "negative tolerance": (
        f"{SUM}: {{{STRIPE}, tolerance_percent: -1}}",
        "tolerance_percent: ensure this value is greater",
    ),
    "window without column": (f"{SUM}: {{{STRIPE}, source_since: 2025-09-01}}", "need source_since_column"),
    "window no time": (
        f"{SUM}: {{{STRIPE}, source_since: then, source_since_column: c}}",
        "source_since: invalid datetime",
    ),
    "source no table": (f"{ROWS}: {{source: stripe, source_table: a.b.c.d}}", "'a.b.c.d' is not a table name"),
    "parent no table": (
        f"{PARENT}: {{column: a, parent_table: a.b.c.d, parent_column: b}}",
        "'a.b.c.d' is not a table name",
    ),
}


@pytest.mark.parametrize(("written", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_gx_would_take_wrongly_or_reject_obscurely_is_refused_with_its_line(
    tmp_path: Path, written: str, problem: str
) -> None:
    assert problem in refusal(tmp_path, written)


def test_arguments_reach_gx_as_they_were_written(tmp_path: Path) -> None:
    built = build(
        tmp_path,
        f"{IN_SET}: {{column: country, value_set: [no, 1, 1.5, null, 2025-01-01], mostly: 0.5}}",
        f"{BETWEEN}: {{column: day, min_value: 2025-01-01, max_value: 2025-01-02T10:00:00}}",
        f"{SUM}: {{{STRIPE}, source_where: {{status: paid}}, source_since: 2025-09-01, source_since_column: created}}",
        f"{UNIQUE}: {{column: 'Ü \"c\"', row_condition: 'col(\"b\") > 1', condition_parser: great_expectations}}",
    )
    first, second, third, fourth = (item.configuration.kwargs for item in built)
    assert first == {"column": "country", "value_set": ["no", 1, 1.5, None, date(2025, 1, 1)], "mostly": 0.5}
    assert (second["min_value"], second["max_value"]) == (date(2025, 1, 1), datetime(2025, 1, 2, 10))
    assert (third["source_where"], third["source_since"]) == ({"status": "paid"}, datetime(2025, 9, 1))
    assert fourth["column"] == 'Ü "c"'
    assert fourth["row_condition"]["parameter"] == 1


def test_severity_notes_and_place_go_with_each_expectation(tmp_path: Path) -> None:
    file = tmp_path / "s.yml"
    file.write_text(
        "table: t\nowner: me\nexpectations:\n"
        f"  - {UNIQUE}: {{column: a}}\n    severity: info\n    blocking: true\n    notes: why\n"
        f"  - {UNIQUE}: {{column: a}}\n"
    )
    suite = load_suite(file)
    built = build_expectations(suite)
    assert [(item.severity.value, item.notes, item.meta) for item in built] == [
        ("info", "why", {META: {"index": 0, "blocking": True, "implicit": False, **Shown().to_meta()}}),
        ("critical", None, {META: {"index": 1, "blocking": True, "implicit": False, **Shown().to_meta()}}),
    ]
    gx_suite = to_gx_suite(suite, built)
    assert len(gx_suite.expectations) == 2  # the same expectation twice is two
    assert gx_suite.meta[META]["owner"] == "me"


NAMES = st.text("abcXYZ_ ü0\"'$", min_size=1, max_size=8)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
ATOMS = NAMES | NUMBERS | st.booleans() | st.dates()
VALID = st.one_of(
    st.fixed_dictionaries({"column": NAMES}, optional={"mostly": st.floats(0.001, 1)}).map(
        lambda kwargs: (UNIQUE, kwargs)
    ),
    st.fixed_dictionaries({"column": NAMES, "min_value": NUMBERS}, optional={"max_value": NUMBERS}).map(
        lambda kwargs: (BETWEEN, kwargs)
    ),
    st.fixed_dictionaries({"column": NAMES, "value_set": st.lists(ATOMS, min_size=1, max_size=5)}).map(
        lambda kwargs: (IN_SET, kwargs)
    ),
    st.fixed_dictionaries({"column_A": NAMES, "column_B": NAMES}, optional={"or_equal": st.booleans()}).map(
        lambda kwargs: ("expect_column_pair_values_a_to_be_greater_than_b", kwargs)
    ),
    st.fixed_dictionaries({"column_set": st.lists(NAMES, min_size=1, max_size=4), "exact_match": st.booleans()}).map(
        lambda kwargs: ("expect_table_columns_to_match_set", kwargs)
    ),
    st.fixed_dictionaries({"max_percent": st.floats(0.01, 1e6)}).map(lambda kwargs: (CHANGE, kwargs)),
    st.fixed_dictionaries(
        {"source": NAMES, "source_table": st.just("a.b"), "tolerance_percent": st.floats(0, 100)},
        optional={"source_where": st.dictionaries(NAMES, ATOMS, max_size=2), "unit": NAMES},
    ).map(lambda kwargs: (ROWS, kwargs)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALID, min_size=1, max_size=4))
def test_any_valid_suite_becomes_gx_expectations_with_the_same_arguments(
    tmp_path: Path, written: list[tuple[str, dict[str, Any]]]
) -> None:
    built = build(tmp_path, *({kind: kwargs} for kind, kwargs in written))
    for (kind, kwargs), expectation in zip(written, built, strict=True):
        assert expectation.configuration.type == kind
        taken = dict(expectation)
        assert {name: as_gx_keeps(taken[name]) for name in kwargs} == {
            name: as_gx_keeps(kwargs[name]) for name in kwargs
        }


def as_gx_keeps(value: Any) -> Any:
    """A set of columns has no order."""
    return sorted(value, key=repr) if isinstance(value, list | set) else value
