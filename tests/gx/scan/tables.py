"""Tables of every kind that a warehouse may hold, for Hypothesis to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from sqlalchemy.engine import Connection

SCHEMA = "kinds"
TABLE = "held"
OTHER_TABLE = "other"


@dataclass(frozen=True)
class Kind:
    """A type, some of its values as text that DuckDB casts, and arguments that an expectation may have for it."""

    type: str
    values: tuple[str, ...]
    arguments: tuple[Any, ...]


_WHOLE = ("0", "1", "2", "3", "-1", "7")
_TEXTS = ("", " ", "a", "A", "b", "\u00e4", "a\u0308", "日本", "\x01", "\t", "a\nb", "%", "_", "C%05", "NULL", "1",
          "1.5", "it's", '"', "nan", "\\", "2025-01-02", "😀")  # fmt: skip
_MOMENTS = ("2025-01-01 00:00:00", "2025-01-02 12:30:00.123456", "1969-12-31 23:59:59", "0001-01-01 00:00:00",
            "9999-12-31 23:59:59", "2025-03-30 02:30:00")  # fmt: skip

KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        Kind("INTEGER", _WHOLE, (0, 1, 2, -1, 1.5)),
        Kind("BIGINT", (*_WHOLE, str(2**53), str(2**53 + 1), str(2**63 - 1), str(-(2**63))), (0, 1, 2**53 + 1, 2**63)),
        Kind("UBIGINT", ("0", "1", str(2**64 - 1)), (0, 1, 2**64)),
        Kind("HUGEINT", (*_WHOLE, str(2**63), str(2**64 + 1), str(10**37), str(-(10**37))), (0, 2, 2**63, 10**37)),
        Kind("DOUBLE", ("0.0", "-0.0", "1.0", "2.5", "-1.5", "nan", "-nan", "inf", "-inf", "1e308", "0.1"),
             (0, 1, 2.5, -1.5, float("inf"), float("nan"), 0.0)),
        Kind("FLOAT", ("0.0", "-0.0", "1.0", "2.5", "nan", "inf", "0.1"), (0, 1, 0.1, 2.5)),
        Kind("DECIMAL(18,2)", ("0.00", "1.10", "-5.25", "9999999999999999.99", "2.00", "1.11"),
             (0, 1.1, Decimal("1.10"), 2)),
        Kind("DECIMAL(38,10)", ("0", "0.0000000001", "1234567890123456789012345678.0123456789", "-1"), (0, 1e-10, 1)),
        Kind("VARCHAR", _TEXTS, ("a", "A", "", "ä", "日本", "1", 1)),
        Kind("BOOLEAN", ("true", "false"), (True, False, 1)),
        Kind("DATE", ("2025-01-01", "2025-01-02", "1969-12-31", "0001-01-01", "9999-12-31"),
             (date(2025, 1, 1), date(2025, 1, 2), "2025-01-02", datetime(2025, 1, 1, 12))),  # noqa: DTZ001
        Kind("TIMESTAMP", _MOMENTS, (datetime(2025, 1, 1), datetime(2025, 1, 2, 12, 30), "2025-01-02 12:30:00",  # noqa: DTZ001
                                     datetime(2025, 1, 1, tzinfo=UTC))),
        Kind("TIMESTAMPTZ", tuple(f"{moment}+00" for moment in _MOMENTS[:3] + _MOMENTS[5:]),
             (datetime(2025, 1, 1), datetime(2025, 1, 1, tzinfo=UTC), "2025-01-02 12:30:00+02:00")),  # noqa: DTZ001
        Kind("TIME", ("00:00:00", "12:30:00", "23:59:59.5"), ("12:30:00",)),
        Kind("UUID", ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-0000000000ff"),
             ("00000000-0000-0000-0000-000000000001",)),
        Kind("BLOB", ("", "a", "\\xFF\\x00"), ("a",)),
    )
}  # fmt: skip
COMMON = ("INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(18,2)", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP",
          "TIMESTAMPTZ")  # fmt: skip

# Reserved words, odd characters, the table's own name, and names that sluice or GX gives to columns of its own.
NAMES = ("id", "Mixed", "UPPER", "select", "order by", 'a"b', "dot.ted", "it's", "größe", TABLE, "times", "sluice_0",
         "sluice_times", "rowid", "_num_rows", "unexpected_values", "count", "a:b", "100%", "(x)", "%(p)s", "anon_1",
         "p'; drop", "column", " lead", "batch_id", "日本", "a\u0308")  # fmt: skip


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind


@dataclass(frozen=True)
class Table:
    """A table and all its rows; each cell is text that DuckDB casts, or None for NULL."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def create(self, connection: Connection) -> None:
        """Make it, in place of the one before."""
        prepare = connection.dialect.identifier_preparer
        name = f"{prepare.quote(SCHEMA)}.{prepare.quote(TABLE)}"
        columns = ", ".join(f"{_quoted(column.name)} {column.kind.type}" for column in self.columns)
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE {name} ({columns})")
        if self.rows:
            row = "(" + ", ".join(f"CAST(? AS {column.kind.type})" for column in self.columns) + ")"
            cells = tuple(cell for cells in self.rows for cell in cells)
            connection.exec_driver_sql(f"INSERT INTO {name} VALUES {', '.join([row] * len(self.rows))}", cells)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of few columns and rows, its values from few, so that they often occur twice."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique_by=str.casefold))
    types = st.one_of(st.sampled_from(COMMON), st.sampled_from(sorted(KINDS)), st.sampled_from(("VARCHAR", "DOUBLE")))
    columns = tuple(Column(name, KINDS[draw(types)]) for name in names)
    rows = draw(st.lists(st.tuples(*(_cells(column.kind) for column in columns)), max_size=8))
    return Table(columns, tuple(rows) * draw(st.sampled_from((1, 1, 1, 1, 4))))


def _cells(kind: Kind) -> st.SearchStrategy[str | None]:
    return st.one_of(st.sampled_from(kind.values), st.sampled_from((*kind.values[:3], None)))
