"""On PostgreSQL who may read a table may read the one that takes its place, and nobody else may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gx.warehouse.base import Warehouse
from tests.warehouses.publishing import SCHEMAS, TABLES, Layer
from tests.warehouses.sites import Site

pytestmark = pytest.mark.postgres

SCHEMA = SCHEMAS[1]
FACTS, NAMES = (f"{SCHEMA}.{table}" for table in TABLES)
ROLES = ('"odd reader"', "analyst")


@pytest.fixture
def layer(postgres: Site) -> Iterator[Layer]:
    warehouse: Warehouse = postgres.open()
    found = Layer(warehouse)
    found.clear()
    postgres.execute(*(f"CREATE ROLE {role}" for role in ROLES))
    found.publish(1)
    yield found
    found.clear()
    # Also the defaults of schemas that are gone.
    postgres.execute(*(f"DROP OWNED BY {role}" for role in ROLES), *(f"DROP ROLE {role}" for role in ROLES))
    warehouse.release()


def execute(layer: Layer, *statements: str) -> None:
    with layer.warehouse.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def may(layer: Layer, role: str, privilege: str, table: str) -> bool:
    with layer.warehouse.connect() as connection:
        asked = sa.func.has_table_privilege(role.strip('"'), table, privilege)
        return bool(connection.execute(sa.select(asked)).scalar())


def test_grants_go_over_to_the_tables_that_take_a_tables_place(layer: Layer) -> None:
    execute(
        layer,
        f'GRANT SELECT ON {FACTS} TO "odd reader" WITH GRANT OPTION',
        f"GRANT SELECT, UPDATE ON {FACTS} TO analyst",
        f"GRANT SELECT (number) ON {NAMES} TO analyst",
    )

    for number in (2, 3):
        layer.publish(number)

        assert may(layer, '"odd reader"', "SELECT WITH GRANT OPTION", FACTS)
        assert may(layer, "analyst", "UPDATE", FACTS)
        assert not may(layer, "analyst", "UPDATE WITH GRANT OPTION", FACTS)
        assert not may(layer, "analyst", "SELECT", NAMES)
        execute(layer, "SET LOCAL ROLE postgres", f"GRANT USAGE ON SCHEMA {SCHEMA} TO analyst")
        execute(layer, "SET LOCAL ROLE analyst", f"SELECT number FROM {NAMES}")


def test_grants_to_everybody_go_over_too(layer: Layer) -> None:
    execute(layer, f"GRANT SELECT ON {FACTS} TO PUBLIC")

    layer.publish(2)

    assert may(layer, "analyst", "SELECT", FACTS)
    assert not may(layer, "analyst", "SELECT", NAMES)


def test_a_new_table_has_what_its_schema_grants_by_default(layer: Layer) -> None:
    execute(layer, f"ALTER DEFAULT PRIVILEGES IN SCHEMA {SCHEMA} GRANT SELECT ON TABLES TO analyst")

    layer.publisher.publish(layer.make(2, (*TABLES, "new")))

    assert may(layer, "analyst", "SELECT", f"{SCHEMA}.new")
    assert not may(layer, '"odd reader"', "SELECT", f"{SCHEMA}.new")
    assert not may(layer, "analyst", "SELECT", FACTS)  # it was there before the default, and has what it had


def test_a_rollback_gives_nobody_back_what_was_taken_from_him(layer: Layer) -> None:
    execute(layer, f"GRANT SELECT ON {FACTS} TO analyst", f"GRANT SELECT ON {NAMES} TO PUBLIC")
    layer.publish(2)
    execute(
        layer,
        f"REVOKE SELECT ON {FACTS} FROM analyst",
        f"REVOKE SELECT ON {NAMES} FROM PUBLIC",
        f'GRANT SELECT ON {NAMES} TO "odd reader"',
    )

    layer.publisher.roll_back()

    assert layer.version() == 1
    assert not may(layer, "analyst", "SELECT", FACTS)
    assert not may(layer, "analyst", "SELECT", NAMES)
    assert may(layer, '"odd reader"', "SELECT", NAMES)
