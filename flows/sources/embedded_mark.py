"""The mark in a warehouse that its raw rows come from the embedded sources, which alone may replace them.

An embedded sync makes raw hold just the reference data, whatever was there. In the warehouse of a company that
forgot to name its sources this would be the end of its rows: so raw is only replaced where the mark is, and the
mark is only set where raw is empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, delete, insert, inspect, literal, select
from sqlalchemy.schema import CreateSchema, CreateTable, DropTable

from flows.sources.errors import IngestError
from flows.sources.ingest import Ingest, IngestResult, Progress, silent
from flows.sources.landing import RawLanding
from flows.sources.raw_tables import POSTGRES_TABLES, STRIPE_TABLES, RawTable

MARK = Table(
    "_sluice_embedded",
    MetaData(schema="raw_stripe"),
    Column("seed", BigInteger),
    Column("scale", BigInteger),
)
"""One row: the reference data of the latest embedded sync; of seed and scale unknown when they are NULL."""


class EmbeddedMark:
    """The mark of one warehouse."""

    def __init__(self, landing: RawLanding) -> None:
        """Nothing is looked up yet.

        Args:
            landing: whose warehouse is meant.
        """
        self._landing = landing

    def claim(self, seed: int | None, scale: int | None) -> None:
        """Mark the warehouse as one whose raw rows the embedded sources may replace.

        Args:
            seed: of the reference data that is about to come.
            scale: the same.

        Raises:
            IngestError: raw has rows, and no mark says that they are the embedded sources' own. Nothing was
                written then.
        """
        with self._landing.connection("mark raw as that of the embedded sources") as connection:
            marked = inspect(connection).has_table(MARK.name, schema=MARK.schema)
            if not marked:
                if foreign := [table for table in (*STRIPE_TABLES, *POSTGRES_TABLES) if _has_rows(connection, table)]:
                    raise _refusal(foreign)
                connection.execute(CreateSchema(str(MARK.schema), if_not_exists=True))
                connection.execute(CreateTable(MARK, if_not_exists=True))
            connection.execute(delete(MARK))
            connection.execute(insert(MARK).values(seed=seed, scale=scale))

    def give_up(self) -> None:
        """Take the mark away, because rows of the company's own sources are about to come.

        Raises:
            IngestError: the warehouse refused.
        """
        with self._landing.connection("take away the mark of the embedded sources") as connection:
            if inspect(connection).has_table(MARK.name, schema=MARK.schema):
                connection.execute(DropTable(MARK))


class OwnRowsIngest:
    """An ingest of the company's own rows by others (Fivetran), which know nothing of the mark."""

    def __init__(self, ingest: Ingest, mark: EmbeddedMark) -> None:
        """Make one of the ingest itself and the mark of the warehouse that it fills."""
        self._ingest = ingest
        self._mark = mark

    def run(self, ingest_id: str, progress: Progress = silent) -> IngestResult:
        """Take the mark away, then run the ingest.

        Raises:
            IngestError: as the ingest itself, or the warehouse refused.
        """
        self._mark.give_up()
        return self._ingest.run(ingest_id, progress)


def _has_rows(connection: Connection, table: RawTable) -> bool:
    if not inspect(connection).has_table(table.name, schema=table.schema):
        return False
    return connection.execute(select(literal(1)).select_from(table.sqlalchemy_table()).limit(1)).first() is not None


def _refusal(foreign: Sequence[RawTable]) -> IngestError:
    names = ", ".join(table.full_name for table in foreign)
    return IngestError(
        f"the warehouse has rows in {names} that are not marked as the embedded sources' own; an embedded sync would "
        "replace them with reference data, so nothing was written. To sync the company's own sources, set "
        "SLUICE_STRIPE_API_KEY and SLUICE_SOURCE_POSTGRES_URL, or Fivetran's SLUICE_FIVETRAN_API_KEY, "
        "SLUICE_FIVETRAN_API_SECRET and SLUICE_FIVETRAN_CONNECTIONS; for the embedded sources, set "
        "SLUICE_WAREHOUSE_URL to another warehouse",
        source="warehouse",
        transient=False,
    )
