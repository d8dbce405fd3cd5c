"""Suites as people write them: what is read, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.documents import Node
from expectations.loader import choose_suites, load_suite, load_suites
from expectations.suite import Severity
from gx.errors import ConfigError

GOOD = """\
table: staging.orders
expectations:
  - expect_column_values_to_be_unique: {column: id}
"""


def write(directory: Path, text: str | bytes, name: str = "orders.yml") -> Path:
    file = directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refused(file: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_suite(file)
    return caught.value


def test_a_suite_is_read_as_documented(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """\
# a comment comes first
table: staging.stg_stripe_charges
owner: data-engineering
description: One row per charge.
tags: [stripe, money]
allow_empty: true
expectations:
  - expect_column_values_to_be_unique: {column: charge_id}
  - expect_column_values_to_be_in_set: {column: currency, value_set: [usd, eur]}
    severity: warning
    notes: New ones appear.
  - expect_column_values_to_not_be_null: {column: amount}
    severity: info
    blocking: true
  - expect_table_row_count_to_be_between:
      min_value: 1
""",
    )
    suite = load_suite(file, layer="staging")
    assert (suite.name, str(suite.table), suite.owner, suite.layer) == (
        "staging.stg_stripe_charges", "staging.stg_stripe_charges", "data-engineering", "staging",
    )  # fmt: skip
    assert suite.tags == ("stripe", "money")
    assert suite.allow_empty
    assert [(spec.severity, spec.blocking, spec.line) for spec in suite.expectations] == [
        (Severity.CRITICAL, True, 8),
        (Severity.WARNING, False, 9),
        (Severity.INFO, True, 12),
        (Severity.CRITICAL, True, 15),
    ]
    assert suite.expectations[1].kwargs == {"column": "currency", "value_set": ["usd", "eur"]}
    assert suite.expectations[1].notes == "New ones appear."
    assert [spec.column for spec in suite.expectations] == ["charge_id", "currency", "amount", None]


LINE = 3
"""Of the expectation in `EXPECTATION`."""
EXPECTATION = "table: t\nexpectations:\n  - {}\n"

BAD_DOCUMENTS = {
    "empty": ("", 1, "the file is empty"),
    "only a comment": ("# nothing\n", 1, "the file is empty"),
    "null": ("~\n", 1, "the file is empty"),
    "text": ("abc", 1, "a suite must be a mapping"),
    "list": ("- a", 1, "a suite must be a mapping"),
    "not YAML": ("table: t\nexpectations: [a\n", 3, "not valid YAML"),
    "tab": ("table: t\nexpectations:\n\t- x\n", 3, r"character '\t'"),
    "two documents": (GOOD + "---\n" + GOOD, 4, "a single document"),
    "no UTF-8": (b"table: \xff\n", None, "not valid YAML"),
    "NUL": (b"table: a\0b\n", None, "not valid YAML"),
    "unknown alias": ("table: *nobody\n", 1, "undefined alias 'nobody'"),
    "alias in itself": ("table: t\nexpectations: &a [*a]\n", 2, "contains it"),
    "too deep": ("table: t\nexpectations: " + "[" * 500 + "]" * 500, 1, "nested"),
    "key twice": ("table: t\ntable: u\n", 2, "stands here twice: 'table', first in line 1"),
    "argument twice": (EXPECTATION.format("expect_x: {column: a, column: b}"), LINE, "twice: 'column'"),
    "impossible date": ("table: t\nowner: 2025-02-30\n", 2, "'2025-02-30' is no timestamp"),
    "endless number": ("table: t\nowner: " + "9" * 5000, 2, "is no int"),
    "tag": ("table: !secret t\n", 1, "the tag '!secret' means nothing here"),
    "python tag": ("table: !!python/object/apply:os.system [date]\n", 1, "means nothing here"),
    "half a character": ('table: "\\ud800"\n', 1, "is no str"),
    "key is a list": ("[a]: b\n", 1, "a key must be a plain text"),
    "key is a number": ("7: b\n", 1, "the key 7 must be text"),
    "other YAML": ("%YAML 1.1\n---\n" + GOOD, 1, "read as YAML 1.2"),
    "merge of a text": ("table: t\n<<: abc\n", 2, "`<<` takes the alias of a mapping"),
}

KEYS = "keys: [id]\n"
QUARANTINE = "table: t\nquarantine: {{{}}}\nexpectations: [expect_x]\n"

BAD_SUITES = {
    "no table": ("expectations: [expect_x]\n", 1, "a suite needs `table:`"),
    "no expectations": ("table: t\n", 1, "a suite needs `expectations:`"),
    "expectations empty": ("table: t\nexpectations: []\n", 2, "`expectations` is empty"),
    "expectations null": ("table: t\nexpectations:\n", 2, "`expectations` must be a list; found nothing"),
    "expectations mapping": ("table: t\nexpectations: {a: b}\n", 2, "`expectations` must be a list; found dict"),
    "unknown key": ("table: t\nexpectation: []\n", 2, "no setting 'expectation' (did you mean 'expectations'?)"),
    "table a number": ("table: 5\nexpectations: [expect_x]\n", 1, "`table` must be text; found int 5"),
    "table with four parts": ("table: a.b.c.d\nexpectations: [expect_x]\n", 1, "is not a table name"),
    "table blank": ("table: '  '\nexpectations: [expect_x]\n", 1, "`table` must be text"),
    "table with a line end": ('table: "a\\nb"\nexpectations: [expect_x]\n', 1, "is not a table name"),
    "owner a list": ("table: t\nowner: [a]\nexpectations: [expect_x]\n", 2, "`owner` must be text"),
    "tags a number": ("table: t\ntags: 5\nexpectations: [expect_x]\n", 2, "`tags` must be a list"),
    "observing a share": ("table: t\nobserving: 0.5\nexpectations: [expect_x]\n", 2, "number of runs from 0 to 1000"),
    "observing less than none": ("table: t\nobserving: -1\nexpectations: [expect_x]\n", 2, "number of runs from 0"),
    "observing for ever": ("table: t\nobserving: true\nexpectations: [expect_x]\n", 2, "number of runs from 0"),
    "a quarantine without keys": (QUARANTINE.format("max_percent: 1"), 2, "`quarantine` needs `keys:` in the suite"),
    "a quarantine with empty keys": ("keys: []\n" + QUARANTINE.format("max_percent: 1"), 3, "needs `keys:`"),
    "a quarantine of no share": (KEYS + QUARANTINE.format("leave_out: true"), 3, "needs `max_percent:`"),
    "a quarantine of nothing": (KEYS + QUARANTINE.format("max_percent: 0"), 3, "more than 0 and at most 100; found 0"),
    "a quarantine of too much": (KEYS + QUARANTINE.format("max_percent: 101"), 3, "at most 100; found 101"),
    "a quarantine of not a number": (KEYS + QUARANTINE.format("max_percent: .nan"), 3, "at most 100; found nan"),
    "a quarantine of true": (KEYS + QUARANTINE.format("max_percent: true"), 3, "at most 100; found True"),
    "a quarantine misspelt": (
        KEYS + QUARANTINE.format("max_percent: 1, leaveout: true"),
        3,
        "no setting 'leaveout' (did you mean 'leave_out'?)",
    ),
    "leave_out a text": (KEYS + QUARANTINE.format("max_percent: 1, leave_out: yes"), 3, "must be true or false"),
    "a key called as the quarantine's column": (
        "keys: [id, Run_Id]\n" + QUARANTINE.format("max_percent: 1"),
        1,
        "Run_Id cannot be among the `keys`",
    ),
    "a personal key": ("pii: [id]\n" + KEYS + QUARANTINE.format("max_percent: 1"), 2, "id is in `pii`"),
    "allow_empty a text": ("table: t\nallow_empty: no\nexpectations: [expect_x]\n", 2, "must be true or false"),
    "expectation a number": (EXPECTATION.format("5"), LINE, "an expectation must be a mapping"),
    "expectation empty": (EXPECTATION.format("{}"), LINE, "one name with its arguments, found none"),
    "two names": (EXPECTATION.format("{expect_x: , expect_y: }"), LINE, "found 'expect_x', 'expect_y'"),
    "only a severity": (EXPECTATION.format("severity: info"), LINE, "found none"),
    "misspelt severity": (EXPECTATION.format("{expect_x: , severty: info}"), LINE, "found 'expect_x', 'severty'"),
    "arguments a list": (EXPECTATION.format("expect_x: [a]"), LINE, "the arguments of expect_x must be a mapping"),
    "argument's name a number": (EXPECTATION.format("expect_x: {1: a}"), LINE, "the key 1 must be text"),
    "name with a blank": (EXPECTATION.format("expect x"), LINE, "is no expectation's name"),
    "name in capitals": (EXPECTATION.format("ExpectColumnToExist"), LINE, "is no expectation's name"),
    "wrong severity": (
        EXPECTATION.format("expect_x:\n    severity: fatal"),
        4,
        "`severity` is 'fatal'; it can be critical, warning, info",
    ),
    "severity null": (EXPECTATION.format("expect_x:\n    severity:"), 4, "`severity` must be text"),
    "blocking a text": (EXPECTATION.format("expect_x:\n    blocking: on"), 4, "must be true or false; found 'on'"),
    "notes a number": (EXPECTATION.format("expect_x:\n    notes: 5"), 4, "`notes` must be text"),
}


@pytest.mark.parametrize(("text", "line", "problem"), BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS)
def test_a_file_that_is_no_usable_yaml_is_refused_with_file_and_line(
    tmp_path: Path, text: str | bytes, line: int | None, problem: str
) -> None:
    file = write(tmp_path, text)
    error = refused(file)
    assert (error.file, error.line) == (file, line)
    assert problem in str(error)
    assert str(error).startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert "\n" not in str(error)


@pytest.mark.parametrize(("text", "line", "problem"), BAD_SUITES.values(), ids=BAD_SUITES)
def test_a_suite_that_is_not_as_documented_is_refused_with_file_and_line(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    file = write(tmp_path, text)
    error = refused(file)
    assert (error.file, error.line) == (file, line)
    assert problem in str(error)


def test_aliases_of_aliases_that_stand_for_millions_of_values_are_refused(tmp_path: Path) -> None:
    levels = ["l0: &l0 [x,x,x,x,x,x,x,x,x,x]"]
    levels += [f"l{n}: &l{n} [{','.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 100,000 values" in str(refused(write(tmp_path, "\n".join(levels))))


@pytest.mark.parametrize("name", ["a/b", "../up", "a\\b", ".", "..", ".hidden", "a\n", "a\tb", " a", "a ", "é" * 101])
def test_a_name_that_makes_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    escaped = (
        name.encode("unicode_escape").decode().replace('"', '\\"') if "\\" not in name else name.replace("\\", "\\\\")
    )
    error = refused(write(tmp_path, GOOD.replace("table:", f'name: "{escaped}"\ntable:')))
    assert error.line == 1
    assert "cannot be used" in str(error)
    assert "`name:`" in str(error)


def test_a_table_whose_name_makes_no_file_name_needs_a_name(tmp_path: Path) -> None:
    text = GOOD.replace("staging.orders", """'"a/b"."c d"'""")
    assert "set another `name:`" in str(refused(write(tmp_path, text)))
    suite = load_suite(write(tmp_path, text + "name: a-b.c\n"))
    assert (suite.name, suite.table.schema, suite.table.name) == ("a-b.c", "a/b", "c d")


def test_yaml_merge_keys_share_arguments(tmp_path: Path) -> None:
    suite = load_suite(
        write(
            tmp_path,
            """\
