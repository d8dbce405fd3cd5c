"""September 2025 at Stripe, with the exact figures of docs/reference-warehouse.md, and the history before
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute

from flows.sources import generator_plans as pricing
from flows.sources.generator_columns import (
    FIRST_NAMES,
    LAST_NAMES,
    Ints,
    choose,
    constant,
    seconds,
    stripe_ids,
    summing_to,
)
from flows.sources.raw_tables import CHARGES, CUSTOMERS, SUBSCRIPTIONS

CHARGE_COUNT = 1_423
CUSTOMER_COUNT = 1_423
SUBSCRIPTION_COUNT = 1_454
CANCELLED_COUNT = 34
RESENT_SUBSCRIPTIONS = 1_367
REVENUE_CENTS = 412_184_00
FIRST_REVENUE_CENTS = 435_158_00
MRR_DOLLARS = 71_447
FIRST_RESENT_MRR_DOLLARS = 75_846

SEPTEMBER = int(np.datetime64("2025-09-01T00:00:00", "s").astype(np.int64))
OCTOBER = int(np.datetime64("2025-10-01T00:00:00", "s").astype(np.int64))
HISTORY_FROM = int(np.datetime64("2019-02-01T00:00:00", "s").astype(np.int64))
DAY = 86_400

_SEPTEMBER_STREAM, _HISTORY_STREAM = 1, 2
_BLOCKS_PER_CHUNK = 64
_DESCRIPTIONS = (
    "Subscription update",
    "Subscription creation",
    "Vet visit",
    "Pet insurance add-on",
    "Microchip kit",
)


@dataclass(frozen=True)
class StripeState:
    """Stripe's objects at one moment, each table oldest first."""

    charges: pa.Table
    customers: pa.Table
    subscriptions: pa.Table
    plans: pa.Table

    def table(self, name: str) -> pa.Table:
        """The table `charges`, `customers`, `subscriptions` or `plans`."""
        return {
            "charges": self.charges,
            "customers": self.customers,
            "subscriptions": self.subscriptions,
            "plans": self.plans,
        }[name]


@dataclass(frozen=True)
class September:
    """September 2025: as the first sync saw Stripe, and as it is at the end."""

    first: StripeState
    latest: StripeState


def _customers(rng: np.random.Generator, created: Ints) -> pa.Table:
    count = len(created)
    first, last = rng.integers(0, len(FIRST_NAMES), count), rng.integers(0, len(LAST_NAMES), count)
    first_names, last_names = choose(FIRST_NAMES, first), choose(LAST_NAMES, last)
    ids = stripe_ids(rng, "cus_", 14, count)
    local = pa.compute.binary_join_element_wise(
        pa.compute.utf8_lower(first_names),
        pa.compute.utf8_lower(last_names),
        pa.compute.utf8_lower(pa.compute.utf8_slice_codeunits(ids, 4, 14)),
        ".",
    )
    return pa.table(
        {
            "id": ids,
            "email": pa.compute.binary_join_element_wise(local, constant("example.com", count), "@"),
            "name": pa.compute.binary_join_element_wise(first_names, last_names, " "),
            "currency": constant("usd", count),
            "delinquent": pa.array(rng.random(count) < 0.02),
            "livemode": constant(False, count),
            "created": seconds(created),
        },
        schema=CUSTOMERS.source_schema,
    )


def _charges(rng: np.random.Generator, customers: pa.Table, payers: Ints, amounts: Ints, created: Ints) -> pa.Table:
    count = len(created)
    return pa.table(
        {
            "id": stripe_ids(rng, "ch_3", 23, count),
            "amount": amounts,
            "amount_refunded": constant(0, count),
            "currency": constant("usd", count),
            "customer_id": customers["id"].take(pa.array(payers)),
            "description": choose(_DESCRIPTIONS, rng.choice(5, count, p=[0.5, 0.2, 0.15, 0.1, 0.05])),
            "status": constant("succeeded", count),
            "paid": constant(True, count),
            "captured": constant(True, count),
            "refunded": constant(False, count),
            "livemode": constant(False, count),
            "receipt_email": customers["email"].take(pa.array(payers)),
            "balance_transaction_id": stripe_ids(rng, "txn_3", 23, count),
            "failure_code": pa.nulls(count, pa.string()),
            "created": seconds(created),
        },
        schema=CHARGES.source_schema,
    )


