from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sources import generator_plans, generator_postgres
from flows.sources.generator_columns import stripe_ids, summing_to
from flows.sources.generator_stripe import StripeState, history, september
from flows.sources.raw_tables import POSTGRES_TABLES, STRIPE_TABLES

ANY_SEED = st.integers(min_value=0, max_value=2**31)


def mrr_cents(state: StripeState, oldest_left_out: int = 0) -> int:
    """MRR by the document's definition, computed apart from the generator."""
    plans = {plan["id"]: plan for plan in state.plans.to_pylist()}
    total = 0
    for row in state.subscriptions.slice(oldest_left_out).to_pylist():
        if row["status"] == "active":
            plan = plans[row["plan_id"]]
            months = 12 if plan["billing_interval"] == "year" else 1
            assert plan["amount"] % months == 0
            total += row["quantity"] * plan["amount"] // months
    return total


@settings(max_examples=25, deadline=None)
@given(ANY_SEED)
def test_every_seed_tells_the_documents_september(seed: int) -> None:
    first, latest = (state := september(seed)).first, state.latest
    assert latest.charges.num_rows == latest.customers.num_rows == 1_423
    assert pc.sum(latest.charges["amount"]).as_py() == 412_184_00
    assert pc.sum(first.charges["amount"]).as_py() == 435_158_00
    assert latest.subscriptions.num_rows == 1_454
    assert pc.sum(pc.equal(latest.subscriptions["status"], "canceled")).as_py() == 34
    assert mrr_cents(latest) == 71_447_00
    assert mrr_cents(first, oldest_left_out=1_454 - 1_367) == 75_846_00
    assert round(71_447 / 1_423 * 1_454 / 34) == 2_147
    assert round(147_293 / 2_847 * 2_821 / 34) == 4_293


@settings(max_examples=15, deadline=None)
@given(ANY_SEED)
def test_every_seed_gives_sound_rows(seed: int) -> None:
    state = september(seed).latest
    for table in STRIPE_TABLES:
        rows = state.table(table.name)
        assert len(pc.unique(rows["id"])) == rows.num_rows
    for name in ("charges", "customers", "subscriptions"):
        created = state.table(name)["created"].to_pylist()
        assert created == sorted(created)
        assert str(created[0]) >= "2025-09-01"
        assert str(created[-1]) < "2025-10-01"
    customers = state.customers["id"]
    assert pc.all(pc.is_in(state.charges["customer_id"], customers)).as_py()
    assert pc.all(pc.is_in(state.subscriptions["customer_id"], customers)).as_py()
    assert pc.min(state.charges["amount"]).as_py() > 0
    assert pc.min(state.subscriptions["quantity"]).as_py() >= 1
    ended = state.subscriptions.filter(pc.equal(state.subscriptions["status"], "canceled"))
    assert ended["ended_at"].null_count == 0
    assert pc.all(pc.greater(ended["ended_at"], ended["created"])).as_py()
    assert str(pc.max(ended["ended_at"]).as_py()) < "2025-10-01"


def test_no_cancelled_subscription_is_among_the_resent_and_copies_differ() -> None:
    data = september(0)
    resent = data.latest.subscriptions.slice(1_454 - 1_367)
    assert set(resent["status"].to_pylist()) == {"active"}
    assert data.first.subscriptions.slice(0, 87) == data.latest.subscriptions.slice(0, 87)
    for name in ("charges", "customers", "subscriptions"):
        first, latest = data.first.table(name), data.latest.table(name)
        assert first["id"] == latest["id"]
        assert first != latest


def test_a_seed_gives_the_same_rows_each_time_and_another_seed_others() -> None:
    assert september(3).latest.charges == september(3).latest.charges
    assert september(3).latest.charges["id"] != september(4).latest.charges["id"]


@pytest.mark.parametrize(("scale", "blocks"), [(1, 0), (3, 2), (70, 69)])
def test_history_adds_a_block_for_each_step_of_scale_and_ends_before_september(scale: int, blocks: int) -> None:
    chunks = list(history(1, scale))
    assert sum(chunk.charges.num_rows for chunk in chunks) == 1_423 * blocks
    assert sum(chunk.customers.num_rows for chunk in chunks) == 1_423 * blocks
    assert sum(chunk.subscriptions.num_rows for chunk in chunks) == 1_454 * blocks
    for chunk in chunks:
        for table, column in (
            (chunk.charges, "created"),
            (chunk.customers, "created"),
            (chunk.subscriptions, "ended_at"),
        ):
            assert str(pc.max(table[column]).as_py()) < "2025-09-01"
        assert set(chunk.subscriptions["status"].to_pylist()) == {"canceled"}


@pytest.mark.parametrize("scale", [1, 3])
def test_postgres_tables_have_their_rows_times_the_scale(scale: int) -> None:
    expected = {"users": 2_300, "events": 11_500, "sessions": 6_900, "page_views": 23_000}
    for table in POSTGRES_TABLES:
        keys = [
            key for chunk in generator_postgres.chunks(table.name, 5, scale) for key in chunk[table.key].to_pylist()
        ]
        assert keys == list(range(1, expected[table.name] * scale + 1))


def test_page_views_agree_with_their_sessions() -> None:
    sessions = {
        row["session_id"]: row for chunk in generator_postgres.chunks("sessions", 5, 2) for row in chunk.to_pylist()
    }
    users = 2_300 * 2
    for chunk in generator_postgres.chunks("page_views", 5, 2):
        for view in chunk.to_pylist():
            session = sessions[view["session_id"]]
            assert view["user_id"] == session["user_id"]
            assert 1 <= view["user_id"] <= users
            assert session["session_start"] <= view["viewed_at"] <= session["session_end"]


@given(st.integers(1, 500), st.integers(0, 10**7), ANY_SEED)
def test_amounts_sum_exactly_and_are_positive(count: int, more: int, seed: int) -> None:
    amounts = summing_to(np.random.default_rng(seed), count, count + more)
    assert len(amounts) == count
    assert int(amounts.sum()) == count + more
    assert int(amounts.min()) >= 1


@given(ANY_SEED, st.integers(5_000, 60_000))
@settings(deadline=None)
def test_seats_settle_on_any_reachable_sum(seed: int, target: int) -> None:
    rng = np.random.default_rng(seed)
    plans, seats = generator_plans.draw(rng, 100)
    plans[:2] = (generator_plans.NINE_DOLLARS, generator_plans.EIGHT_DOLLARS)
    settled = generator_plans.settle(rng, plans, seats, target)
    assert generator_plans.mrr(plans, settled) == target
    assert int(settled.min()) >= 1


def test_an_unreachable_sum_is_refused() -> None:
    plans, seats = np.array([0, 1]), np.array([1, 1])
    with pytest.raises(ValueError, match="one seat each already brings in 17, over the 10 asked for"):
        generator_plans.settle(np.random.default_rng(0), plans, seats, 10)


def test_ids_look_like_stripes() -> None:
    ids = stripe_ids(np.random.default_rng(0), "ch_3", 23, 1_000).to_pylist()
    assert len(set(ids)) == 1_000
    assert all(len(name) == 27 and name.startswith("ch_3") and name[4:].isalnum() for name in ids)
