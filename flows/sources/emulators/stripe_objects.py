"""localstripe's own object classes, filled with the generator's September instead of the moment of
creation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from localstripe import resources

from flows.sources.generator_stripe import StripeState

Row = dict[str, Any]
"""One row of a raw table, by column name."""


def keep_store_in_memory() -> None:
    """Switch off localstripe's pickle of its whole store to one file that all instances share, at every
    write.
    """
    resources.Store.dump_to_disk = lambda _store: None


def _epoch(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp())


class SeededProduct(resources.Product):
    """A product with a chosen id and time of creation."""

    def __init__(self, id: str, name: str, created: int) -> None:  # noqa: A002 - Stripe's name
        resources.StripeObject.__init__(self, id)
        self.created = created
        self.name, self.type, self.active = name, "service", True
        self.caption = self.description = self.url = self.statement_descriptor = self.unit_label = None
        self.attributes: list[str] = []
        self.shippable = True
        self.metadata: dict[str, str] = {}
        self.package_dimensions = None


class SeededPlan(resources.Plan):
    """A plan as the generator has it."""

    def __init__(self, row: Row) -> None:
        resources.StripeObject.__init__(self, row["id"])
        self.created = _epoch(row["created"])
        self.amount, self.currency = row["amount"], row["currency"]
        self.interval, self.interval_count = row["billing_interval"], row["interval_count"]
        self.product, self.nickname, self.active = row["product_id"], row["nickname"], row["active"]
        self.usage_type, self.billing_scheme = "licensed", "per_unit"
        self.trial_period_days = self.tiers = self.tiers_mode = None
        self.metadata: dict[str, str] = {}


class SeededCustomer(resources.Customer):
    """A customer as the generator has it."""

    # localstripe computes the currency from a payment source, and lists the subscriptions by a scan of its
    # whole store for each customer. Stripe itself sends subscriptions only when asked to expand them.
    currency = "usd"
    subscriptions = None

    def __init__(self, row: Row) -> None:
        resources.StripeObject.__init__(self, row["id"])
        self.created = _epoch(row["created"])
        self.metadata: dict[str, str] = {}
        self.invoice_settings = {"default_payment_method": None}
        self.description = self.phone = self.address = self.shipping = None
        self.business_vat_id = self.preferred_locales = self.discount = self.default_source = None
        self.account_balance = 0
        self.sources = resources.List(f"/v1/customers/{self.id}/sources")
        self.tax_ids = resources.List(f"/v1/customers/{self.id}/tax_ids")
        self._change(row)

    def _change(self, row: Row) -> None:
        # Private, because localstripe exports every public attribute.
        self.email, self.name, self.currency = row["email"], row["name"], row["currency"]
        self.delinquent = row["delinquent"]


class SeededCharge(resources.Charge):
    """A charge as the generator has it: paid by a card, captured, not refunded."""

    # localstripe scans its whole store for the refunds of each charge, three times.
    refunds = None
    amount_refunded = 0
    refunded = False

    def __init__(self, row: Row) -> None:
        resources.StripeObject.__init__(self, row["id"])
        self._authorized = True
        self.created = _epoch(row["created"])
        self.customer, self.currency = row["customer_id"], row["currency"]
        self.description, self.receipt_email = row["description"], row["receipt_email"]
        self.balance_transaction = row["balance_transaction_id"]
        self.payment_method = "pm_card_visa"
        self.payment_intent = self.invoice = self.statement_descriptor = self.receipt_number = None
        self.metadata: dict[str, str] = {}
        self._change(row)

    def _change(self, row: Row) -> None:
        # Private, because localstripe exports every public attribute.
        self.amount, self.status, self.captured = row["amount"], row["status"], row["captured"]
        self.failure_code = self.failure_message = row["failure_code"]


class SeededSubscriptionItem(resources.SubscriptionItem):
    """The one item of a subscription, with the billing period that Stripe gives for each item."""

    def __init__(self, subscription: SeededSubscription) -> None:
        resources.StripeObject.__init__(self, subscription.id.replace("sub_", "si_"))
        self.created = subscription.created
        self._subscription = subscription.id
        self.tax_rates: list[object] = []
        self.metadata: dict[str, str] = {}

    def _change(self, row: Row) -> None:
        # Private, because localstripe exports every public attribute.
        self.plan = resources.Plan._api_retrieve(row["plan_id"])
        self.quantity = row["quantity"]
        self.current_period_start = _epoch(row["current_period_start"])
        self.current_period_end = _epoch(row["current_period_end"])

    def _current_period(self) -> dict[str, int | None]:
        return {"start": self.current_period_start, "end": self.current_period_end}


class SeededSubscription(resources.Subscription):
    """A subscription as the generator has it, without the invoice that localstripe would make for it."""

    def __init__(self, row: Row) -> None:
        resources.StripeObject.__init__(self, row["id"])
        self.created, self.start_date = _epoch(row["created"]), _epoch(row["start_date"])
        self.customer = row["customer_id"]
        self.metadata: dict[str, str] = {}
        self.default_tax_rates: list[object] = []
        self.tax_percent = self.application_fee_percent = self.cancel_at = self.discount = None
        self.trial_start = self.trial_end = self.trial_period_days = self.latest_invoice = None
        self.trial_from_plan, self._enable_incomplete_payments = False, True
        self.billing_cycle_anchor = self.start_date
        self.items = resources.List(f"/v1/subscription_items?subscription={self.id}")
        self._item = SeededSubscriptionItem(self)
        self.items._list.append(self._item)
        self._change(row)

    def _change(self, row: Row) -> None:
        # Private, because localstripe exports every public attribute.
        self._item._change(row)
        self.quantity, self.status = row["quantity"], row["status"]
        self.cancel_at_period_end = row["cancel_at_period_end"]
        self.canceled_at, self.ended_at = _epoch(row["canceled_at"]), _epoch(row["ended_at"])


def seed_store(state: StripeState) -> None:
    """Fill localstripe's store, oldest object first."""
    for row in _rows(state.plans):
        if f"product:{row['product_id']}" not in resources.store:
            SeededProduct(row["product_id"], row["nickname"].split(",")[0], _epoch(row["created"]) or 0)
        SeededPlan(row)
    for table, make in (
        (state.customers, SeededCustomer),
        (state.charges, SeededCharge),
        (state.subscriptions, SeededSubscription),
    ):
        for row in _rows(table):
            make(row)


def change_store(state: StripeState) -> None:
    """Bring the seeded objects to another state of the same objects."""
    for kind, table in (
        ("customer", state.customers),
        ("charge", state.charges),
        ("subscription", state.subscriptions),
    ):
        for row in _rows(table):
            resources.store[f"{kind}:{row['id']}"]._change(row)


def _rows(table: pa.Table) -> list[Row]:
    rows: list[Row] = table.to_pylist()
    return rows
