"""Stripe's objects as rows of raw, in Fivetran's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from flows.sources.raw_tables import CHARGES, CUSTOMERS, PLANS, SUBSCRIPTIONS, RawTable

StripeJson = dict[str, Any]
"""One object of the API, as its JSON."""
Row = dict[str, Any]
"""One row of raw, by column."""


def _moment(epoch: int | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None)


def _id(reference: str | StripeJson | None) -> str | None:
    """The id of an object that Stripe sends as its id, or whole when it was expanded."""
    return reference["id"] if isinstance(reference, dict) else reference


def _charge(given: StripeJson) -> Row:
    return {
        "id": given["id"],
        "amount": given["amount"],
        "amount_refunded": given["amount_refunded"],
        "currency": given["currency"],
        "customer_id": _id(given.get("customer")),
        "description": given.get("description"),
        "status": given["status"],
        "paid": given["paid"],
        "captured": given["captured"],
        "refunded": given["refunded"],
        "livemode": given["livemode"],
        "receipt_email": given.get("receipt_email"),
        "balance_transaction_id": _id(given.get("balance_transaction")),
        "failure_code": given.get("failure_code"),
        "created": _moment(given["created"]),
    }


def _customer(given: StripeJson) -> Row:
    return {
        "id": given["id"],
        "email": given.get("email"),
        "name": given.get("name"),
        "currency": given.get("currency"),
        "delinquent": given.get("delinquent"),
        "livemode": given["livemode"],
        "created": _moment(given["created"]),
    }


def _subscription(given: StripeJson) -> Row:
    # From API version 2025-03-31 on, period, plan and quantity are the item's; before, the subscription's
    # too.
    items = (given.get("items") or {}).get("data") or [{}]
    item = items[0]
    plan = item.get("plan") or item.get("price") or given.get("plan")
    return {
        "id": given["id"],
        "customer_id": _id(given.get("customer")),
        "plan_id": _id(plan),
        "quantity": item.get("quantity", given.get("quantity")),
        "status": given["status"],
        "cancel_at_period_end": given["cancel_at_period_end"],
        "current_period_start": _moment(item.get("current_period_start", given.get("current_period_start"))),
        "current_period_end": _moment(item.get("current_period_end", given.get("current_period_end"))),
        "start_date": _moment(given["start_date"]),
        "canceled_at": _moment(given.get("canceled_at")),
        "ended_at": _moment(given.get("ended_at")),
        "livemode": given["livemode"],
        "created": _moment(given["created"]),
    }


def _plan(given: StripeJson) -> Row:
    return {
        "id": given["id"],
        "product_id": _id(given.get("product")),
        "nickname": given.get("nickname"),
        "amount": given.get("amount"),
        "currency": given["currency"],
        "billing_interval": given["interval"],
        "interval_count": given["interval_count"],
        "active": given["active"],
        "livemode": given["livemode"],
        "created": _moment(given["created"]),
    }


_ROW_OF: dict[str, Callable[[StripeJson], Row]] = {
    CHARGES.name: _charge,
    CUSTOMERS.name: _customer,
    SUBSCRIPTIONS.name: _subscription,
    PLANS.name: _plan,
}


def as_batch(table: RawTable, objects: Iterable[StripeJson]) -> pa.RecordBatch:
    """The objects as one batch of the table's source columns."""
    row_of = _ROW_OF[table.name]
    return pa.RecordBatch.from_pylist([row_of(given) for given in objects], schema=table.source_schema)
