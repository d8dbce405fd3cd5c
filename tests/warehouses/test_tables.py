"""Tables of every kind and spelling are found, read and told apart."""

from __future__ import annotations

import pytest

from checkpoints.result import CheckpointRun, Verdict
from gx.errors import ConfigError
from gx.warehouse.base import Warehouse
from gx.warehouse.table import TableName
from tests.warehouses.checking import Checks
from tests.warehouses.rows import ORDER_ROWS, ORDERS
from tests.warehouses.sites import Site

ROWS = len(ORDER_ROWS)
EIGHT_ROWS = {"expect_table_row_count_to_equal": {"value": ROWS}}
ONE_DUPLICATE = {"expect_column_values_to_be_unique": {"column": "code"}}
# Reads the catalog for the columns, unlike a row count.
ALL_COLUMNS = {"expect_table_columns_to_match_set": {"column_set": [str(c.name) for c in ORDERS.columns]}}


def counts(run: CheckpointRun) -> list[tuple[bool | None, int | None, int | None]]:
    assert [outcome.error for outcome in run.outcomes] == [None] * len(run.outcomes)
    return [(outcome.success, outcome.element_count, outcome.unexpected_count) for outcome in run.outcomes]


@pytest.fixture
def view(site: Site) -> str:
    site.execute("CREATE OR REPLACE VIEW shop.recent AS SELECT * FROM shop.orders")
    return "shop.recent"


def test_a_view_is_checked_like_a_table(checks: Checks, view: str) -> None:
    run = checks.run({view: [EIGHT_ROWS, ONE_DUPLICATE, ALL_COLUMNS]})

    assert counts(run) == [(True, None, None), (False, ROWS, 2), (True, None, None)]
    assert run.row_counts == ((view, ROWS),)


@pytest.mark.parametrize("table", ["shop.orders", "SHOP.Orders", "Shop.ORDERS"])
def test_unquoted_names_match_whatever_case_the_warehouse_uses(checks: Checks, table: str) -> None:
    assert checks.run({table: [EIGHT_ROWS, ALL_COLUMNS]}).verdict is Verdict.PASSED


def test_a_quoted_name_in_another_case_is_another_table(checks: Checks) -> None:
    run = checks.run({'shop."oRDERS"': [EIGHT_ROWS]})

    assert run.verdict is Verdict.ERRORED
    assert 'shop."oRDERS"' in run.reasons()[0]


def test_an_unqualified_name_means_the_only_table_of_that_name(checks: Checks) -> None:
    assert checks.run({"orders": [EIGHT_ROWS, ONE_DUPLICATE]}).row_counts == (("orders", ROWS),)


def test_an_unqualified_name_means_the_default_schema_first(site: Site, checks: Checks) -> None:
    default = {"duckdb": "main", "postgresql": "public", "snowflake": "public"}[site.kind]
    site.execute(f"CREATE TABLE {default}.customers AS SELECT 1 AS id")
    try:
        run = checks.run({"customers": [{"expect_table_row_count_to_equal": {"value": 1}}]})
    finally:
        site.execute(f"DROP TABLE {default}.customers")

    assert run.verdict is Verdict.PASSED


def test_an_unqualified_name_that_two_schemas_have_is_not_guessed(site: Site, checks: Checks) -> None:
    site.execute("CREATE SCHEMA twin", "CREATE TABLE twin.orders AS SELECT 1 AS id")
    try:
        run = checks.run({"orders": [EIGHT_ROWS]})
    finally:
        site.execute("DROP TABLE twin.orders", "DROP SCHEMA twin")

    assert run.verdict is Verdict.ERRORED


def test_reserved_words_spaces_and_other_alphabets_are_names_like_any(checks: Checks) -> None:
    run = checks.run(
        {
            '"Odd Shop"."Order"': [
                {"expect_column_values_to_be_unique": {"column": "select"}},
                {"expect_column_values_to_not_be_null": {"column": "Name x"}},
                {"expect_column_values_to_be_between": {"column": "größe_ß", "min_value": 0}},
                {"expect_column_sum_to_be_between": {"column": "größe_ß", "min_value": 29, "max_value": 29}},
                {"expect_compound_columns_to_be_unique": {"column_list": ["select", "Name x"]}},
                {"expect_column_values_to_exist_in_table": {
                    "column": "UPPER", "parent_table": '"Odd Shop"."Group"', "parent_column": "Key"}},
                {"expect_column_values_to_be_in_set": {
                    "column": "Name x", "value_set": ["ä", "日本"], "row_condition": 'col("select") == 2',
                    "condition_parser": "great_expectations"}},
                {"expect_table_columns_to_match_ordered_list": {
                    "column_list": ["select", "Name x", "größe_ß", "UPPER"]}},
            ]
        }
    )  # fmt: skip

    assert counts(run) == [
        *((False, 3, 2), (False, 3, 1), (False, 3, 1), (True, None, None), (True, 3, 0)),
        *((False, 3, 1), (True, 2, 0), (True, None, None)),
    ]


