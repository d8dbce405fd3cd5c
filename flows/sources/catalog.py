"""The sources that suites reconcile with, by name; started or connected only when a suite asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from expectations.facts import Measure, Source
from flows.sources.errors import SourceError
from gx.errors import SluiceError

if TYPE_CHECKING:
    from flows.sources.stripe import StripeSource

_WINDOW_COLUMN = "created"
"""The one column by which Stripe's lists can be narrowed to a time."""


class StripeFigures:
    """Stripe as a source of figures: measures are read page by page from its API."""

    def __init__(self, stripe: StripeSource) -> None:
        self._stripe = stripe

    def read(self, measure: Measure) -> Decimal | int:
        """The figure as Stripe has it now; amounts in cents.

        Raises:
            SourceError: Stripe did not answer, has no such object or column, or gives no such figure
                (terminal).
        """
        from flows.sources.stripe import StripeMeasure  # noqa: PLC0415 - most checks ask Stripe nothing

        _check_readable(measure)
        return self._stripe.measure(
            StripeMeasure(
                table=measure.table,
                column=measure.column,
                where=measure.where,
                created_from=measure.since,
                created_before=measure.until,
            )
        )


def _check_readable(measure: Measure) -> None:
    """Refuse what would otherwise be read as another figure."""
    problem = None
    if measure.distinct is not None:
        problem = f"it cannot count the distinct values of {measure.distinct!r}"
    elif measure.since_column not in (None, _WINDOW_COLUMN):
        problem = f"it cannot window by {measure.since_column!r}"
    elif measure.since_column is None and (measure.since is not None or measure.until is not None):
        problem = "the window names no column"
    if problem is not None:
        raise SourceError(
            f"the figure of {measure.table} cannot be read at Stripe: {problem}. Stripe's figures are counts of "
            f"objects and sums of a whole-number column, with equality conditions and a window on "
            f"{_WINDOW_COLUMN!r}; ask for one of these, or reconcile with a database",
            source="stripe",
            transient=False,
        )


class SourceCatalog(Mapping[str, Source]):
    """Sources that are made at first use, so that a checkpoint without reconciliation starts none."""

    def __init__(self, makers: Mapping[str, Callable[[], Source]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Source] = {}
        self._failed: dict[str, SluiceError] = {}

    def __getitem__(self, name: str) -> Source:
        if (failure := self._failed.get(name)) is not None:
            raise failure  # it was tried for another expectation of this run, and takes as long to fail again
        if name not in self._made:
            try:
                self._made[name] = self._makers[name]()
            except SluiceError as error:
                self._failed[name] = error
                raise
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