def _period_end(start: Ints, plans: Ints) -> Ints:
    yearly = np.array([plan.interval == "year" for plan in pricing.CATALOGUE])[plans]
    months = start.astype("datetime64[s]").astype("datetime64[M]")
    into = start.astype("datetime64[s]") - months
    following = months + np.where(yearly, 12, 1)
    # The same day of the month, or its last where that month is shorter.
    last = (following + 1).astype("datetime64[s]") - following.astype("datetime64[s]") - np.timedelta64(1, "s")
    end: Ints = (following.astype("datetime64[s]") + np.minimum(into, last)).astype(np.int64)
    return end


def _subscriptions(
    rng: np.random.Generator,
    customer_ids: pa.ChunkedArray,
    *,
    plans: Ints,
    seats: Ints,
    created: Ints,
    ended: Ints,
    period_start: Ints,
) -> pa.Table:
    """`ended` is 0 for the active ones."""
    count = len(created)
    cancelled = ended > 0
    ended_at = pa.array(ended * 1_000_000, pa.timestamp("us"), mask=~cancelled)
    return pa.table(
        {
            "id": stripe_ids(rng, "sub_1", 23, count),
            "customer_id": customer_ids,
            "plan_id": choose([plan.id for plan in pricing.CATALOGUE], plans),
            "quantity": seats,
            "status": pa.compute.if_else(pa.array(cancelled), "canceled", "active"),
            "cancel_at_period_end": pa.array((rng.random(count) < 0.02) & ~cancelled),
            "current_period_start": seconds(period_start),
            "current_period_end": seconds(_period_end(period_start, plans)),
            "start_date": seconds(created),
            "canceled_at": ended_at,
            "ended_at": ended_at,
            "livemode": constant(False, count),
            "created": seconds(created),
        },
        schema=SUBSCRIPTIONS.source_schema,
    )


def _replaced(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), values)


def september(seed: int) -> September:
    """September 2025 at Stripe: $412,184 in 1,423 charges, MRR $71,447, 34 of 1,454 subscriptions cancelled.

    The first sync saw the charges at $435,158 and the newest 1,367 subscriptions at MRR $75,846.
    """
    rng = np.random.default_rng([seed, _SEPTEMBER_STREAM])
    # Signed up until three days before the end: what follows a sign-up stays within the month.
    signed_up = np.sort(rng.integers(SEPTEMBER, OCTOBER - 3 * DAY, CUSTOMER_COUNT))
    customers = _customers(rng, signed_up)

    payers = np.where(
        rng.random(CHARGE_COUNT) < 0.7, np.arange(CHARGE_COUNT), rng.integers(0, CUSTOMER_COUNT, CHARGE_COUNT)
    )
    paid_at = signed_up[payers] + rng.integers(60, 2 * DAY, CHARGE_COUNT)
    order = np.argsort(paid_at, kind="stable")
    amounts = summing_to(rng, CHARGE_COUNT, REVENUE_CENTS)
    charges = _charges(rng, customers, payers[order], amounts, paid_at[order])

    subscribers = np.concatenate(
        [np.arange(CUSTOMER_COUNT), rng.integers(0, CUSTOMER_COUNT, SUBSCRIPTION_COUNT - CUSTOMER_COUNT)]
    )
    started = signed_up[subscribers] + rng.integers(30, DAY, SUBSCRIPTION_COUNT)
    order = np.argsort(started, kind="stable")
    subscribers, started = subscribers[order], started[order]
    # The oldest 87 are not re-sent; the cancelled ones are among them.
    resent = np.arange(SUBSCRIPTION_COUNT) >= SUBSCRIPTION_COUNT - RESENT_SUBSCRIPTIONS
    ended = np.zeros(SUBSCRIPTION_COUNT, dtype=np.int64)
    cancelled = np.sort(rng.choice(np.flatnonzero(~resent), CANCELLED_COUNT, replace=False))
    ended[cancelled] = rng.integers(started[cancelled] + DAY, OCTOBER - 1)

    plans, seats = pricing.draw(rng, SUBSCRIPTION_COUNT)
    kept = ~resent & (ended == 0)
    target = MRR_DOLLARS - pricing.mrr(plans[kept], seats[kept])
    seats[resent] = pricing.settle(rng, plans[resent], seats[resent], target)
    subscriptions = _subscriptions(
        rng,
        customers["id"].take(pa.array(subscribers)),
        plans=plans,
        seats=seats,
        created=started,
        ended=ended,
        period_start=started,
    )
    latest = StripeState(charges, customers, subscriptions, pricing.plans_table())
    return September(_as_first_synced(rng, latest, plans, seats, resent), latest)


