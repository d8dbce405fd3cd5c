"""The reference's suites against the contract of its tables, docs/reference-warehouse.md."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checkpoints.spec import load_checkpoints
from expectations.accepted import AcceptedSchemas
from expectations.build import build_expectations
from expectations.loader import load_suites
from expectations.suite import ExpectationSpec, Severity, SuiteSpec
from gx.warehouse.table import TableName

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "docs" / "reference-warehouse.md"
ALL_SUITES = load_suites(ROOT / "expectations" / "suites")
# What sluice itself writes beside the reference's tables is no part of their contract.
SUITES = {suite.name: suite for suite in ALL_SUITES if suite.layer != "data_quality"}
CHECKPOINTS = load_checkpoints(ROOT / "checkpoints")

UNIQUE = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")
ROWS_CHANGED = "expect_table_row_count_change_to_be_within"
FRESH = "expect_table_to_be_fresh"
SUM_RECONCILES = "expect_column_sum_to_reconcile_with_source"
ROWS_RECONCILE = "expect_table_row_count_to_reconcile_with_source"


@dataclass(frozen=True)
class ContractTable:
    name: str
    key: tuple[str, ...]
    columns: frozenset[str]

    @property
    def is_raw(self) -> bool:
        return self.name.startswith("raw_")


def contract_tables() -> Iterator[ContractTable]:
    schema = ""
    for line in CONTRACT.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## \w+ \(`(\w+)`", line):
            schema = heading[1]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not schema or not (name := re.fullmatch(r"`(\w+\.)?(\w+)`", cells[0])):
            continue
        columns = column_names(cells[-1])
        key = tuple(cells[1].split(", ")) if len(cells) == 3 else columns[:1]
        yield ContractTable((name[1] or f"{schema}.") + name[2], key, frozenset(columns))


def column_names(cell: str) -> tuple[str, ...]:
    """The first word of each item, without remarks in parentheses."""
    bare = re.sub(r"\([^)]*\)", "", cell)
    return tuple(item.split()[0] for item in bare.split(","))


TABLES = {table.name: table for table in contract_tables()}


def expectations() -> Iterator[tuple[SuiteSpec, ExpectationSpec]]:
    for suite in SUITES.values():
        for spec in suite.expectations:
            yield suite, spec


def found(table: str, kind: str, **kwargs: object) -> list[ExpectationSpec]:
    return [
        spec
        for spec in SUITES[table].expectations
        if spec.type == kind and all(spec.kwargs.get(name) == value for name, value in kwargs.items())
    ]


def columns_used(spec: ExpectationSpec) -> set[str]:
    named = {spec.kwargs[key] for key in ("column", "column_A", "column_B") if key in spec.kwargs}
    listed = {name for key in ("column_list", "column_set") for name in spec.kwargs.get(key, ())}
    return named | listed | set(re.findall(r'col\("(\w+)"\)', str(spec.kwargs.get("row_condition", ""))))


def test_the_contract_is_read() -> None:
    assert len(TABLES) == 25
    assert TABLES["marts.fct_mrr"].key == ("month", "subscription_id")
    assert TABLES["raw_postgres.users"].key == ("user_id",)
    assert "billing_interval" in TABLES["raw_stripe.plans"].columns


def test_there_are_at_least_the_documents_127_expectations() -> None:
    assert len(list(expectations())) >= 127


def test_no_expectation_stands_in_a_suite_twice() -> None:
    written = Counter(
        (suite.name, spec.type, json.dumps(spec.kwargs, sort_keys=True)) for suite, spec in expectations()
    )

    assert [entry for entry, times in written.items() if times > 1] == []


def test_every_table_of_the_contract_has_one_suite_named_after_it_in_its_layers_folder() -> None:
    assert {suite.name: str(suite.table) for suite in SUITES.values()} == {name: name for name in TABLES}
    for suite in SUITES.values():
        schema, table = suite.name.split(".")
        assert (suite.layer, suite.file.stem) == (schema.split("_")[0], table)


def test_every_suite_says_whose_it_is_and_what_the_table_holds() -> None:
    assert [suite.name for suite in SUITES.values() if not (suite.owner and suite.description)] == []


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_great_expectations_accepts_every_expectation(suite: SuiteSpec) -> None:
    built = build_expectations(suite)

    assert [item.expectation_type for item in built] == [spec.type for spec in suite.expectations]


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_only_columns_of_the_contract_are_named(suite: SuiteSpec) -> None:
    unknown = {
        (spec.line, column) for spec in suite.expectations for column in columns_used(spec) - TABLES[suite.name].columns
    }

    assert unknown == set()


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_primary_key_is_never_null_and_unique(table: ContractTable) -> None:
    for column in table.key:
        (not_null,) = found(table.name, "expect_column_values_to_not_be_null", column=column)
        assert not_null.blocking
    if len(table.key) > 1:
        (unique,) = found(table.name, UNIQUE[1], column_list=list(table.key))
    else:
        (unique,) = found(table.name, UNIQUE[0], column=table.key[0])

    assert unique.severity is (Severity.WARNING if table.is_raw else Severity.CRITICAL)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_every_column_about_a_person_is_hidden_and_only_columns_of_the_contract_are_shown(suite: SuiteSpec) -> None:
    columns = TABLES[suite.name].columns
    personal = {name for name in columns if "email" in name or name in ("name", "description")}
    assert set(suite.pii) == personal
    assert {*suite.samples, *suite.keys} <= columns - personal


def test_nothing_that_a_re_sent_row_breaks_blocks_in_raw() -> None:
    broken_by_copies = {*UNIQUE, ROWS_CHANGED, SUM_RECONCILES, ROWS_RECONCILE}
    blocking = [
        (suite.name, spec.type)
        for suite, spec in expectations()
        if suite.layer == "raw" and spec.type in broken_by_copies and spec.blocking
    ]

    assert blocking == []


def test_a_row_count_that_changes_by_more_than_half_blocks_after_raw() -> None:
    # Plans are a handful, and the summary is one row.
    watched = TABLES.keys() - {"raw_stripe.plans", "staging.stg_stripe_plans", "dashboards.executive_summary"}
    for name in watched:
        (spec,) = found(name, ROWS_CHANGED)
        assert spec.kwargs == {"max_percent": 50}
        assert spec.blocking is not TABLES[name].is_raw


@pytest.mark.parametrize("table", ["raw_stripe.charges", "staging.stg_stripe_charges", "marts.fct_revenue"])
def test_the_rows_of_charges_are_held_against_their_history_and_only_warn(table: str) -> None:
    (spec,) = found(table, "expect_table_row_count_to_be_as_usual")
    assert (spec.severity, spec.blocking) == (Severity.WARNING, False)


def test_revenue_is_held_against_its_history_and_only_warns() -> None:
    (spec,) = found("marts.fct_revenue", "expect_column_sum_to_be_as_usual", column="amount_dollars")
    assert (spec.severity, spec.blocking) == (Severity.WARNING, False)


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
@pytest.mark.parametrize("table", [table for table in TABLES.values() if table.is_raw], ids=lambda table: table.name)
def test_the_columns_of_every_raw_table_are_accepted_as_the_contract_has_them(table: ContractTable, kind: str) -> None:
    assert len(found(table.name, "expect_table_schema_to_be_as_accepted")) == 1
    accepted = AcceptedSchemas(ROOT / "expectations" / "suites", kind).read(TableName.parse(table.name))
    assert accepted is not None
    assert accepted.keys() == table.columns


@pytest.mark.parametrize("table", ["staging.stg_stripe_charges", "marts.fct_revenue"])
def test_revenue_is_held_to_one_percent_of_stripe(table: str) -> None:
    (spec,) = found(table, SUM_RECONCILES, source="stripe")

    assert spec.blocking
    assert spec.kwargs["tolerance_percent"] == 1
    assert spec.kwargs["source_where"] == {"status": "succeeded"}


def test_both_sides_of_a_figure_at_stripe_begin_with_september_2025() -> None:
    # At --scale above 1 the warehouse holds history that the embedded Stripe has not.
    at_stripe = [spec for _, spec in expectations() if spec.kwargs.get("source") == "stripe"]

    assert at_stripe
    for spec in at_stripe:
        assert spec.kwargs["source_since"] == "2025-09-01T00:00:00"
        assert re.fullmatch(r'col\("\w+"\) >= date\("2025-09-01"\)', spec.kwargs["row_condition"])


@pytest.mark.parametrize("name", ["users", "events", "sessions", "page_views"])
def test_staging_has_exactly_the_rows_of_postgresql_and_of_raw(name: str) -> None:
    at_source = found(f"staging.stg_{name}", ROWS_RECONCILE, source="postgres", source_table=f"public.{name}")
    in_raw = found(f"staging.stg_{name}", ROWS_RECONCILE, source="warehouse", source_table=f"raw_postgres.{name}")

    for (spec,) in (at_source, in_raw):
        assert spec.blocking
        assert not spec.kwargs.get("tolerance_percent")


@pytest.mark.parametrize(
    ("table", "column", "warn_hours", "block_hours"),
    [
        ("raw_stripe.charges", "_fivetran_synced", 6, 12),
        ("raw_postgres.users", "_fivetran_synced", 2, 6),
        ("marts.fct_revenue", "updated_at", 3, 6),
        ("marts.fct_mrr", "updated_at", 3, 6),
    ],
)
def test_freshness_has_the_documents_limits(table: str, column: str, warn_hours: int, block_hours: int) -> None:
    limits = {spec.severity: spec.kwargs["max_age_hours"] for spec in found(table, FRESH, column=column)}

    assert limits == {Severity.WARNING: warn_hours, Severity.CRITICAL: block_hours}


@pytest.mark.parametrize(
    ("child", "column", "parent"),
    [
        ("staging.stg_stripe_charges", "customer_id", "staging.stg_stripe_customers"),
        ("staging.stg_stripe_subscriptions", "customer_id", "staging.stg_stripe_customers"),
        ("staging.stg_stripe_subscriptions", "plan_id", "staging.stg_stripe_plans"),
        ("staging.stg_events", "user_id", "staging.stg_users"),
        ("staging.stg_sessions", "user_id", "staging.stg_users"),
        ("staging.stg_page_views", "session_id", "staging.stg_sessions"),
        ("intermediate.int_user_sessions_daily", "user_id", "staging.stg_users"),
        ("marts.fct_revenue", "customer_id", "marts.dim_customers"),
        ("marts.fct_subscriptions", "customer_id", "marts.dim_customers"),
        ("marts.fct_mrr", "subscription_id", "marts.fct_subscriptions"),
        ("marts.fct_customers", "customer_id", "marts.dim_customers"),
        ("marts.fct_user_activity", "user_id", "marts.dim_users"),
    ],
)
def test_every_foreign_key_is_checked_against_the_parents_key(child: str, column: str, parent: str) -> None:
    (spec,) = found(child, "expect_column_values_to_exist_in_table", column=column)

    assert (spec.kwargs["parent_table"], spec.kwargs["parent_column"]) == (parent, TABLES[parent].key[0])
    assert spec.blocking


def test_every_suite_is_checked_by_exactly_one_checkpoint() -> None:
    chosen = Counter(suite.name for spec in CHECKPOINTS.values() for suite in spec.choose(ALL_SUITES))

    assert chosen == Counter(dict.fromkeys((suite.name for suite in ALL_SUITES), 1))


def test_the_checkpoints_gate_the_loads_of_the_contract() -> None:
    assert {name: spec.gates for name, spec in CHECKPOINTS.items()} == {
        "raw": ("staging",),
        "staging": ("marts",),
        "marts": ("dashboards",),
        "dashboards": (),
        "models": (),
    }