@pytest.mark.parametrize("name", ["Größe 数据", "GRÖSSE", "ıİ"])
def test_letters_that_fold_differently_elsewhere_are_found(site: Site, checks: Checks, name: str) -> None:
    site.execute(f'CREATE TABLE "Odd Shop"."{name}" AS SELECT 1 AS id')
    try:
        run = checks.run({f'"Odd Shop"."{name}"': [{"expect_table_row_count_to_equal": {"value": 1}}]})
    finally:
        site.execute(f'DROP TABLE "Odd Shop"."{name}"')

    assert run.verdict is Verdict.PASSED


def test_a_table_may_be_named_with_its_database(site: Site, checks: Checks) -> None:
    database = {"duckdb": "warehouse", "postgresql": "postgres", "snowflake": "sluice"}[site.kind]

    run = checks.run({f"{database}.shop.orders": [EIGHT_ROWS, ONE_DUPLICATE, ALL_COLUMNS]})

    assert counts(run) == [(True, None, None), (False, ROWS, 2), (True, None, None)]


def test_one_table_under_two_names_is_refused(site: Site, checks: Checks) -> None:
    database = {"duckdb": "warehouse", "postgresql": "postgres", "snowflake": "sluice"}[site.kind]

    with pytest.raises(ConfigError, match="two suites are about one table"):
        checks.run({f"{database}.shop.orders": [EIGHT_ROWS], "orders": [EIGHT_ROWS]})
    assert not checks.gate().is_open


def test_a_table_of_a_database_that_is_not_there_takes_no_other_with_it(checks: Checks) -> None:
    run = checks.run({"nowhere.shop.orders": [EIGHT_ROWS], "shop.orders": [EIGHT_ROWS]})

    assert run.verdict is Verdict.ERRORED
    assert [outcome.success for outcome in run.outcomes] == [None, True]


@pytest.mark.snowflake
def test_snowflake_reads_another_database_by_its_three_part_name(snowflake: Site, tmp_path, request) -> None:
    snowflake.execute(
        "CREATE DATABASE lake", "CREATE SCHEMA lake.shop", 'CREATE SCHEMA lake."Odd Shop"',
        "CREATE TABLE lake.shop.orders (id NUMBER, code VARCHAR)",
        "INSERT INTO lake.shop.orders VALUES (1, 'a'), (2, 'a'), (3, NULL)",
        'CREATE TABLE lake."Odd Shop"."Order" ("select" NUMBER)', 'INSERT INTO lake."Odd Shop"."Order" VALUES (7)',
    )  # fmt: skip
    warehouse = snowflake.open()
    request.addfinalizer(warehouse.release)
    run = Checks(tmp_path, warehouse).run(
        {
            "lake.shop.orders": [
                {"expect_table_row_count_to_equal": {"value": 3}},
                ONE_DUPLICATE,
                {"expect_table_columns_to_match_ordered_list": {"column_list": ["id", "code"]}},
            ],
            'lake."Odd Shop"."Order"': [
                {"expect_column_max_to_be_between": {"column": "select", "min_value": 7, "max_value": 7}}
            ],
            "shop.orders": [EIGHT_ROWS],
        }
    )

    assert [count[0] for count in counts(run)] == [True, True, False, True, True]  # suites in order of their names
    assert dict(run.row_counts) == {'lake."Odd Shop"."Order"': 1, "lake.shop.orders": 3, "shop.orders": ROWS}


@pytest.mark.postgres
def test_postgresql_checks_materialized_views(postgres: Site, tmp_path, request) -> None:
    postgres.execute("CREATE MATERIALIZED VIEW shop.totals AS SELECT * FROM shop.orders")
    warehouse = postgres.open()
    request.addfinalizer(warehouse.release)
    run = Checks(tmp_path, warehouse).run({"shop.totals": [EIGHT_ROWS, ONE_DUPLICATE, ALL_COLUMNS]})

    assert counts(run) == [(True, None, None), (False, ROWS, 2), (True, None, None)]


def test_the_catalog_is_not_asked_for_no_tables(warehouse: Warehouse) -> None:
    assert warehouse.find_tables([]) == {}


def test_names_in_the_catalog_are_spelled_as_there(site: Site, warehouse: Warehouse) -> None:
    name = TableName.parse("shop.orders")
    found = warehouse.find_tables([name])[name]

    upper = site.kind == "snowflake"
    assert (found.database, found.schema, found.name) == (
        None,
        "SHOP" if upper else "shop",
        "ORDERS" if upper else "orders",
    )


@pytest.mark.parametrize("setting", ["pii", "samples", "keys"])
def test_a_column_that_may_not_be_shown_and_is_misspelt_is_not_passed_over(checks: Checks, setting: str) -> None:
    assert checks.run({"shop.orders": [EIGHT_ROWS]}, **{setting: ["CODE"]}).verdict is Verdict.PASSED

    run = checks.run({"shop.orders": [EIGHT_ROWS]}, **{setting: ["id", "coed"]})

    assert run.verdict is Verdict.ERRORED
    assert run.reasons()[0] == (f"0.yml names columns that shop.orders does not have: coed (`{setting}`); correct them")
    assert run.row_counts == (), "it was not read"
    assert not checks.gate().is_open
