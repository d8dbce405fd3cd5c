"""Stripe's API through its official client: pages of objects for raw, and measures to reconcile with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import stripe
from pydantic import SecretStr

from flows.sources.errors import IngestError, SourceError, without_secret
from flows.sources.raw_tables import STRIPE_TABLES, SUBSCRIPTIONS, RawTable
from flows.sources.stripe_rows import as_batch

_PAGE = 100
"""The most objects that Stripe sends in one page."""
_TIMEOUT_SECONDS = 30.0
_RETRIES = 2


@dataclass(frozen=True)
class StripeMeasure:
    """One number at Stripe: a count of objects, or the sum of one of their whole-number columns.

    Attributes:
        table: `charges`, `customers`, `subscriptions` or `plans`.
        column: what to sum, by its name in raw; None counts the objects.
        where: equality filters by the column's name in raw, for example `{"status": "succeeded"}`.
        created_from: only objects created then or later (UTC without a zone).
        created_before: only objects created before.
    """

    table: str
    column: str | None = None
    where: Mapping[str, str | int | bool] = field(default_factory=dict)
    created_from: datetime | None = None
    created_before: datetime | None = None


class StripeSource:
    """Reads Stripe's lists page by page; memory holds one page."""

    def __init__(
        self,
        api_key: SecretStr,
        *,
        api_base: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        retries: int = _RETRIES,
    ) -> None:
        """Make a source; nothing is sent yet.

        Args:
            api_key: a secret or restricted key that may read the four objects.
            api_base: the API's address when it is not Stripe's own.
            timeout_seconds: how long to wait for a connection, and for an answer.
            retries: how often the client itself repeats a failed request, with growing pauses.
        """
        self._api_key = api_key
        self._api_base = api_base or stripe.DEFAULT_API_BASE
        self._timeout_seconds = timeout_seconds
        self._client = stripe.StripeClient(
            api_key.get_secret_value(),
            base_addresses={"api": self._api_base},
            http_client=stripe.RequestsClient(timeout=timeout_seconds),
            max_network_retries=retries,
        )

    def impatient(self, timeout_seconds: float) -> StripeSource:
        """The same source that gives up sooner and does not repeat."""
        return StripeSource(self._api_key, api_base=self._api_base, timeout_seconds=timeout_seconds, retries=0)

    def batches(
        self,
        table: RawTable,
        *,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        newest: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The objects of a list as batches of at most 100 rows, newest first.

        Args:
            table: one of `STRIPE_TABLES`.
            created_from: only objects created then or later (UTC without a zone).
            created_before: only objects created before.
            newest: only so many, the newest.

        Raises:
            IngestError: Stripe did not answer, or refused; `transient` tells which.
        """
        window = {
            name: int(moment.replace(tzinfo=UTC).timestamp())
            for name, moment in (("gte", created_from), ("lt", created_before))
            if moment is not None
        }
        params: dict[str, Any] = {"limit": _PAGE}
        if window:
            params["created"] = window
        if table is SUBSCRIPTIONS:
            # By default Stripe leaves the cancelled ones out.
            params["status"] = "all"
        left = newest
        while left is None or left > 0:
            if left is not None:
                params["limit"] = min(_PAGE, left)
            with self._errors_of(f"list {table.name}"):
                # As JSON: the client's typed objects take five times as long and are turned back at once.
                page = self._client.raw_request("get", f"/v1/{table.name}", **params).data
            objects = page["data"]
            if objects:
                yield as_batch(table, objects)
                params["starting_after"] = objects[-1]["id"]
            if not page["has_more"] or not objects:
                return
            left = None if left is None else left - len(objects)

    def measure(self, measure: StripeMeasure) -> int:
        """Read one number; an amount is in cents.

        Raises:
            SourceError: the measure names what there is not, or Stripe did not answer.
        """
        table = _table(measure)
        total = 0
        for batch in self.batches(table, created_from=measure.created_from, created_before=measure.created_before):
            for name, value in measure.where.items():
                column = batch.column(name)
                batch = batch.filter(pc.equal(column, pa.scalar(value, column.type)))  # noqa: PLW2901
            if measure.column is None:
                total += batch.num_rows
            else:
                total += pc.sum(batch.column(measure.column)).as_py() or 0
        return total

    @contextmanager
    def _errors_of(self, what: str) -> Iterator[None]:
        try:
            yield
        except stripe.StripeError as error:
            reason, transient = self._reason(error)
            raise IngestError(
                f"Stripe at {self._api_base} did not {what}: {reason}", source="stripe", transient=transient
            ) from None

    def _reason(self, error: stripe.StripeError) -> tuple[str, bool]:
        text = without_secret(error.user_message or str(error), self._api_key.get_secret_value()).strip()
        lines = text.splitlines() or [type(error).__name__]
        # For a network error the client's last line has the cause, the others are advice.
        first_line = lines[-1] if isinstance(error, stripe.APIConnectionError) else lines[0]
        match error:
            case stripe.AuthenticationError():
                return f"it refused the API key ({first_line}); check SLUICE_STRIPE_API_KEY", False
            case stripe.PermissionError():
                return f"the API key may not read this ({first_line}); give it read access", False
            case stripe.RateLimitError():
                return f"too many requests ({first_line})", True
            case stripe.APIConnectionError():
                return f"no connection, or no answer within {self._timeout_seconds:g} s: {first_line}", True
            case stripe.APIError():
                return f"its server failed ({first_line})", True
            case _:
                return first_line, False


def _table(measure: StripeMeasure) -> RawTable:
    tables = {table.name: table for table in STRIPE_TABLES}
    if (table := tables.get(measure.table)) is None:
        raise _wrong(f"there is no table {measure.table!r} at Stripe; there are {', '.join(tables)}")
    names = table.source_schema.names
    if unknown := [name for name in (*measure.where, *filter(None, (measure.column,))) if name not in names]:
        raise _wrong(f"{table.name} has no column {unknown[0]!r}; it has {', '.join(names)}")
    numbers = [column.name for column in table.source_schema if column.type == pa.int64()]
    if measure.column is not None and measure.column not in numbers:
        raise _wrong(f"{table.name}.{measure.column} cannot be summed; {', '.join(numbers) or 'nothing'} can")
    return table


def _wrong(message: str) -> SourceError:
    return SourceError(message, source="stripe", transient=False)
