"""What is checked: the same checks for every tool, each of which words them its own way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a check demands; bounds are inclusive."""

    UNIQUE = "unique"
    NOT_NULL = "not_null"
    IN_SET = "in_set"
    BETWEEN = "between"
    LENGTH = "length"
    ROW_COUNT = "row_count"
    SUM = "sum"
    MEAN = "mean"


class Data(StrEnum):
    """Which rows are wrong in the data."""

    CLEAN = "clean"
    VALUES = "values"
    """0.1 % of the values in three columns, none of which has to be unique."""
    DUPLICATES = "duplicates"
    """The same, and 0.1 % of the rows repeat a charge_id."""


@dataclass(frozen=True)
class Check:
    """One check on one table.

    Attributes:
        column: None for a check on the table itself.
        low: lower bound, or None for none.
        high: upper bound, or None for none.
        values: what IN_SET accepts.
        fails_in: the data in which it does not hold.
    """

    kind: Kind
    column: str | None = None
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()
    fails_in: tuple[Data, ...] = ()


_ANY_FAULT = (Data.VALUES, Data.DUPLICATES)

CURRENCIES = ("usd", "eur", "gbp", "jpy", "chf")
STATUSES = ("succeeded", "pending", "failed")
CATEGORIES = {
    "payment_method": ("card", "sepa_debit", "ach", "wallet"),
    "card_brand": ("visa", "mastercard", "amex"),
    "country": ("US", "DE", "GB", "FR", "JP", "CH"),
    "channel": ("web", "app", "api"),
    "plan": ("free", "pro", "team", "enterprise"),
    "risk_level": ("normal", "elevated", "highest"),
    "gateway": ("stripe", "adyen"),
}
NUMBERS = {
    # column: the largest value the data holds; the smallest is 0, and -1 where amounts are wrong
    "amount_cents": 99_999,
    "fee_cents": 2_999,
    "tax_cents": 18_999,
    "refunded_cents": 499,
    "attempts": 4,
    "risk_score": 99,
    "items": 19,
    "latency_ms": 1_499,
}
LENGTHS = {"charge_id": 27, "customer_id": 18, "invoice_id": 18, "payment_id": 18, "card_last4": 4, "statement": 12}
COLUMNS = (
    *LENGTHS,
    *NUMBERS,
    "currency",
    "status",
    *CATEGORIES,
    "created",
    "synced",
)


def checks(count: int, rows: int) -> tuple[Check, ...]:
    """The suite of 1, 12 or 100 checks for a table of so many rows; a larger one holds the smaller ones.

    Raises:
        KeyError: there is no suite of that many.
    """
    customer = Check(Kind.NOT_NULL, "customer_id", fails_in=_ANY_FAULT)
    twelve = (
        customer,
        Check(Kind.UNIQUE, "charge_id", fails_in=(Data.DUPLICATES,)),
        *(Check(Kind.NOT_NULL, column) for column in ("charge_id", "amount_cents", "currency", "status", "created")),
        Check(Kind.IN_SET, "currency", values=CURRENCIES, fails_in=_ANY_FAULT),
        Check(Kind.IN_SET, "status", values=STATUSES),
        Check(Kind.BETWEEN, "amount_cents", low=0, high=100_000, fails_in=_ANY_FAULT),
        Check(Kind.ROW_COUNT, low=rows, high=rows),
        Check(Kind.SUM, "amount_cents", low=rows),
    )
    return {1: (customer,), 12: twelve, 100: (*twelve, *_further(rows))}[count]


def _further(rows: int) -> list[Check]:
    """The 88 that make twelve a hundred, over all the columns."""
    in_twelve = {"customer_id", "charge_id", "amount_cents", "currency", "status", "created"}
    found = [Check(Kind.NOT_NULL, column) for column in COLUMNS if column not in in_twelve]
    found += [Check(Kind.IN_SET, column, values=values) for column, values in CATEGORIES.items()]
    found += [Check(Kind.LENGTH, column, low=length, high=length) for column, length in LENGTHS.items()]
    for column, largest in NUMBERS.items():
        found += [
            Check(Kind.BETWEEN, column, low=-1, high=largest),
            Check(Kind.BETWEEN, column, low=-2),
            Check(Kind.BETWEEN, column, high=largest + 1),
            Check(Kind.BETWEEN, column, low=-10, high=largest + 10),
            Check(Kind.MEAN, column, low=0),
            Check(Kind.MEAN, column, high=largest),
            Check(Kind.SUM, column, high=rows * largest),
        ]
    return found


def failing(suite: tuple[Check, ...], data: Data) -> int:
    """How many of the checks do not hold in that data: what every tool has to find."""
    return sum(1 for check in suite if data in check.fails_in)
