"""PostgreSQL's COPY as Arrow batches, in both directions, a bounded piece at a time."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
from psycopg2 import sql
from sqlalchemy import Connection, Select, Table
from sqlalchemy.dialects import postgresql

_BLOCK_BYTES = 16 * 1024 * 1024


def copy_in(connection: Connection, table: Table, batches: Iterable[pa.RecordBatch]) -> int:
    """Append the batches to the table within the connection's transaction; returns the number of rows."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(*filter(None, (table.schema, table.name))),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
    )
    options = pa.csv.WriteOptions(include_header=False)
    rows = 0
    # The driver's own connection, because SQLAlchemy has no COPY.
    with closing(connection.connection.cursor()) as cursor:
        for batch in batches:
            buffer = io.BytesIO()
            pa.csv.write_csv(batch, buffer, options)
            buffer.seek(0)
            cursor.copy_expert(statement, buffer)
            rows += batch.num_rows
    return rows


def copy_out(connection: Connection, query: Select[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a query as batches of some megabytes.

    The driver writes to a pipe in a thread, Arrow reads the other end: neither touches a row in Python.

    Raises:
        psycopg2.Error: the server or the connection failed.
    """
    compiled = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(sql.SQL(str(compiled)))
    reading, writing = os.pipe()
    failure: list[BaseException] = []

    def send(sink: BinaryIO) -> None:
        try:
            with sink, closing(connection.connection.cursor()) as cursor:
                cursor.copy_expert(statement, sink, size=_BLOCK_BYTES)
        except BaseException as error:  # noqa: BLE001 - handed to the reading thread, which raises it
            failure.append(error)

    sender = threading.Thread(target=send, args=(os.fdopen(writing, "wb", _BLOCK_BYTES),), name="copy-out")
    source = os.fdopen(reading, "rb", 0)
    sender.start()
    try:
        yield from _parse(source, schema)
    finally:
        source.close()
        sender.join()
        # A reader that stopped early breaks the pipe; that is no failure of the source.
        if failure and not isinstance(failure[0], BrokenPipeError):
            raise failure[0]


def _parse(source: BinaryIO, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        reader = pa.csv.open_csv(
            source,
            pa.csv.ReadOptions(column_names=schema.names, block_size=_BLOCK_BYTES),
            pa.csv.ParseOptions(newlines_in_values=True),
            pa.csv.ConvertOptions(
                column_types=schema,
                true_values=["t"],
                false_values=["f"],
                null_values=[""],
                strings_can_be_null=True,
                # COPY writes NULL as nothing and an empty string as "".
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise
    yield from reader