def _as_first_synced(
    rng: np.random.Generator,
    latest: StripeState,
    plans: Ints,
    seats: Ints,
    resent: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> StripeState:
    """The same objects before their later changes: charges authorised for more, plans and seats not yet
    changed.
    """
    amounts = latest.charges["amount"].to_numpy().copy()
    adjusted = rng.choice(CHARGE_COUNT, 311, replace=False)
    amounts[adjusted] += summing_to(rng, len(adjusted), FIRST_REVENUE_CENTS - REVENUE_CENTS)

    first_plans, first_seats = plans.copy(), seats.copy()
    changed_plan = rng.choice(np.flatnonzero(resent), 48, replace=False)
    first_plans[changed_plan], first_seats[changed_plan] = pricing.draw(rng, len(changed_plan))
    changed = np.union1d(changed_plan, rng.choice(np.flatnonzero(resent), 452, replace=False))
    unchanged = np.setdiff1d(np.flatnonzero(resent), changed)
    target = FIRST_RESENT_MRR_DOLLARS - pricing.mrr(first_plans[unchanged], first_seats[unchanged])
    first_seats[changed] = pricing.settle(rng, first_plans[changed], first_seats[changed], target)
    starts = latest.subscriptions["current_period_start"].cast(pa.int64()).to_numpy() // 1_000_000
    subscriptions = _replaced(
        latest.subscriptions, "plan_id", choose([plan.id for plan in pricing.CATALOGUE], first_plans)
    )
    subscriptions = _replaced(subscriptions, "quantity", pa.array(first_seats))
    subscriptions = _replaced(subscriptions, "current_period_end", seconds(_period_end(starts, first_plans)))

    delinquent = latest.customers["delinquent"].to_numpy().copy()
    delinquent[rng.choice(CUSTOMER_COUNT, 60, replace=False)] ^= True
    return StripeState(
        _replaced(latest.charges, "amount", pa.array(amounts)),
        _replaced(latest.customers, "delinquent", pa.array(delinquent)),
        subscriptions,
        latest.plans,
    )


def history(seed: int, scale: int) -> Iterator[StripeState]:
    """The (scale - 1) blocks of rows before September 2025, in chunks of bounded size.

    Every charge succeeded and was made by a customer of its chunk; every subscription ended before September.
    """
    for chunk, start in enumerate(range(0, scale - 1, _BLOCKS_PER_CHUNK)):
        yield _history_chunk(seed, chunk, min(_BLOCKS_PER_CHUNK, scale - 1 - start))


def _history_chunk(seed: int, chunk: int, blocks: int) -> StripeState:
    rng = np.random.default_rng([seed, _HISTORY_STREAM, chunk])
    count = CUSTOMER_COUNT * blocks
    signed_up = np.sort(rng.integers(HISTORY_FROM, SEPTEMBER - 40 * DAY, count))
    customers = _customers(rng, signed_up)
    payers = rng.integers(0, count, CHARGE_COUNT * blocks)
    paid_at = rng.integers(signed_up[payers] + 60, SEPTEMBER)
    amounts = np.maximum(100, rng.lognormal(np.log(21_000), 0.8, len(payers))).astype(np.int64)
    charges = _charges(rng, customers, payers, amounts, paid_at)

    subscribers = rng.integers(0, count, SUBSCRIPTION_COUNT * blocks)
    started = signed_up[subscribers] + rng.integers(30, DAY, len(subscribers))
    ended = rng.integers(started + DAY, SEPTEMBER)
    plans, seats = pricing.draw(rng, len(subscribers))
    period_start = np.maximum(started, ended - 30 * DAY)
    subscriptions = _subscriptions(
        rng,
        customers["id"].take(pa.array(subscribers)),
        plans=plans,
        seats=seats,
        created=started,
        ended=ended,
        period_start=period_start,
    )
    return StripeState(charges, customers, subscriptions, pricing.plans_table().slice(0, 0))
