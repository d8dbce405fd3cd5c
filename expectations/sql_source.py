"""A source that is a SQL database: PostgreSQL behind the application, or the warehouse's own earlier layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from expectations.facts import Measure
from gx.errors import SluiceError, WarehouseError
from gx.masking import mask_error
from gx.redaction import redact, url_secrets
from gx.warehouse.opening import engine_at
from gx.warehouse.table import TableName


class SourceUnavailableError(SluiceError):
    """A source did not answer, or does not have what was asked for."""

    transient = True


class SqlSource:
    """Reads measures with one aggregate query each; rows never leave the database."""

    def __init__(
        self, name: str, connect: Callable[[], AbstractContextManager[Connection]], secrets: tuple[str, ...] = ()
    ) -> None:
        self._name = name
        self._connect = connect
        self._secrets = secrets

    @classmethod
    def at(cls, name: str, url: URL) -> SqlSource:
        """A source at a database URL; connections are opened for each measure and closed again.

        Raises:
            SourceUnavailableError: there is no driver for such a URL, or no such file.
        """
        try:
            engine = engine_at(url)
        except (ImportError, NoSuchModuleError):
            raise SourceUnavailableError(
                f"the source {name!r} is a {url.drivername} database, for which no driver is installed"
            ) from None
        except WarehouseError as error:
            raise SourceUnavailableError(f"the source {name!r} cannot be opened: {error}") from None

        @contextmanager
        def connect() -> Iterator[Connection]:
            try:
                with engine.connect() as connection:
                    yield connection
            finally:
                engine.dispose()

        return cls(name, connect, url_secrets(url))

    def read(self, measure: Measure) -> Decimal | int:
        """The figure as the database has it now.

        Raises:
            SourceUnavailableError: the query failed; the message holds no secret.
        """
        try:
            with self._connect() as connection:
                value = connection.execute(measure_query(measure)).scalar()
        except SQLAlchemyError as error:
            detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig else str(error)
            reason = mask_error(redact(detail, self._secrets))  # a failed cast quotes the value
            raise SourceUnavailableError(
                f"the source {self._name!r} could not give {measure.table}: {reason}"
            ) from None
        try:
            # A driver may return a sum as text or float; Decimal keeps cents exact either way.
            return 0 if value is None else Decimal(str(value))
        except ArithmeticError:
            raise SourceUnavailableError(
                f"the source {self._name!r} gave no number for {measure.table} but a {type(value).__name__}"
            ) from None


def measure_query(measure: Measure) -> sa.Select[Any]:
    """The aggregate query of a measure."""
    if measure.column:
        figure: sa.ColumnElement[Any] = sa.func.sum(sa.column(measure.column))
    elif measure.distinct:
        figure = sa.func.count(sa.distinct(sa.column(measure.distinct)))
    else:
        figure = sa.func.count()
    query = sa.select(figure).select_from(TableName.parse(measure.table).clause())
    for column, value in measure.where.items():
        query = query.where(sa.column(column) == value)
    if measure.since_column and measure.since:
        query = query.where(sa.column(measure.since_column) >= measure.since)
    if measure.since_column and measure.until:
        query = query.where(sa.column(measure.since_column) < measure.until)
    return query
