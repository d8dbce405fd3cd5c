"""On Snowflake grants go over to the schema that takes a schema's place, and what was interrupted is finished.

The emulator swaps schemas by copying tables: that readers see the one or the other is Snowflake's promise, and not
tested here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gx.warehouse.ddl_snowflake import GrantInSchema, Privilege, SwapSchemas, privileges
from tests.warehouses.publishing import SCHEMAS, TABLES, Layer
from tests.warehouses.sites import Site

pytestmark = pytest.mark.snowflake

SCHEMA = SCHEMAS[1]
FACTS = TABLES[0].upper()


@pytest.fixture
def layer(snowflake: Site) -> Iterator[Layer]:
    warehouse = snowflake.open()
    found = Layer(warehouse)
    found.clear()
    found.publish(1)
    yield found
    found.clear()
    warehouse.release()


def granted(layer: Layer, schema: str, table: str | None = None) -> set[str]:
    with layer.warehouse.connect() as connection:
        return {
            f"{one.name} {one.future} {one.role}{' with option' if one.option else ''}"
            for one in privileges(connection, schema, table)
        }


def execute(layer: Layer, *statements: str) -> None:
    with layer.warehouse.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_grants_on_the_schema_its_tables_and_its_future_tables_stay_with_the_readers(layer: Layer) -> None:
    execute(
        layer,
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO ROLE ANALYST",
        f'GRANT SELECT ON TABLE {SCHEMA}.{FACTS} TO ROLE "odd reader" WITH GRANT OPTION',
        f"GRANT SELECT ON FUTURE TABLES IN SCHEMA {SCHEMA} TO ROLE ANALYST",
    )

    for number in (2, 3):
        layer.publish(number)

        assert layer.version() == number
        assert granted(layer, SCHEMA) == {"USAGE  ANALYST", "SELECT TABLE ANALYST"}
        assert granted(layer, SCHEMA, FACTS) == {"SELECT  odd reader with option"}


def test_a_rollback_gives_nobody_back_what_was_taken_from_him(layer: Layer) -> None:
    execute(layer, f"GRANT SELECT ON TABLE {SCHEMA}.{FACTS} TO ROLE ANALYST")
    layer.publish(2)
    execute(layer, f"REVOKE SELECT ON TABLE {SCHEMA}.{FACTS} FROM ROLE ANALYST")

    layer.publisher.roll_back()

    assert (layer.version(), granted(layer, SCHEMA, FACTS)) == (1, set())


def test_a_publication_that_stopped_between_two_schemas_is_finished_by_the_next_try(layer: Layer) -> None:
    build = layer.make(2)
    with layer.warehouse.connect() as connection:
        connection.execute(SwapSchemas(SCHEMAS[0], f"{SCHEMAS[0]}_audit"))
    assert (layer.publisher.waiting(), layer.publisher.published()) == (build, None)

    layer.publisher.publish(build)

    assert layer.version() == 2
    assert layer.publisher.waiting() is None


def test_a_publication_that_stopped_before_the_old_version_was_kept_is_finished_too(layer: Layer) -> None:
    build = layer.make(2)
    with layer.warehouse.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(SwapSchemas(schema, f"{schema}_audit"))
    assert (layer.publisher.waiting(), layer.publisher.published()) == (None, build)

    layer.publisher.publish(build)

    assert (layer.version(), layer.version("_previous")) == (2, 1)


def test_a_rollback_that_stopped_between_two_schemas_is_finished_by_the_next_try(layer: Layer) -> None:
    layer.publish(2)
    with layer.warehouse.connect() as connection:
        connection.execute(SwapSchemas(SCHEMAS[0], f"{SCHEMAS[0]}_previous"))
    assert layer.publisher.published() is None

    assert layer.publisher.roll_back().ingest_id == "ingest-1"

    assert layer.version() == 1


def test_a_privilege_that_is_none_is_not_sent(layer: Layer) -> None:
    with layer.warehouse.connect() as connection, pytest.raises(ValueError, match="is no privilege"):
        connection.execute(GrantInSchema(Privilege("SELECT; --", "ROLE", "R", option=False), SCHEMA, None))
