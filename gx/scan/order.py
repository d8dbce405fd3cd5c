"""Metrics of the order of a column's values: exact, and in the SELECT like the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gx.scan.metrics import Needed, OwnSql
from gx.scan.parts import Column
from gx.scan.reading import Reading


class Quantiles(OwnSql):
    """Exact quantiles, each the value of a row."""

    def columns(self, reading: Reading) -> Sequence[Column]:
        part, rows = self.domain(reading)
        # GX rounds for Snowflake, which takes ten decimals.
        quantiles = [round(quantile, 10) for quantile in self.configuration.metric_value_kwargs["quantiles"]]
        (column,) = part.columns
        return [Column(sa.func.percentile_disc(q).within_group(column.asc()), rows) for q in quantiles]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return list(selected)


class Median(OwnSql):
    """The middle value, or the mean of the two in the middle."""

    def columns(self, reading: Reading) -> Sequence[Column]:
        part, rows = self.domain(reading)
        (column,) = part.columns
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
