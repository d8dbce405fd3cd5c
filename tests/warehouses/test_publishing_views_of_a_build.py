"""A build with views in it: they go over to the readers with the tables that they read, or the build is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gx.warehouse.publishing import PublishingError
from tests.warehouses.publishing import SCHEMAS, Layer
from tests.warehouses.sites import Site

VIEWS = {"a_view": "facts", "a_view_of_it": "a_view"}


@pytest.fixture
def layer(site: Site) -> Iterator[Layer]:
    warehouse = site.open()
    found = Layer(warehouse)
    found.clear()
    yield found
    found.clear()
    warehouse.release()


def begun(layer: Layer, number: int) -> None:
    """A build with views on its own tables and on each other, and one in the other schema; not finished."""
    layer.publisher.begin(f"ingest-{number}")
    with layer.warehouse.connect() as connection:
        for schema in SCHEMAS:
            for table in layer.tables:
                layer.fill(connection, f"{schema}_audit.{table}", number)
        for view, read in VIEWS.items():
            connection.exec_driver_sql(
                f"CREATE VIEW {SCHEMAS[0]}_audit.{view} AS SELECT number FROM {SCHEMAS[0]}_audit.{read}"
            )
        connection.exec_driver_sql(
            f"CREATE VIEW {SCHEMAS[1]}_audit.beyond AS SELECT number FROM {SCHEMAS[0]}_audit.a_view"
        )


def seen(layer: Layer, place: str = "") -> set[int]:
    names = [f"{SCHEMAS[0]}{place}.{view}" for view in VIEWS] + [f"{SCHEMAS[1]}{place}.beyond"]
    with layer.warehouse.connect() as connection:
        return {connection.execute(sa.text(f"SELECT number FROM {name}")).scalar_one() for name in names}


def test_views_are_published_and_rolled_back_with_what_they_read(layer: Layer) -> None:
    if layer.warehouse.dialect_name == "snowflake":
        begun(layer, 1)
        with pytest.raises(PublishingError, match=f"{SCHEMAS[0]}_audit holds the views"):
            layer.publisher.finish(layer.build(1))
        assert layer.publisher.waiting() is None
        return
    for number in (1, 2, 3):
        begun(layer, number)
        layer.publisher.finish(layer.build(number))
        layer.publisher.publish(layer.build(number))
        assert seen(layer) == {number}
    assert seen(layer, "_previous") == {2}

    layer.publisher.roll_back()

    assert (seen(layer), seen(layer, "_previous")) == ({2}, {3})
