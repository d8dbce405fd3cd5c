"""A layer to publish: two schemas, whose every table holds the number of the build that it is of.

Run as ``python -m tests.warehouses.publishing publish|poll URL ...`` it is the other process of the tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse, publisher_of
from gx.warehouse.publishing import Publisher
from gx.warehouse.publishing_marks import Build

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ("layer_one", "layer_two")
TABLES = ("facts", "names")
FIRST = datetime.fromisoformat("2026-03-01T02:00:00.250")


@dataclass(frozen=True)
class Layer:
    """The two schemas in a warehouse."""

    warehouse: Warehouse
    tables: tuple[str, ...] = TABLES
    rows: int = 1

    @property
    def publisher(self) -> Publisher:
        return publisher_of(self.warehouse, SCHEMAS)

    def clear(self) -> None:
        with self.warehouse.connect() as connection:
            for schema in SCHEMAS:
                for name in (schema, f"{schema}_audit", f"{schema}_previous", f"{schema}_swap"):
                    connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")

    def make(self, number: int, tables: tuple[str, ...] | None = None, *, minutes: int = 0) -> Build:
        """What dbt does: the tables of one build, in the audit schemas."""
        self.publisher.begin(f"ingest-{number}")
        with self.warehouse.connect() as connection:
            for schema in SCHEMAS:
                for table in tables or self.tables:
                    self.fill(connection, f"{schema}_audit.{table}", number)
        build = self.build(number, minutes)
        self.publisher.finish(build)
        return build

    def build(self, number: int, minutes: int = 0) -> Build:
        return Build(f"ingest-{number}", FIRST + timedelta(hours=number, minutes=minutes))

    def fill(self, connection: sa.Connection, table: str, number: int) -> None:
        many = f"generate_series(1, {self.rows})" if self.rows > 1 else "(SELECT 1 AS one) AS ones"
        connection.exec_driver_sql(f"CREATE TABLE {table} AS SELECT {number} AS number FROM {many}")

    def publish(self, number: int) -> Build:
        build = self.make(number)
        self.publisher.publish(build)
        return build

    def seen(self, place: str = "") -> dict[str, int]:
        """The number in each table of the readers' schemas, or with ``_audit`` or ``_previous`` of those."""
        found: dict[str, int] = {}
        with self.warehouse.connect() as connection:
            for schema in SCHEMAS:
                names = connection.execute(
                    sa.text("SELECT table_name FROM information_schema.tables WHERE lower(table_schema) = :schema"),
                    {"schema": schema + place},
                ).scalars()
                for name in map(str.lower, names.all()):
                    column = "ingest_id" if name == "sluice_build" else "number"
                    values = connection.exec_driver_sql(f"SELECT DISTINCT {column} FROM {schema}{place}.{name}").all()
                    assert len(values) == 1, f"{schema}{place}.{name} holds {values}"
                    found[f"{schema}.{name}"] = int(str(values[0][0]).removeprefix("ingest-"))
        return found

    def version(self, place: str = "") -> int:
        """The one build that all tables are of, marks and all."""
        seen = self.seen(place)
        assert len(set(seen.values())) == 1, f"mixed: {seen}"
        assert len(seen) == len(SCHEMAS) * (len(self.tables) + 1), f"missing: {seen}"
        return next(iter(seen.values()))


def opened(url: URL, wait_seconds: float = 20) -> Warehouse:
    return open_warehouse(url, wait_seconds=wait_seconds)


def process(what: str, url: URL, *arguments: object) -> subprocess.Popen[str]:
    """This module as a process of its own; what it prints can be read."""
    address = url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.warehouses.publishing", what, address, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def say(*words: object) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _publish(url: URL, first: int, rows: int, tables: int) -> None:
    """Build and publish for ever; says when a build is ready, and when it is published."""
    layer = Layer(opened(url), many_tables(tables), rows)
    for number in range(first, first + 1000):
        build = layer.make(number)
        say("built", number)
        layer.publisher.publish(build)
        say("published", number)


def many_tables(count: int) -> tuple[str, ...]:
    return tuple(f"table_{index}" for index in range(count))


def _poll(url: URL) -> None:
    """Read as readers do until standard input ends; then tell what was seen, and how often."""
    engine = sa.create_engine(url)
    # Against the order in which publishing takes the tables.
    one = " , ".join(
        f"(SELECT max(number) FROM {schema}.{table})" for schema in SCHEMAS[::-1] for table in TABLES[::-1]
    )
    mark = f"(SELECT max(ingest_id) FROM {SCHEMAS[0]}.sluice_build)"
    polls, mixed, versions, errors = 0, 0, set(), []
    say("ready")
    deadline = time.monotonic() + 120
    ended = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    while not ended.is_set() and time.monotonic() < deadline:
        try:
            with engine.begin() as connection:
                seen = list(connection.exec_driver_sql(f"SELECT {one}, {mark}").one())
                # A report of several statements in one transaction.
                seen += connection.exec_driver_sql(f"SELECT max(number) FROM {SCHEMAS[0]}.{TABLES[0]}").one()
                seen += connection.exec_driver_sql(f"SELECT max(number) FROM {SCHEMAS[1]}.{TABLES[1]}").one()
        except SQLAlchemyError as error:
            errors.append(str(error).splitlines()[0])
            continue
        numbers = {int(str(value).removeprefix("ingest-")) for value in seen}
        polls += 1
        mixed += len(numbers) > 1
        versions |= numbers
    say(json.dumps({"polls": polls, "mixed": mixed, "versions": sorted(versions), "errors": errors}))


if __name__ == "__main__":
    if sys.argv[1] == "publish":
        _publish(make_url(sys.argv[2]), *(int(argument) for argument in sys.argv[3:]))
    else:
        _poll(make_url(sys.argv[2]))
