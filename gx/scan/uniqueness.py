"""Uniqueness, of one column or several: proven in the SELECT; counted by a query of its own where it does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from great_expectations.constants import MAX_RESULT_RECORDS
from great_expectations.validator.metric_configuration import MetricConfiguration
from sqlalchemy.sql.elements import ColumnElement

from gx.scan.metrics import Failing, Metric, Needed, OwnSql, sample_limit
from gx.scan.parts import Column, Rows, split, whole
from gx.scan.reading import Reading
from gx.scan.stock import Dependencies
from gx.shown import MOST_ROWS

DUPLICATES = "sluice.duplicates"
"""Our own metric, of which GX's count and sample of duplicates are made."""
_TIMES = "sluice_times"


@dataclass(frozen=True)
class Duplicates:
    """Keys that occur more than once. A row in whose key a value is missing has no key.

    Attributes:
        rows: how many rows have such a key.
        keys: some of the keys, each with the number of its rows.
    """

    rows: int
    keys: Sequence[tuple[tuple[Any, ...], int]]


class DuplicateKeys(OwnSql):
    """The duplicates: none, if the SELECT proves it; otherwise what an exact query finds."""

    has_stock_way = False

    def columns(self, reading: Reading) -> Sequence[Column]:
        """The surplus of rows over hashes of their keys.

        Equal keys have equal hashes: as many hashes as rows proves as many keys as rows. Anything above 0 proves
        nothing, for two keys may share a hash; nor does it where the columns' types let equal keys have other hashes.
        """
        part, rows = self.domain(reading)
        warehouse = reading.engine.warehouse
        hashed = sa.case((whole(part.columns), warehouse.key_hash(part.columns)))
        surplus = sa.func.count(hashed) - sa.func.count(sa.distinct(hashed))
        if (doubt := warehouse.hash_doubt(part.columns)) is not None:
            surplus += sa.func.count(sa.case((doubt, 1)))
        return [Column(surplus, rows, key=tuple(part.columns))]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        if selected[0] == 0:
            return Duplicates(0, ())
        part, rows = self.domain(reading)
        times = sa.func.count().label(_free(_TIMES, part.columns))
        keys = _repeated(part.columns, rows, reading).add_columns(times).subquery()
        query = sa.select(*keys.c, sa.func.sum(keys.c[times.name]).over()).limit(MAX_RESULT_RECORDS)
        found = reading.engine.execute_query(query).all()
        return Duplicates(int(found[0][-1]) if found else 0, [(tuple(row[:-2]), int(row[-2])) for row in found])


class _OfDuplicates(Metric):
    """What GX asks about duplicates."""

    has_stock_way = True

    def needs(self, reading: Reading) -> Dependencies:
        return {DUPLICATES: MetricConfiguration(DUPLICATES, dict(self.configuration.metric_domain_kwargs))}


class DuplicateCount(_OfDuplicates):
    """How many rows have a key that another row has too."""

    def failing(self, reading: Reading) -> Failing:
        part = split(reading.named(self.configuration))
        rows = Rows.of(part.compute)
        key = part.columns[0] if len(part.columns) == 1 else sa.tuple_(*part.columns)
        return Failing(key.in_(_repeated(part.columns, rows, reading).correlate(None)), rows, part.columns)

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return needed[DUPLICATES].rows


class DuplicateSample(_OfDuplicates):
    """Keys that occur more than once, each as often as it does."""

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        keys = sample(needed[DUPLICATES], sample_limit(self.configuration.metric_value_kwargs["result_format"]))
        names = split(self.configuration.metric_domain_kwargs).accessor
        if "column" in names:
            return [value for (value,) in keys]
        return [dict(zip(names["column_list"], key, strict=True)) for key in keys]


def sample(duplicates: Duplicates, limit: int = MOST_ROWS) -> list[tuple[Any, ...]]:
    """Keys that occur more than once, each as often as it does."""
    return [key for key, times in duplicates.keys for _ in range(min(times, limit))][:limit]


def _repeated(key: Sequence[ColumnElement[Any]], rows: Rows, reading: Reading) -> sa.Select[Any]:
    """The keys that occur more than once."""
    source = rows.source(reading.engine)
    return sa.select(*key).select_from(source).where(whole(key)).group_by(*key).having(sa.func.count() > 1)


def _free(label: str, columns: Sequence[ColumnElement[Any]]) -> str:
    """The label, or one like it that none of the columns has for a name."""
    taken = {str(column.key).casefold() for column in columns}
    while label in taken:
        label += "_"
    return label
