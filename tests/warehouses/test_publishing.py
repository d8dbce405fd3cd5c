"""A layer is published whole, kept, and taken back: the same on every warehouse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gx.warehouse.base import Warehouse
from gx.warehouse.publishing import PublishingError
from tests.warehouses.publishing import SCHEMAS, Layer


@pytest.fixture
def layer(warehouse: Warehouse) -> Iterator[Layer]:
    found = Layer(warehouse)
    found.clear()
    yield found
    found.clear()


def test_readers_see_a_build_once_it_is_published_and_not_before(layer: Layer) -> None:
    layer.publish(1)
    build = layer.make(2)

    assert (layer.version(), layer.publisher.waiting()) == (1, build)

    layer.publisher.publish(build)

    assert (layer.version(), layer.version("_previous")) == (2, 1)
    assert (layer.publisher.waiting(), layer.publisher.published()) == (None, build)


def test_publishing_what_readers_use_already_changes_nothing(layer: Layer) -> None:
    layer.publish(1)
    build = layer.publish(2)

    layer.publisher.publish(build)

    assert (layer.version(), layer.version("_previous")) == (2, 1)


def test_another_build_than_the_one_that_was_checked_is_not_published(layer: Layer) -> None:
    layer.publish(1)
    checked = layer.make(2)
    layer.make(3)

    with pytest.raises(PublishingError, match=r"one of ingest-3 .* is. Run the load and its checkpoint again"):
        layer.publisher.publish(checked)
    layer.make(2, minutes=1)
    with pytest.raises(PublishingError, match=r"one of ingest-2 .* is"):  # the same ingest, and yet another build
        layer.publisher.publish(checked)

    assert layer.version() == 1


def test_a_build_that_is_not_complete_is_not_published(layer: Layer) -> None:
    layer.publish(1)
    build = layer.make(2)
    layer.publisher.begin(build.ingest_id)

    with pytest.raises(PublishingError, match="none is"):
        layer.publisher.publish(build)

    assert (layer.version(), layer.publisher.waiting()) == (1, None)


def test_a_rollback_brings_the_version_before_back_once(layer: Layer) -> None:
    before = layer.publish(1)
    layer.publish(2)

    assert layer.publisher.roll_back() == before
    assert layer.version() == 1
    with pytest.raises(PublishingError, match="there is no earlier version"):
        layer.publisher.roll_back()

    layer.publish(3)
    assert (layer.version(), layer.version("_previous")) == (3, 1)


def test_nothing_is_rolled_back_before_a_second_version(layer: Layer) -> None:
    with pytest.raises(PublishingError, match="there is no earlier version"):
        layer.publisher.roll_back()
    layer.publish(1)
    with pytest.raises(PublishingError, match="there is no earlier version"):
        layer.publisher.roll_back()

    assert layer.version() == 1


def test_tables_that_a_build_lacks_stay_and_new_ones_leave_with_it(layer: Layer) -> None:
    layer.publish(1)
    with layer.warehouse.connect() as connection:
        layer.fill(connection, f"{SCHEMAS[1]}.somebodys_own", 77)
    layer.publisher.publish(layer.make(2, (*layer.tables, "new")))

    seen = layer.seen()
    assert seen.pop(f"{SCHEMAS[1]}.somebodys_own") == 77
    assert set(seen.values()) == {2}
    assert len(seen) == 8

    layer.publisher.roll_back()

    seen = layer.seen()
    assert seen.pop(f"{SCHEMAS[1]}.somebodys_own") == 77
    assert set(seen.values()) == {1}
    assert len(seen) == 6


def test_tables_from_before_are_kept_but_are_no_version_to_go_back_to(layer: Layer) -> None:
    with layer.warehouse.connect() as connection:
        for schema in SCHEMAS:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            layer.fill(connection, f"{schema}.facts", 0)

    layer.publish(1)

    assert layer.version() == 1
    assert set(layer.seen("_previous").values()) == {0}
    with pytest.raises(PublishingError, match="there is no earlier version"):
        layer.publisher.roll_back()


def test_a_layer_that_is_built_in_place_from_now_on_loses_its_mark(layer: Layer) -> None:
    layer.publish(1)

    layer.publisher.unmark()

    assert layer.publisher.published() is None
    assert len(layer.seen()) == 4
