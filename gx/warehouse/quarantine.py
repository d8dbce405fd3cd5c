"""The table of the rows that failed: their keys, in ``data_quality.quarantine_<schema>__<table>``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema
from sqlalchemy.sql.elements import ColumnElement, quoted_name

from gx.warehouse.base import Warehouse
from gx.warehouse.ddl import CreateTableAs
from gx.warehouse.table import CatalogTable

SCHEMA = "data_quality"
_OWN: dict[str, sa.types.TypeEngine[Any]] = {
    "suite": sa.String(),
    "expectation": sa.String(),
    "ingest_id": sa.String(),
    "run_id": sa.String(),
    "quarantined_at": sa.DateTime(),
    "left_out": sa.Boolean(),
    "of_last_check": sa.Boolean(),
}
OWN_COLUMNS = tuple(_OWN)
"""What a key may not be called."""
_PREFIX = "quarantine_"
_PLAIN = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_LONGEST = 63
"""Characters of a name, on PostgreSQL."""
_WHOLE = -1
"""Stands, in a row of counts, where others have how many rows an expectation failed."""


@dataclass(frozen=True)
class Check:
    """The check of a suite that finds rows which fail."""

    suite: str
    ingest_id: str
    run_id: str
    now: datetime


Ask = Callable[[Any], Any]
"""Sends a statement."""


def quarantine_name(place: Sequence[str]) -> str:
    """The name of a table's quarantine; no two tables have the same.

    The dbt macro ``quarantine_name`` has to come to the same.

    Args:
        place: schema and table, as the warehouse spells them; the database before them where it is another.
    """
    name = _PREFIX + "__".join(place)
    if all(_PLAIN.fullmatch(part) for part in place) and len(name) <= _LONGEST:
        return name
    whole = ".".join('"' + part.replace('"', '""') + '"' for part in place)
    told = re.sub(r"[^a-z0-9]+", "_", "_".join(place).lower())[:33]
    return f"{_PREFIX}{told}___{md5(whole.encode(), usedforsecurity=False).hexdigest()[:16]}"


@dataclass(frozen=True)
class Failures:
    """The rows that fail an expectation.

    Attributes:
        condition: true of them.
        source: what it is asked of.
        count: how many a scan has found.
    """

    expectation: str
    condition: ColumnElement[bool]
    source: Any
    count: int


@dataclass(frozen=True)
class Kept:
    """What of a table is quarantined.

    Attributes:
        rows: its rows with a key that failed.
        total: all its rows.
        unkeyed: rows that fail and have no whole key, so that no load can leave them out.
        changed: whether other rows fail by now than were counted.
    """

    rows: int
    total: int
    unkeyed: int
    changed: bool


class QuarantineTable:
    """The quarantine of one table."""

    def __init__(self, name: str, table: CatalogTable, keys: Sequence[str]) -> None:
        """Nothing is sent yet.

        Args:
            name: its name.
            table: whose rows it names.
            keys: what names a row, as a suite spells it.
        """
        found = (table.column(key) for key in keys)
        spelled = [column.name if column else key for column, key in zip(found, keys, strict=True)]
        self._keys = [quoted_name(key, quote=True) for key in dict.fromkeys(spelled)]
        own = (sa.column(column, kind) for column, kind in _OWN.items())
        self._source = sa.table(table.quoted_table, *self._columns(), schema=table.quoted_schema)
        self.table = sa.table(name, *self._columns(), *own, schema=SCHEMA)

    def _columns(self) -> list[sa.ColumnClause[Any]]:
        return [sa.column(key) for key in self._keys]

    def make(self, warehouse: Warehouse) -> None:
        """Make it, with the keys' own types.

        Raises:
            SQLAlchemyError: the warehouse refused.
        """
        # Refused also where the schema is there and only a database's owner may make one: what follows tells.
        with suppress(SQLAlchemyError), warehouse.connect() as connection:
            connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
        nothing = (sa.cast(sa.null(), kind).label(column) for column, kind in _OWN.items())
        keys = (self._source.c[key] for key in self._keys)
        with warehouse.connect() as connection:
            connection.execute(CreateTableAs(self.table, sa.select(*keys, *nothing).where(sa.literal_column("1 = 0"))))

    def clear(self, ask: Ask, check: Check, before: datetime) -> None:
        """Forget what the suite has on record of the ingest, and what is older; the rest is not of the last check."""
        column = self.table.c
        gone = sa.or_(column.ingest_id == check.ingest_id, column.quarantined_at < before)
        ask(sa.delete(self.table).where(column.suite == check.suite, gone))
        ask(sa.update(self.table).where(column.suite == check.suite, column.of_last_check).values(of_last_check=False))

    def fill(self, ask: Ask, check: Check, failures: Sequence[Failures]) -> Kept:
        """Put the failing rows' keys on record, and count what that comes to."""
        keys = self._columns()
        named, counts = [], [self._count(check)]
        for failing in failures:
            given = check.suite, failing.expectation, check.ingest_id, check.run_id, check.now, False, True
            own = (sa.cast(sa.literal(value, kind), kind) for value, kind in zip(given, _OWN.values(), strict=True))
            rows = sa.select(*keys, *own).select_from(failing.source)
            named.append(rows.where(failing.condition, *(key.is_not(None) for key in keys)).distinct())
            unkeyed = sa.case((sa.or_(*(key.is_(None) for key in keys)), 1))
            counts.append(
                sa.select(sa.literal(failing.count), sa.func.count(), sa.func.count(unkeyed))
                .select_from(failing.source)
                .where(failing.condition)
            )
        ask(sa.insert(self.table).from_select([column.name for column in self.table.c], sa.union_all(*named)))
        counted = [tuple(map(int, row)) for row in ask(sa.union_all(*counts)).all()]
        ((_, total, rows_named),) = (row for row in counted if row[0] == _WHOLE)
        others = [row for row in counted if row[0] != _WHOLE]
        return Kept(
            rows=rows_named,
            total=total,
            unkeyed=max(unkeyed for _, _, unkeyed in others),
            changed=len(others) != len(failures) or any(expected != seen for expected, seen, _ in others),
        )

    def _count(self, check: Check) -> sa.Select[Any]:
        """How many rows there are, and how many of them are on record here or left out for another suite."""
        rows = self._source.alias("kept")
        same = (self.table.c[key] == rows.c[key] for key in self._keys)
        column = self.table.c
        ours = sa.and_(column.ingest_id == check.ingest_id, sa.or_(column.suite == check.suite, column.left_out))
        known = sa.select(sa.literal(1)).select_from(self.table).where(ours, *same)
        return sa.select(
            sa.literal(_WHOLE),
            sa.select(sa.func.count()).select_from(self._source).scalar_subquery(),
            sa.select(sa.func.count()).select_from(rows).where(known.correlate(rows).exists()).scalar_subquery(),
        )

    def leave_out(self, ask: Ask, check: Check) -> None:
        """Let the loads of the ingest leave out what the check has put on record."""
        column = self.table.c
        ours = column.suite == check.suite, column.ingest_id == check.ingest_id
        ask(sa.update(self.table).where(*ours).values(left_out=True))
