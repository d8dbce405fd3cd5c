"""Accepted schemas: what counts as a difference, and what a file keeps of a table's columns."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.accepted import AcceptedSchemas, Change, columns_of_catalog, differences, same_type
from gx.errors import ConfigError
from gx.warehouse.table import CatalogColumn, TableName

ORDERS = TableName.parse("shop.orders")
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
TYPES = st.sampled_from(["integer", "bigint", "numeric(10, 2)", "character varying(20)", "timestamp with time zone"])
COLUMNS = st.dictionaries(NAMES, TYPES, max_size=8)
APART = COLUMNS.filter(lambda columns: len({name.casefold() for name in columns}) == len(columns))


@given(COLUMNS)
def test_columns_do_not_differ_from_themselves_in_any_order(columns: dict[str, str]) -> None:
    assert differences(columns, dict(reversed(columns.items()))) == ()


@given(COLUMNS, COLUMNS)
def test_what_was_added_one_way_was_removed_the_other(before: dict[str, str], now: dict[str, str]) -> None:
    there, back = differences(before, now), differences(now, before)
    kinds = {"added": "removed", "removed": "added", "retyped": "retyped"}
    assert sorted((kinds[each.kind], each.column.casefold()) for each in there) == sorted(
        (each.kind, each.column.casefold()) for each in back
    )


@given(APART, APART)
def test_the_differences_lead_from_the_accepted_columns_to_those_of_now(
    before: dict[str, str], now: dict[str, str]
) -> None:
    built = {name.casefold(): kind for name, kind in before.items()}
    for change in differences(before, now):
        if change.kind == "removed":
            assert built.pop(change.column.casefold()) == change.before
        else:
            assert change.now is not None
            assert built.get(change.column.casefold()) == change.before
            built[change.column.casefold()] = change.now
    assert built == {name.casefold(): kind for name, kind in now.items()}


def test_each_kind_of_difference_is_told_in_its_own_words() -> None:
    found = differences({"a": "integer", "b": "text"}, {"a": "bigint", "c": "date"})
    assert found == (Change("removed", "b", "text"), Change("retyped", "a", "integer", "bigint"),
                     Change("added", "c", None, "date"))  # fmt: skip
    assert [str(each) for each in found] == ["- b", "~ a integer -> bigint", "+ c date"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int4", "INTEGER"),
        ("varchar(20)", "character varying (20)"),
        ("numeric(10,2)", "decimal(10, 2)"),
        ("timestamptz", "timestamp  with time zone"),
        ("timestamp(3) with time zone", "timestamp(3)  WITH time zone"),
        ("TIMESTAMP_NTZ", "timestamp without time zone"),
    ],
)
def test_another_name_for_a_type_is_no_difference(one: str, other: str) -> None:
    assert same_type(one) == same_type(other)
    assert differences({"a": one}, {"a": other}) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("integer", "bigint"),
        ("varchar(20)", "varchar(21)"),
        ("numeric(10,2)", "numeric"),
        ("timestamp", "timestamptz"),
        ("integer", "integer[]"),
        ("real", "double precision"),
    ],
)
def test_another_type_is_a_difference(one: str, other: str) -> None:
    assert [change.kind for change in differences({"a": one}, {"a": other})] == ["retyped"]


@given(st.text(max_size=40))
def test_a_type_has_one_name_that_names_itself(name: str) -> None:
    assert same_type(same_type(name)) == same_type(name)


def test_case_alone_is_no_difference_unless_it_tells_two_columns_apart() -> None:
    assert differences({"ID": "integer"}, {"id": "integer"}) == ()
    assert [str(each) for each in differences({"ID": "integer"}, {"id": "integer", "Id": "integer"})] == [
        "- ID", "+ id integer", "+ Id integer",
    ]  # fmt: skip


def test_the_catalogs_types_are_kept_in_lower_case_with_single_spaces() -> None:
    assert columns_of_catalog([CatalogColumn("Id", " TIMESTAMP  WITH TIME ZONE ")]) == {
        "Id": "timestamp with time zone"
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COLUMNS.filter(bool))
def test_what_is_written_is_read_again_whatever_the_columns_are_called(tmp_path: Path, columns: dict[str, str]) -> None:
    schemas = AcceptedSchemas(tmp_path / "suites", "duckdb")
    file = schemas.write(ORDERS, columns)
    assert schemas.read(ORDERS) == columns
    assert list(schemas.folder.iterdir()) == [file]  # nothing half-written stays


@pytest.mark.parametrize("name", ["yes", "null", "1", "1e3", "~", "a: b", "#", "- x", "2025-09-01", "{}", "=", "<<"])
def test_a_name_that_yaml_would_take_for_something_else_stays_a_name(tmp_path: Path, name: str) -> None:
    schemas = AcceptedSchemas(tmp_path / "suites", "duckdb")
    schemas.write(ORDERS, {name: "integer"})
    assert schemas.read(ORDERS) == {name: "integer"}


def test_a_file_can_be_read_by_the_others_of_a_team_and_lies_beside_the_suites(tmp_path: Path) -> None:
    file = AcceptedSchemas(tmp_path / "expectations" / "suites", "postgresql").write(ORDERS, {"id": "bigint"})
    assert file == tmp_path / "expectations" / "schemas" / "postgresql" / "shop.orders.yml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert AcceptedSchemas(tmp_path / "expectations" / "suites", "duckdb").read(ORDERS) is None


@given(NAMES, NAMES)
def test_each_table_has_a_file_of_its_own_inside_the_folder(one: str, other: str) -> None:
    schemas = AcceptedSchemas(Path("suites"), "duckdb")
    tables = [TableName((f'"{part.replace(chr(34), chr(34) * 2)}"',)) for part in (one, other)]
    files = [schemas.file(table) for table in tables]
    assert (files[0] == files[1]) == (one == other)
    assert all(file.parent == schemas.folder and not file.name.startswith(".") for file in files)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("table: shop.orders\n", "an accepted schema needs `columns:`"),
        ("columns: [id]\n", "`columns`"),
        ("columns: {id: 3}\n", "the type of id"),
        ("columns: {id: integer}\nmore: 1\n", "more"),
        ("columns: {id: integer\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_accepted_schema_is_refused_by_name(tmp_path: Path, text: str, problem: str) -> None:
    schemas = AcceptedSchemas(tmp_path / "suites", "duckdb")
    file = schemas.write(ORDERS, {})
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"shop\.orders\.yml") as told:
        schemas.read(ORDERS)
    assert problem in str(told.value)