table: t
expectations:
  - &first
    expect_column_values_to_be_between: &range {column: a, min_value: 1}
    severity: info
  - expect_column_values_to_not_be_null: {<<: *range, column: b}
  - <<: *first
    severity: warning
""",
        )
    )
    assert [(spec.kwargs, spec.severity) for spec in suite.expectations] == [
        ({"column": "a", "min_value": 1}, "info"),
        ({"column": "b", "min_value": 1}, "critical"),
        ({"column": "a", "min_value": 1}, "warning"),
    ]


def test_a_directory_a_missing_file_and_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "directory.yml").mkdir()
    assert "cannot be read" in str(refused(tmp_path / "directory.yml"))
    assert "cannot be read" in str(refused(tmp_path / "absent.yml"))
    assert load_suite(write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode())).name == "staging.orders"


def test_every_suite_below_the_directory_is_loaded_with_its_layer(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "staging/orders.yml")
    write(tmp_path, GOOD.replace("staging.orders", "raw.a"), "raw/deep/a.yaml")
    write(tmp_path, "no suite", "staging/notes.txt")
    assert [(suite.name, suite.layer) for suite in load_suites(tmp_path)] == [
        ("raw.a", "raw/deep"),
        ("staging.orders", "staging"),
    ]


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no directory .*nowhere"):
        load_suites(tmp_path / "nowhere")


@pytest.mark.parametrize("second", ["staging.orders", "Staging.ORDERS"])
def test_two_suites_of_one_name_are_refused(tmp_path: Path, second: str) -> None:
    write(tmp_path, GOOD, "a.yml")
    write(tmp_path, GOOD.replace("staging.orders", second), "b.yml")
    with pytest.raises(ConfigError, match=r"b\.yml: the suite name .* is taken by .*a\.yml"):
        load_suites(tmp_path)


@pytest.fixture
def where(tmp_path: Path) -> Node:
    return Node(["*"], tmp_path / "nightly.yml", 2)


def test_globs_and_names_choose_suites_once_in_the_order_of_the_patterns(tmp_path: Path, where: Node) -> None:
    for table in ("staging.b", "staging.a", "marts.c"):
        write(tmp_path, GOOD.replace("staging.orders", table), f"{table}.yml")
    write(tmp_path, GOOD.replace("staging.orders", "odd.x") + 'name: "odd[1]"\n', "odd.yml")
    suites = load_suites(tmp_path)
    chosen = choose_suites(suites, ["odd[1]", "marts.c", "*.?", "staging.*"], where)
    assert [suite.name for suite in chosen] == ["odd[1]", "marts.c", "staging.a", "staging.b"]


def test_a_pattern_that_matches_nothing_is_refused_with_a_suggestion(tmp_path: Path, where: Node) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(ConfigError) as caught:
        choose_suites(load_suites(tmp_path), ["staging.order"], where)
    assert str(caught.value) == (
        f"{where.file}:2: no suite is called 'staging.order' (did you mean 'staging.orders'?); "
        "there are: staging.orders"
    )
    with pytest.raises(ConfigError, match=r"no suite is called 'raw.*'.*there are: none"):
        choose_suites((), ["raw.*"], where)


def test_two_suites_for_one_table_in_one_checkpoint_are_refused(tmp_path: Path, where: Node) -> None:
    write(tmp_path, GOOD, "a.yml")
    write(tmp_path, GOOD.replace("staging.orders", "Staging.Orders") + "name: other\n", "b.yml")
    suites = load_suites(tmp_path)
    assert len(choose_suites(suites, ["other"], where)) == 1
    with pytest.raises(ConfigError, match=r"nightly\.yml:2: two suites are about the table") as caught:
        choose_suites(suites, ["*"], where)
    assert "a.yml" in str(caught.value)
    assert "b.yml" in str(caught.value)
