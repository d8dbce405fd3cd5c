"""Table names: as people write them, matched with the catalog, and quoted for SQL."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from gx.warehouse.table import CatalogTable, TableName


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("orders", (None, None, "orders")),
        ("shop.orders", (None, "shop", "orders")),
        ("lake.shop.orders", ("lake", "shop", "orders")),
        ('"Odd Shop"."a.b"', (None, "Odd Shop", "a.b")),
        ('shop."say ""hi"""', (None, "shop", 'say "hi"')),
        ("shop.größe_ß", (None, "shop", "größe_ß")),
    ],
)
def test_a_name_has_up_to_three_parts(text: str, parts: tuple[str | None, ...]) -> None:
    name = TableName.parse(text)

    assert (name.database, name.schema, name.name) == parts
    assert str(name) == text


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a.b.c.d", '"a', 'a"b', '""', "a b.", " a"])
def test_what_is_no_table_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a table name"):
        TableName.parse(text)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("shop.orders", True),
        ("SHOP.Orders", True),
        ("orders", True),
        ('"SHOP"."ORDERS"', True),
        ('"shop".orders', False),
        ('shop."orders"', False),
        ("other.orders", False),
    ],
)
def test_case_counts_only_in_quotes(text: str, matches: bool) -> None:
    assert TableName.parse(text).matches("SHOP", "ORDERS") is matches


def test_a_table_of_the_catalog_is_quoted_exactly() -> None:
    clause = CatalogTable(None, "Odd Shop", "ORDERS").clause()

    assert str(sa.select(sa.literal_column("1")).select_from(clause).compile(dialect=postgresql.dialect())).endswith(
        'FROM "Odd Shop"."ORDERS"'
    )
