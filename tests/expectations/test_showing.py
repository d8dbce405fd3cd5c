"""Which columns a suite hides, and of which it lets values be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.build import build_expectations
from expectations.loader import load_suite
from gx.errors import ConfigError
from gx.shown import Shown

NOT_NULL = "expect_column_values_to_not_be_null"
PAIR = "expect_column_pair_values_to_be_equal"
SHOWING = 'pii: [Email, salary]\nsamples: [status, "\\"Currency\\""]\nkeys: [id]\n'


def where(column: str) -> str:
    condition = f"'col(\"{column}\") > 5', condition_parser: great_expectations"
    return f"{NOT_NULL}: {{column: status, row_condition: {condition}}}"


def write(directory: Path, settings: str, *expectations: str) -> Path:
    file = directory / "people.yml"
    lines = "".join(f"  - {each}\n" for each in expectations or (f"{NOT_NULL}: {{column: id}}",))
    file.write_text(f"table: shop.people\n{settings}expectations:\n{lines}")
    return file


def shown(directory: Path, expectation: str, settings: str = SHOWING) -> Shown:
    (built,) = build_expectations(load_suite(write(directory, settings, expectation)))
    found = Shown.of(built.meta)
    assert found is not None
    return found


def test_by_default_nothing_is_shown(tmp_path: Path) -> None:
    assert shown(tmp_path, f"{NOT_NULL}: {{column: status}}", "") == Shown()


@pytest.mark.parametrize(
    ("expectation", "samples", "pii"),
    [
        (f"{NOT_NULL}: {{column: status}}", True, False),
        (f"{NOT_NULL}: {{column: STATUS}}", True, False),
        (f"{NOT_NULL}: {{column: currency}}", True, False),
        (f"{NOT_NULL}: {{column: city}}", False, False),
        (f"{NOT_NULL}: {{column: email}}", False, True),
        (f"{NOT_NULL}: {{column: '\"EMAIL\"'}}", False, True),
        (f"{PAIR}: {{column_A: status, column_B: currency}}", True, False),
        (f"{PAIR}: {{column_A: status, column_B: city}}", False, False),
        (f"{PAIR}: {{column_A: status, column_B: email}}", False, True),
        ("expect_compound_columns_to_be_unique: {column_list: [status, currency]}", True, False),
        ("expect_compound_columns_to_be_unique: {column_list: [status, email]}", False, True),
        ("expect_table_row_count_to_equal: {value: 1}", False, False),
        ("unexpected_rows_expectation: {unexpected_rows_query: 'select * from {batch}'}", False, True),
        (
            where("email"),
            False,
            True,
        ),
        (
            where("email_sent"),
            True,
            False,
        ),
    ],
)
def test_samples_are_allowed_where_every_column_is_and_none_is_pii(
    tmp_path: Path, expectation: str, samples: bool, pii: bool
) -> None:
    found = shown(tmp_path, expectation)
    assert (found.samples, found.pii, found.keys) == (samples, pii, ("id",))


def test_what_was_looked_up_is_known_from_what_was_written(tmp_path: Path) -> None:
    reconcile = (
        "expect_column_sum_to_reconcile_with_source: "
        "{column: salary, source: erp, source_table: pay, source_column: amount}"
    )
    assert shown(tmp_path, reconcile).facts == ("source_value", "table_label")


@pytest.mark.parametrize(
    ("settings", "line", "problem"),
    [
        ("pii: [email]\nsamples: [status, EMAIL]\n", 3, "take it out of `samples`"),
        ("keys: ['\"email\"']\npii: [email]\n", 2, "take it out of `keys`"),
        ("pii: [seen_at]\narrivals: {column: seen_at}\n", 3, "choose another"),
        ("pii: {email: true}\n", 2, "`pii` must be a list"),
        ("samples: 5\n", 2, "`samples` must be a list"),
        ("keys: [1]\n", 2, "an entry of `keys` must be text"),
        ("personal: [email]\n", 2, "a suite has no setting 'personal'"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(
    tmp_path: Path, settings: str, line: int, problem: str
) -> None:
    file = write(tmp_path, settings)
    with pytest.raises(ConfigError) as caught:
        load_suite(file)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert problem in caught.value.problem
