"""Publishing while others read, and publishing that is killed: old or new, whole, and never something between."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.publishing import PublishingError
from tests.warehouses.publishing import SCHEMAS, TABLES, Layer, many_tables, opened, process, say
from tests.warehouses.sites import duckdb_url

KILLS = 12
PUBLICATIONS = 40


@pytest.fixture(params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    if request.param == "duckdb":
        found = duckdb_url(tmp_path)
        warehouse = opened(found)
        assert isinstance(warehouse, DuckDBWarehouse)
        warehouse.create()
        yield found
    else:
        found = request.getfixturevalue("postgres_url")
        yield found
        Layer(opened(found)).clear()


def test_a_publication_that_is_killed_leaves_the_old_version_or_the_new_one(url: URL) -> None:
    tables = many_tables(12)
    rows = 60_000 if url.get_backend_name() == "duckdb" else 100
    layer = Layer(opened(url), tables, rows)
    layer.clear()
    layer.publish(1)
    moments = random.Random(5)
    version, took, left = 1, 0.2, []
    for _ in range(KILLS):
        layer.warehouse.release()
        with process("publish", url, version + 1, rows, len(tables)) as child:
            assert child.stdout is not None
            # One whole publication tells how long they take; the kill comes somewhere within the next.
            for expected in ("built", "published", "built"):
                assert child.stdout.readline().split()[0] == expected
                if expected == "built":
                    began = time.monotonic()
                else:
                    took = time.monotonic() - began
            time.sleep(moments.uniform(0, took))
            child.kill()
        old = version + 1
        version = _version_after_the_kill(layer)
        assert version in (old, old + 1)
        left.append(version - old)
        version += 1
        layer.publish(version)  # the next run recovers by itself
        assert layer.version() == version
    say(f"{url.get_backend_name()}: {KILLS} kills, the old version {left.count(0)} times, the new {left.count(1)}")


def _version_after_the_kill(layer: Layer) -> int:
    deadline = time.monotonic() + 20
    while True:  # PostgreSQL may still be undoing what the dead process had begun
        try:
            return layer.version()
        except AssertionError:
            raise
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.postgres
def test_readers_never_see_a_mix_of_versions_nor_a_missing_table(postgres_url: URL) -> None:
    layer = Layer(opened(postgres_url))
    layer.clear()
    layer.publish(0)
    with process("poll", postgres_url) as readers:
        assert readers.stdin is not None
        assert readers.stdout is not None
        assert readers.stdout.readline() == "ready\n"
        for number in range(1, PUBLICATIONS + 1):
            if number % 10 == 0:
                layer.publisher.roll_back()
            else:
                layer.publish(number)
        readers.stdin.close()
        seen = json.loads(readers.stdout.readline())
    layer.clear()
    say(f"{seen['polls']} polls during {PUBLICATIONS} publications saw {len(seen['versions'])} versions")

    assert (seen["mixed"], seen["errors"]) == (0, [])
    assert seen["polls"] > 2 * PUBLICATIONS
    assert len(seen["versions"]) > PUBLICATIONS / 4


@pytest.mark.postgres
def test_a_reader_who_does_not_end_is_waited_for_and_then_left_alone(postgres_url: URL) -> None:
    layer = Layer(opened(postgres_url, wait_seconds=1))
    layer.clear()
    layer.publish(1)
    reader = opened(postgres_url)
    with reader.connect() as connection:
        connection.exec_driver_sql(f"SELECT * FROM {SCHEMAS[0]}.{TABLES[0]}")
        build = layer.make(2)
        began = time.monotonic()
        with pytest.raises(PublishingError, match="it may pass on another try") as caught:
            layer.publisher.publish(build)
        assert 0.4 < time.monotonic() - began < 5
        assert caught.value.transient
        connection.exec_driver_sql(f"SELECT * FROM {SCHEMAS[1]}.{TABLES[1]}")
    assert layer.version() == 1

    layer.publisher.publish(build)

    assert layer.version() == 2
    reader.release()
    layer.clear()
