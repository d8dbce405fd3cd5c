"""What a warehouse holds, read past sluice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

FIGURES = "charges, revenue_dollars, mrr_dollars, new_customers, lifetime_value_dollars"
TRUE_FIGURES = (1423, 412_184, 71_447, 1423, 2_147)
"""September 2025 at Stripe, as the requirements document tells it."""
FAULTY_FIGURES = (2846, 847_342, 147_293, 2847, 4_293)
"""What the dashboard showed after the faulty sync."""

PUBLISHED = ("intermediate", "marts", "dashboards")
"""The schemas that a closed gate keeps as they were."""


def duckdb_url(file: Path) -> sa.URL:
    return sa.make_url(f"duckdb:///{file}")


class Tables:
    """The tables of a warehouse; nothing stays open between two questions."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url

    @classmethod
    def of_file(cls, file: Path) -> Tables:
        return cls(duckdb_url(file))

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connected() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def value(self, query: str) -> Any:
        ((found,),) = self.rows(query)
        return found

    def change(self, *statements: str) -> None:
        with self._connected() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def figures(self) -> tuple[Any, ...]:
        """The one row of the executive dashboard."""
        (row,) = self.rows(f"select {FIGURES} from dashboards.executive_summary")
        return row

    def names(self, *schemas: str) -> set[str]:
        """``schema.table`` of each table, of all schemas or of these."""
        found = self.rows("select table_schema, table_name from information_schema.tables")
        return {f"{schema}.{table}" for schema, table in found if not schemas or schema in schemas}

    def contents(self, *schemas: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table in these schemas, in a fixed order."""
        return {name: sorted(self.rows(f"select * from {name}"), key=repr) for name in sorted(self.names(*schemas))}

    def repeated(self, table: str, key: str) -> int:
        """How many rows of a table are there in excess of one for each key."""
        return int(self.value(f"select count(*) - count(distinct {key}) from {table}"))
