"""What the models make of the hand-written raw rows; every expected figure is worked out beside its rows."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from tests.flows.transform.conftest import (
    FIRST_SYNCS,
    LATER_SYNC,
    SYNC_1,
    SYNC_2,
    SYNC_3,
    Warehouse,
    at,
)

ACTIVITY = (
    "select user_id, email, total_events, total_sessions, total_page_views, last_session_at,"
    " avg_session_duration, updated_at from marts.fct_user_activity order by user_id"
)
DAILY = (
    "select user_id, session_date, session_count, total_session_minutes, avg_session_minutes, updated_at"
    " from intermediate.int_user_sessions_daily order by user_id, session_date"
)
D = Decimal


@pytest.fixture(scope="session")
def built(raw_warehouse: Warehouse) -> Warehouse:
    for load in ("staging", "marts", "dashboards"):
        raw_warehouse.load(load)
    return raw_warehouse


@pytest.fixture(scope="session")
def first_figures(built: Warehouse) -> dict[str, list[tuple]]:
    """Read before the later sync lands; the tests below may then run in any order."""
    queries = {
        "charges": "select charge_id, amount_dollars, status from staging.stg_stripe_charges order by charge_id",
        "revenue": "select charge_id, event_date, amount_dollars, updated_at from marts.fct_revenue"
        " where charge_id is not null order by charge_id",
        "keyless": "select sum(amount_dollars), count(*) from marts.fct_revenue where charge_id is null",
        "customers": "select customer_id, email, is_delinquent from marts.dim_customers order by customer_id",
        "subscriptions": "select subscription_id, mrr_dollars, is_active, updated_at"
        " from marts.fct_subscriptions order by subscription_id",
        "mrr": "select month, sum(mrr_dollars), count(*) from marts.fct_mrr group by month",
        "lifetime": "select customer_id, total_revenue_dollars, charge_count, active_subscriptions,"
        " mrr_dollars, lifetime_value_dollars from marts.fct_customers order by customer_id",
        "users": "select user_id, name from marts.dim_users order by user_id",
        "activity": ACTIVITY,
        "daily": DAILY,
        "summary": "select month, charges, revenue_dollars, mrr_dollars, new_customers,"
        " lifetime_value_dollars from dashboards.executive_summary",
        "types": "select distinct data_type, numeric_precision, numeric_scale from information_schema.columns"
        " where column_name like '%_dollars' and table_schema in ('staging', 'marts', 'dashboards')",
        "scratch": "select table_name from information_schema.tables where table_name like '%dbt%'"
        " and table_schema <> 'data_quality'",
    }
    return {name: built.rows(query) for name, query in queries.items()}


@pytest.fixture(scope="session")
def after_later_sync(built: Warehouse, first_figures: dict[str, list[tuple]]) -> Warehouse:
    """The incremental models have run a second time; depends on the first figures having been read."""
    assert first_figures
    built.land(LATER_SYNC)
    built.load("staging")
    built.load("marts")
    return built


def test_staging_keeps_the_latest_copy_of_each_charge_and_only_then_looks_at_its_status(first_figures):
    assert [row for row in first_figures["charges"] if row[0] is not None] == [
        ("ch_august", D("1000.00"), "succeeded"),
        ("ch_last_second", D("0.05"), "succeeded"),
        ("ch_resent", D("40.00"), "succeeded"),
        ("ch_tie", D("10.02"), "succeeded"),
    ]


def test_rows_without_a_key_are_kept_for_the_checks_to_find(first_figures):
    assert first_figures["keyless"] == [(D("0.03"), 2)]


def test_revenue_has_the_day_of_the_charge_and_the_time_of_its_sync(first_figures):
    assert first_figures["revenue"] == [
        ("ch_august", date(2025, 8, 31), D("1000.00"), SYNC_1),
        ("ch_last_second", date(2025, 9, 30), D("0.05"), SYNC_1),
        ("ch_resent", date(2025, 9, 5), D("40.00"), SYNC_2),
        ("ch_tie", date(2025, 9, 6), D("10.02"), SYNC_2),
    ]


def test_customers_and_users_are_as_last_synced_without_deleted_ones(first_figures):
    assert first_figures["customers"][0] == ("c1", "new@example.com", None)
    assert len(first_figures["customers"]) == 5
    assert first_figures["users"] == [(1, "User 1"), (2, "User 2"), (3, "User 3"), (4, "New"), (6, "User 6")]


def test_a_subscription_is_worth_its_quantity_times_the_plan_per_month(first_figures):
    assert first_figures["subscriptions"] == [
        ("s_before", D("90.00"), False, SYNC_1),
        ("s_cancelled", D("90.00"), False, SYNC_1),
        ("s_half_cent", D("0.01"), True, SYNC_1),
        ("s_monthly", D("20.00"), True, SYNC_2),
        ("s_quarter", D("10.00"), True, SYNC_1),
        ("s_yearly", D("8.34"), True, SYNC_1),
    ]
    assert first_figures["mrr"] == [(date(2025, 9, 1), D("38.35"), 4)]


def test_a_customer_is_worth_its_mrr_over_the_churn_of_the_month(first_figures):
    # 5 subscriptions lived in September, 1 was cancelled: MRR x 5. What ended in August counts in neither.
    assert first_figures["lifetime"] == [
        ("c1", D("1040.00"), 2, 2, D("30.00"), D("150.00")),
        ("c2", D("10.07"), 2, 1, D("8.34"), D("41.70")),
        ("c3", D("0.03"), 2, 0, D("0.00"), D("0.00")),
        ("c_gone", D("0.00"), 0, 0, D("0.00"), D("0.00")),
        ("c_july", D("0.00"), 0, 1, D("0.01"), D("0.05")),
    ]


def test_the_summary_is_of_the_latest_month_whatever_came_before(first_figures):
    # Revenue 40.00 + 10.02 + 0.05 + 0.01 + 0.02 without August's. LTV: 38.35 / 4 customers of the month
    # (3 new, and a subscriber from July) x 5 / 1 = 47.94, in whole dollars.
    assert first_figures["summary"] == [(date(2025, 9, 1), 5, D("50.10"), D("38.35"), 3, D("48.00"))]


def test_dollars_are_exact_decimals_everywhere(first_figures):
    (kind, *size), *others = first_figures["types"]
    assert not others
    assert size == [18, 2]
    assert kind.lower().startswith(("decimal", "numeric"))


def test_activity_is_counted_once_per_table_without_a_product_of_joins(first_figures):
    assert first_figures["activity"] == [
        (1, "u1@example.com", 2, 3, 2, at("09-11 09:00"), D("22.50"), SYNC_2),
        (2, "u2@example.com", 1, 1, 1, at("09-12 23:50"), D("20.00"), SYNC_1),
        (3, "u3@example.com", 0, 0, 0, None, None, SYNC_1),
        (4, "u4@example.com", 0, 0, 0, None, None, SYNC_2),
        (6, "u6@example.com", 1, 1, 1, at("09-14 08:00"), D("1.00"), SYNC_1),
    ]


def test_sessions_belong_to_the_day_they_began_and_open_ones_have_no_length(first_figures):
    assert first_figures["daily"] == [
        (1, date(2025, 9, 10), 2, D("45.00"), D("22.50"), SYNC_2),
        (1, date(2025, 9, 11), 1, None, None, SYNC_1),
        (2, date(2025, 9, 12), 1, D("20.00"), D("20.00"), SYNC_1),
        (6, date(2025, 9, 14), 1, D("1.00"), D("1.00"), SYNC_1),
    ]


def test_nothing_temporary_stays_behind(first_figures):
    assert first_figures["scratch"] == []


def test_a_second_run_counts_news_of_users_whose_own_row_did_not_change(after_later_sync):
    assert after_later_sync.rows(ACTIVITY) == [
        # an event deleted, a session ended (20 minutes): (30 + 15 + 20) / 3
        (1, "u1@example.com", 1, 3, 2, at("09-13 12:00"), D("21.67"), SYNC_3),
        (2, "moved@example.com", 1, 0, 1, None, None, SYNC_3),
        (3, "u3@example.com", 1, 1, 0, at("08-01 08:00"), D("30.00"), SYNC_3),
        (4, "u4@example.com", 0, 0, 1, None, None, SYNC_3),
        (7, "u7@example.com", 1, 0, 0, None, None, SYNC_3),
    ]


def test_a_second_run_moves_late_and_deleted_sessions_between_days(after_later_sync):
    assert after_later_sync.rows(DAILY) == [
        (1, date(2025, 9, 10), 1, D("30.00"), D("30.00"), SYNC_1),
        (1, date(2025, 9, 11), 1, D("20.00"), D("20.00"), SYNC_3),
        (1, date(2025, 9, 13), 1, D("15.00"), D("15.00"), SYNC_3),
        (3, date(2025, 8, 1), 1, D("30.00"), D("30.00"), SYNC_3),
        # user 6 is deleted; the session is not, and int_user_sessions_daily is about sessions
        (6, date(2025, 9, 14), 1, D("1.00"), D("1.00"), SYNC_1),
    ]


def test_a_second_run_leaves_rows_without_news_alone_and_equals_a_full_rebuild(after_later_sync):
    incremental = after_later_sync.rows(ACTIVITY), after_later_sync.rows(DAILY)
    after_later_sync.load("marts", full_refresh=True)
    assert (after_later_sync.rows(ACTIVITY), after_later_sync.rows(DAILY)) == incremental


@pytest.fixture(scope="session")
def before(new_duckdb: Callable[[], Warehouse]) -> Warehouse:
    """The BEFORE models, first built on an empty raw layer, then on the rows."""
    warehouse = new_duckdb()
    warehouse.land({})
    for load in ("staging", "marts"):
        warehouse.load(load, deduplicate=False)
    assert warehouse.rows("select * from marts.fct_user_activity") == []
    warehouse.land(FIRST_SYNCS)
    for load in ("staging", "marts", "dashboards"):
        warehouse.load(load, deduplicate=False)
    return warehouse


def test_without_deduplication_every_copy_counts(before: Warehouse):
    # Copies: 50 + 40 + 10.01 + 10.02 + 70 (the copy that had succeeded) + 0.05 + 0.03; MRR 38.35 + 10, the
    # first copy's; c1 twice; LTV 48.35 / 5 customers x 6 / 1.
    assert before.row(
        "select charges, revenue_dollars, mrr_dollars, new_customers, lifetime_value_dollars"
        " from dashboards.executive_summary"
    ) == (8, D("180.11"), D("48.35"), 4, D("58.00"))
    assert before.row("select count(*), count(distinct charge_id) from marts.fct_revenue") == (9, 5)


def test_an_incremental_table_that_was_once_built_empty_fills_up_later(before: Warehouse):
    assert before.row("select count(distinct user_id) from marts.fct_user_activity") == (6,)
    assert before.row("select sum(session_count) from intermediate.int_user_sessions_daily") == (6,)
