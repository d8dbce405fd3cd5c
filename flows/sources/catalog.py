"""The sources that suites reconcile with, by name; started or connected only when a suite asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from expectations.facts import Measure, Source
from flows.sources.stripe import StripeMeasure, StripeSource


class StripeFigures:
    """Stripe as a source of figures: measures are read page by page from its API."""

    def __init__(self, stripe: StripeSource) -> None:
        self._stripe = stripe

    def read(self, measure: Measure) -> Decimal | int:
        """The figure as Stripe has it now; amounts in cents.

        Raises:
            SourceError: Stripe did not answer, or has no such object or column.
        """
        windowed = measure.since_column == "created"
        return self._stripe.measure(
            StripeMeasure(
                table=measure.table,
                column=measure.column,
                where=measure.where,
                created_from=measure.since if windowed else None,
                created_before=measure.until if windowed else None,
            )
        )


class SourceCatalog(Mapping[str, Source]):
    """Sources that are made at first use, so that a checkpoint without reconciliation starts none."""

    def __init__(self, makers: Mapping[str, Callable[[], Source]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Source] = {}

    def __getitem__(self, name: str) -> Source:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
