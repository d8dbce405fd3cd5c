"""What a YAML value means: YAML 1.2, and never anything but a clear refusal."""

# ruff: noqa: DTZ001 - suites and warehouses hold times without a zone

from __future__ import annotations

import math
import string
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from checkpoints.spec import load_checkpoints
from expectations.loader import load_suite
from gx.errors import ConfigError

SUITE = "table: t\nexpectations:\n  - expect_x: {{v: {}}}\n"
VALUES: dict[str, Any] = {
    "no": "no", "yes": "yes", "on": "on", "off": "off", "y": "y", "NO": "NO",
    "true": True, "True": True, "FALSE": False, "~": None, "null": None, "''": "", '"5"': "5", "!!str 5": "5",
    "5": 5, "+5": 5, "-0": 0, "017": 17, "0o17": 15, "0x1F": 31, "0b11": 3, "1_000": 1000, "08": 8,
    "9007199254740993": 9007199254740993, "123456789012345678901234567890": 123456789012345678901234567890,
    "1e3": 1000.0, "1.5": 1.5, ".5": 0.5, "-1.0e-2": -0.01, ".inf": math.inf, "-.inf": -math.inf,
    "12:30:45": "12:30:45", "1:30": "1:30", "1.2.3": "1.2.3", "=": "=", "<<": "<<",
    "2025-09-01": date(2025, 9, 1), "'2025-09-01'": "2025-09-01",
    "2025-09-01T10:00:00": datetime(2025, 9, 1, 10), "2025-09-01 10:00:00.5": datetime(2025, 9, 1, 10, 0, 0, 500_000),
    "2025-09-01T10:00:00Z": datetime(2025, 9, 1, 10, tzinfo=UTC),
    "2025-09-01T10:00:00+02:00": datetime(2025, 9, 1, 10, tzinfo=timezone(timedelta(hours=2))),
    "Zürich": "Zürich", "😀": "😀", '"a\\tb"': "a\tb", '"\\u00e9"': "é", "[no, 1, a b]": ["no", 1, "a b"],
    "{a: {b: [1]}}": {"a": {"b": [1]}}, "usd ": "usd", "$1": "$1", "a#b": "a#b",
}  # fmt: skip


@pytest.mark.parametrize("written", VALUES)
def test_a_value_is_what_yaml_1_2_says(tmp_path: Path, written: str) -> None:
    file = tmp_path / "s.yml"
    file.write_text(SUITE.format(written), encoding="utf-8")
    found = load_suite(file).expectations[0].kwargs["v"]
    assert found == VALUES[written]
    assert type(found) is type(VALUES[written])  # 1 == True == 1.0 in Python, not in a table


def test_not_a_number_and_texts_over_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "s.yml"
    arguments = ("a: .nan", "b: |", "  one", "  two", "c: >-", "  one", "  two")
    file.write_text("table: t\nexpectations:\n  - expect_x:\n" + "".join(f"      {line}\n" for line in arguments))
    kwargs = load_suite(file).expectations[0].kwargs
    assert math.isnan(kwargs["a"])
    assert (kwargs["b"], kwargs["c"]) == ("one\ntwo\n", "one two")


def only_config_errors(directory: Path, content: bytes) -> None:
    """Read it as a suite and as a checkpoint."""
    file = directory / "it.yml"
    file.write_bytes(content)
    for read in (lambda: load_suite(file), lambda: load_checkpoints(directory)):
        try:
            read()
        except ConfigError as error:
            assert error.file == file  # noqa: PT017 - accepting it is all right too


# Ingredients of YAML, so that more than one text in a thousand is well formed.
PIECES = st.sampled_from(
    ["table: t\n", "expectations:\n", "expectations: [", "suites: ['*']\n", "gates: [m]\n", "  - ", "- ", "expect_x",
     ": ", "{", "}", "[", "]", ", ", "\n", "  ", "&a ", "*a", "<<: ", "!!int ", "!!set ", "!x ", "? ", "|\n", ">", "'",
     '"', "\\", "#", "%YAML 1.1\n", "---\n", "...\n", "2025-99-99", ".nan", "0x", "~", "\t",
     "\0", "é", "\ud7ff", "@", "`"]
)  # fmt: skip
settings.register_profile("files", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@settings(settings.get_profile("files"), max_examples=200)
@given(st.lists(PIECES, max_size=25).map("".join))
@example("table: t\nexpectations: &a\n  - *a\n")
@example("&a {*a : b}\n")
def test_pieces_of_yaml_in_any_order_raise_nothing_but_a_config_error(tmp_path: Path, text: str) -> None:
    only_config_errors(tmp_path, text.encode())


@settings(settings.get_profile("files"), max_examples=100)
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_raise_nothing_but_a_config_error(tmp_path: Path, content: bytes) -> None:
    only_config_errors(tmp_path, content)


TEXTS = st.text(string.printable + "éß中😀", max_size=12).filter(
    lambda text: "\r" not in text and "\f" not in text and "\v" not in text
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
    | st.dates() | st.datetimes(min_value=datetime(1, 1, 1), timezones=st.none())
)  # fmt: skip
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


@settings(settings.get_profile("files"), max_examples=60)
@given(st.dictionaries(TEXTS, TREES, max_size=4))
def test_arguments_that_a_yaml_library_writes_are_read_back_the_same(tmp_path: Path, kwargs: dict[str, Any]) -> None:
    file = tmp_path / "s.yml"
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump({"table": "t", "expectations": [{"expect_x": kwargs}]}, stream)
    assert load_suite(file).expectations[0].kwargs == kwargs
