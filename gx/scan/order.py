"""Metrics of the order of a column's values: exact, and in the SELECT like the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gx.scan.metrics import Metric, Needed
from gx.scan.parts import Column, Rows, split
from gx.scan.reading import Reading
from gx.scan.stock import Dependencies


class Quantiles(Metric):
    """Exact quantiles, each the value of a row."""

    has_stock_way = True

    def needs(self, reading: Reading) -> Dependencies:
        return {}

    def columns(self, reading: Reading) -> Sequence[Column]:
        part = split(reading.named(self.configuration))
        # GX rounds for Snowflake, which takes ten decimals.
        quantiles = [round(quantile, 10) for quantile in self.configuration.metric_value_kwargs["quantiles"]]
        (column,) = part.columns
        rows = Rows.of(part.compute)
        return [Column(sa.func.percentile_disc(q).within_group(column.asc()), rows) for q in quantiles]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return list(selected)


class Median(Metric):
    """The middle value, or the mean of the two in the middle."""

    has_stock_way = True

    def needs(self, reading: Reading) -> Dependencies:
        return {}

    def columns(self, reading: Reading) -> Sequence[Column]:
        part = split(reading.named(self.configuration))
        (column,) = part.columns
        rows = Rows.of(part.compute)
        middle = sa.func.percentile_disc(0.5)
        return [
            Column(sa.func.count(column), rows),
            Column(middle.within_group(column.asc()), rows),
            Column(middle.within_group(column.desc()), rows),
        ]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        count, lower, upper = selected
        if not count:
            return None
        return lower if count % 2 else float(lower + upper) / 2.0
