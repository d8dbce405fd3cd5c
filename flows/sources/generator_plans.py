"""PetForce's plans, and seats chosen so that they bring in an exact monthly sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from flows.sources.generator_columns import Ints, constant, seconds
from flows.sources.raw_tables import PLANS

PLANS_CREATED = int(np.datetime64("2019-01-07T10:00:00", "s").astype(np.int64))


@dataclass(frozen=True)
class Plan:
    """A price per seat; `amount` in cents per interval, for a year divisible by 12."""

    id: str
    product_id: str
    nickname: str
    amount: int
    interval: str

    @property
    def monthly_dollars(self) -> int:
        """What one seat adds to MRR, in whole dollars."""
        return self.amount // 100 if self.interval == "month" else self.amount // 1200


CATALOGUE = (
    Plan("plan_starter_monthly", "prod_starter", "Starter, monthly", 900, "month"),
    Plan("plan_starter_yearly", "prod_starter", "Starter, yearly", 9_600, "year"),
    Plan("plan_family_monthly", "prod_family", "Family, monthly", 1_900, "month"),
    Plan("plan_family_yearly", "prod_family", "Family, yearly", 19_200, "year"),
    Plan("plan_breeder_monthly", "prod_breeder", "Breeder, monthly", 4_900, "month"),
    Plan("plan_breeder_yearly", "prod_breeder", "Breeder, yearly", 49_200, "year"),
    Plan("plan_clinic_monthly", "prod_clinic", "Clinic, monthly", 9_900, "month"),
    Plan("plan_clinic_yearly", "prod_clinic", "Clinic, yearly", 99_600, "year"),
)
SHARE = np.array([0.30, 0.12, 0.22, 0.12, 0.11, 0.06, 0.05, 0.02])
MONTHLY = np.array([plan.monthly_dollars for plan in CATALOGUE], dtype=np.int64)
NINE_DOLLARS, EIGHT_DOLLARS = 0, 1

# Any whole number from (9 - 1) x (8 - 1) on is a sum of nines and eights (Frobenius), so this much is
# always payable.
_PAYABLE = 56


def plans_table() -> pa.Table:
    """The plans as raw has them."""
    count = len(CATALOGUE)
    return pa.table(
        {
            "id": [plan.id for plan in CATALOGUE],
            "product_id": [plan.product_id for plan in CATALOGUE],
            "nickname": [plan.nickname for plan in CATALOGUE],
            "amount": [plan.amount for plan in CATALOGUE],
            "currency": constant("usd", count),
            "billing_interval": [plan.interval for plan in CATALOGUE],
            "interval_count": constant(1, count),
            "active": constant(True, count),
            "livemode": constant(False, count),
            "created": seconds(np.full(count, PLANS_CREATED, dtype=np.int64)),
        },
        schema=PLANS.source_schema,
    )


def draw(rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """A plan (its place in the catalogue) and seats (1 and up) for each of `count` subscriptions."""
    plans = rng.choice(len(CATALOGUE), size=count, p=SHARE).astype(np.int64)
    return plans, np.minimum(rng.geometric(0.55, count), 12).astype(np.int64)


def mrr(plans: Ints, seats: Ints) -> int:
    """Monthly recurring revenue, in whole dollars."""
    return int((MONTHLY[plans] * seats).sum())


def settle(rng: np.random.Generator, plans: Ints, seats: Ints, target: int) -> Ints:
    """The seats, changed here and there, so that they bring in exactly `target` dollars a month.

    Raises:
        ValueError: the plans hold no nine- or no eight-dollar one, or the target is out of reach.
    """
    seats = seats.copy()
    nines, eights = np.flatnonzero(plans == NINE_DOLLARS), np.flatnonzero(plans == EIGHT_DOLLARS)
    if not len(nines) or not len(eights):
        raise ValueError("an exact sum needs at least one subscription on a nine- and one on an eight-dollar plan")
    while (short := target - mrr(plans, seats)) < _PAYABLE:
        many = np.flatnonzero(seats > 1)
        if not len(many):
            raise ValueError(f"one seat each already brings in {mrr(plans, seats)}, over the {target} asked for")
        # The dearest seats first: few steps even when far over.
        seats[many[np.argmax(MONTHLY[plans[many]] * seats[many])]] -= 1
    prices = MONTHLY[plans]
    while short - int(prices.max()) >= _PAYABLE:
        for index in rng.permutation(len(plans)):
            if short - int(prices[index]) < _PAYABLE:
                break
            seats[index] += 1
            short -= int(prices[index])
    more_nines = short % 8
    more_eights = (short - 9 * more_nines) // 8
    np.add.at(seats, nines[np.arange(more_nines) % len(nines)], 1)
    np.add.at(seats, eights[np.arange(more_eights) % len(eights)], 1)
    return seats
