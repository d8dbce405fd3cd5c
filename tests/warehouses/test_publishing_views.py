"""On PostgreSQL other people's views on a layer read what its readers read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.warehouses.publishing import SCHEMAS, TABLES, Layer
from tests.warehouses.sites import Site

pytestmark = pytest.mark.postgres

ONE, TWO = (f"{schema}.{TABLES[0]}" for schema in SCHEMAS)


@pytest.fixture
def layer(postgres: Site) -> Iterator[Layer]:
    warehouse = postgres.open()
    found = Layer(warehouse)
    found.clear()
    found.publish(1)
    execute(found, "CREATE SCHEMA reports", "CREATE ROLE viewer")
    yield found
    found.clear()
    execute(found, "DROP SCHEMA reports CASCADE", "DROP OWNED BY viewer", "DROP ROLE viewer")
    warehouse.release()


def execute(layer: Layer, *statements: str) -> None:
    with layer.warehouse.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(layer: Layer, query: str) -> list[tuple[object, ...]]:
    with layer.warehouse.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_views_go_on_with_the_new_version_and_come_back_with_the_old_one(layer: Layer) -> None:
    execute(
        layer,
        f'CREATE VIEW reports."both %% \'of them" WITH (security_barrier = true) AS SELECT one.number AS one,'
        f" two.number AS two, 'a%%b' LIKE 'a%%' AS odd FROM {ONE} AS one CROSS JOIN {TWO} AS two",
        'CREATE VIEW reports.on_top AS SELECT one + two AS total FROM reports."both %% \'of them"',
        f"CREATE VIEW {SCHEMAS[1]}.beside AS SELECT number FROM {TWO}",
        "GRANT SELECT ON reports.on_top TO viewer",
    )

    for number in (2, 3):
        layer.publish(number)
        assert rows(layer, 'SELECT * FROM reports."both % \'of them"') == [(number, number, True)]
        assert rows(layer, "SELECT total FROM reports.on_top") == [(2 * number,)]
        assert rows(layer, f"SELECT number FROM {SCHEMAS[1]}.beside") == [(number,)]
    layer.publisher.roll_back()

    assert rows(layer, "SELECT total FROM reports.on_top") == [(4,)]
    assert rows(layer, "SELECT has_table_privilege('viewer', 'reports.on_top', 'SELECT')") == [(True,)]
    options = rows(layer, "SELECT reloptions FROM pg_class WHERE relname LIKE 'both%'")
    assert options == [(["security_barrier=true"],)]


def test_a_view_that_the_new_table_does_not_fit_keeps_no_publication_back(layer: Layer) -> None:
    execute(
        layer,
        f"CREATE VIEW reports.total AS SELECT number FROM {ONE}",
        f"CREATE VIEW reports.other AS SELECT number FROM {TWO}",
    )
    build = layer.make(2)
    execute(layer, f"ALTER TABLE {SCHEMAS[0]}_audit.{TABLES[0]} ALTER number TYPE text")

    layer.publisher.publish(build)

    assert layer.version() == 2
    assert rows(layer, "SELECT number FROM reports.other") == [(2,)]
    assert rows(layer, "SELECT number FROM reports.total") == [(1,)]  # of the version before, and dropped with it
    layer.publish(3)
    assert rows(layer, "SELECT table_name FROM information_schema.views WHERE table_schema = 'reports'") == [("other",)]
