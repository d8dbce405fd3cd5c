"""The ingest that pulls for itself: Stripe over its API and PostgreSQL by COPY, into raw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from flows.sources import generator_stripe
from flows.sources.embedded_mark import EmbeddedMark
from flows.sources.emulators.embedded import EmbeddedSources, StripeControl
from flows.sources.errors import IngestError
from flows.sources.ingest import Clock, IngestedTable, IngestResult, Progress, silent
from flows.sources.landing import Mode, RawLanding, RawWarehouse, Standing
from flows.sources.postgres import PostgresSource
from flows.sources.raw_tables import (
    CHARGES,
    CUSTOMERS,
    PLANS,
    POSTGRES_TABLES,
    STRIPE_TABLES,
    SUBSCRIPTIONS,
    USERS,
    RawTable,
)
from flows.sources.stripe import StripeSource

STRIPE_LOOK_BACK = timedelta(days=60)
"""How far before the newest landed object a sync reads again: objects change after their creation."""
POSTGRES_LOOK_BACK = timedelta(days=1)
"""The same for rows: transactions commit later than the times they write, and a session ends after it
began.
"""

_COMPARED_ROWS = 20


@dataclass(frozen=True)
class ResendFault:
    """The document's faulty sync: a network timeout, then a resume that re-sends the last rows of each table.

    Attributes:
        control: of the emulated Stripe, which must have been started with `faulty=True`.
        resent: how many of the newest rows the resumed sync sends again, by table.
        resent_again: the same after the second timeout.
        timeout_seconds: how long the sync waits for the answer that never comes.
    """

    control: StripeControl
    resent: Mapping[RawTable, int] = field(
        default_factory=lambda: {
            CHARGES: generator_stripe.CHARGE_COUNT,
            CUSTOMERS: generator_stripe.CUSTOMER_COUNT,
            SUBSCRIPTIONS: generator_stripe.RESENT_SUBSCRIPTIONS,
        }
    )
    resent_again: Mapping[RawTable, int] = field(default_factory=lambda: {CUSTOMERS: 1})
    timeout_seconds: float = 1.0


@dataclass(frozen=True)
class ReferenceScope:
    """Which reference data the sources hold: raw then has to hold just that, and history comes in bulk."""

    seed: int
    scale: int

    def history(self, table: RawTable) -> Iterator[pa.RecordBatch]:
        """The table's rows before September 2025."""
        for state in generator_stripe.history(self.seed, self.scale):
            yield from state.table(table.name).to_batches()

    def history_rows(self, table: RawTable) -> int:
        """How many those are."""
        at_scale_1 = {
            CHARGES: generator_stripe.CHARGE_COUNT,
            CUSTOMERS: generator_stripe.CUSTOMER_COUNT,
            SUBSCRIPTIONS: generator_stripe.SUBSCRIPTION_COUNT,
        }
        return at_scale_1.get(table, 0) * (self.scale - 1)


class EmbeddedIngest:
    """Pulls Stripe and PostgreSQL into raw."""

    def __init__(
        self,
        stripe: StripeSource,
        postgres: PostgresSource,
        landing: RawLanding,
        *,
        clock: Clock,
        reference: ReferenceScope | None = None,
        fault: ResendFault | None = None,
    ) -> None:
        """Make an ingest; `of` makes one for the embedded sources.

        Args:
            stripe: where Stripe is.
            postgres: where PostgreSQL is.
            landing: raw.
            clock: gives `_fivetran_synced` of each (re-)sync.
            reference: set when both sources hold the reference data.
            fault: set to reproduce the document's faulty sync. It begins with an empty `raw_stripe`.
        """
        self._stripe = stripe
        self._postgres = postgres
        self._landing = landing
        self._clock = clock
        self._reference = reference
        self._fault = fault
        self._last_sync: datetime | None = None

    @classmethod
    def of(
        cls,
        sources: EmbeddedSources,
        warehouse: RawWarehouse,
        *,
        work_dir: Path,
        clock: Clock,
        faulty: bool = False,
    ) -> EmbeddedIngest:
        """An ingest of the running embedded sources into a warehouse.

        Args:
            sources: from `embedded_sources`, started with the same `faulty`.
            warehouse: where raw is.
            work_dir: for spool files.
            clock: gives the times of the syncs.
            faulty: whether to reproduce the document's faulty sync.
        """
        return cls(
            StripeSource(sources.stripe_api_key, api_base=sources.stripe_api_base),
            PostgresSource(sources.postgres_url),
            RawLanding(warehouse, work_dir),
            clock=clock,
            reference=ReferenceScope(sources.seed, sources.scale),
            fault=ResendFault(sources.stripe_control) if faulty else None,
        )

    def run(self, ingest_id: str, progress: Progress = silent) -> IngestResult:
        """Run one ingest: Stripe first, then PostgreSQL.

        Raises:
            IngestError: a source or the warehouse failed. Tables that were complete by then are in raw; the
                next run brings them up to date without duplicates. Or the sources are the embedded ones, and
                raw has rows of others: then nothing was written.
        """
        started_at = self._now()
        rows: dict[RawTable, int] = dict.fromkeys((*STRIPE_TABLES, *POSTGRES_TABLES), 0)
        self._settle_whose_raw_is()
        self._landing.ensure_tables(rows)
        if self._fault is None:
            self._sync_stripe(rows, progress)
        else:
            self._sync_stripe_faultily(self._fault, rows, progress)
        self._sync_postgres(rows, progress)
        tables = tuple(IngestedTable(table.full_name, count) for table, count in rows.items())
        return IngestResult(ingest_id, "stripe+postgres", started_at, self._now(), tables)

    def _settle_whose_raw_is(self) -> None:
        mark = EmbeddedMark(self._landing)
        if self._reference is not None:
            mark.claim(self._reference.seed, self._reference.scale)
        elif self._fault is not None:
            mark.claim(None, None)
        else:
            mark.give_up()

    def _now(self) -> datetime:
        """The clock, but always later than before: the latest of two copies must be told by this alone."""
        now = self._clock()
        if self._last_sync is not None and now <= self._last_sync:
            now = self._last_sync + timedelta(microseconds=1)
        self._last_sync = now
        return now

    def _land(self, rows: dict[RawTable, int], table: RawTable, batches: Iterable[pa.RecordBatch], mode: Mode) -> int:
        landed = self._landing.land(table, batches, mode, self._now())
        rows[table] += landed
        return landed

    def _sync_stripe(self, rows: dict[RawTable, int], progress: Progress) -> None:
        before = self._landing.standing(STRIPE_TABLES)
        for table in STRIPE_TABLES:
            newest = before[table].newest
            if newest is None:
                self._resync_stripe(table, rows, progress)
                continue
            since = None if table is PLANS else newest - STRIPE_LOOK_BACK
            landed = self._land(rows, table, self._stripe.batches(table, created_from=since), Mode.UPSERT)
            progress(f"{table.full_name}: {landed:,} rows from Stripe")
        if self._reference is None:
            return
        for table, now in self._landing.standing(STRIPE_TABLES).items():
            history = self._reference.history_rows(table)
            if before[table].newest is not None and now.rows != history + rows[table]:
                progress(f"{table.full_name} held other reference data: syncing it anew")
                rows[table] = 0
                self._resync_stripe(table, rows, progress)

    def _resync_stripe(self, table: RawTable, rows: dict[RawTable, int], progress: Progress) -> None:
        """Land a table from nothing: its history in bulk, then the API."""
        self._land_history(table, rows, progress)
        landed = self._land(rows, table, self._stripe.batches(table), Mode.APPEND)
        progress(f"{table.full_name}: {landed:,} rows from Stripe")

    def _land_history(self, table: RawTable, rows: dict[RawTable, int], progress: Progress) -> None:
        history = self._reference.history(table) if self._reference else ()
        if landed := self._land(rows, table, history, Mode.REPLACE):
            progress(f"{table.full_name}: {landed:,} rows of history")

    def _sync_stripe_faultily(self, fault: ResendFault, rows: dict[RawTable, int], progress: Progress) -> None:
        fault.control.move_to("first")
        for table in STRIPE_TABLES:
            if table is not PLANS:
                self._resync_stripe(table, rows, progress)
        # The sync is at its last list when the network fails: what it re-sends is what it cannot know was
        # kept.
        fault.control.stall(PLANS.name, 2)
        impatient = self._stripe.impatient(fault.timeout_seconds)
        for resent in (fault.resent, fault.resent_again):
            self._fail_once(impatient, progress)
            fault.control.move_to("latest")
            for table, newest in resent.items():
                landed = self._land(rows, table, self._stripe.batches(table, newest=newest), Mode.APPEND)
                progress(f"{table.full_name}: resumed, last {landed:,} rows sent again")
        self._resync_stripe(PLANS, rows, progress)

    def _fail_once(self, impatient: StripeSource, progress: Progress) -> None:
        try:
            for _ in impatient.batches(PLANS):
                raise IngestError(
                    "Stripe answered where the fault needs a timeout: another sync uses this emulator",
                    source="stripe",
                    transient=False,
                )
        except IngestError as error:
            if not error.transient:
                raise
            progress(f"network timeout, retrying ({error})")

    def _sync_postgres(self, rows: dict[RawTable, int], progress: Progress) -> None:
        before = self._landing.standing(POSTGRES_TABLES)
        anew = self._reference is not None and not self._raw_matches_postgres(before)
        for table in POSTGRES_TABLES:
            newest = None if anew else before[table].newest
            if newest is None:
                landed = self._land(rows, table, self._postgres.batches(table), Mode.REPLACE)
            else:
                changed = self._postgres.batches(table, since=newest - POSTGRES_LOOK_BACK)
                landed = self._land(rows, table, changed, Mode.UPSERT)
            progress(f"{table.full_name}: {landed:,} rows from PostgreSQL")

    def _raw_matches_postgres(self, standing: Mapping[RawTable, Standing]) -> bool:
        """Whether raw holds the same reference data, so that only what is new has to come."""
        same_size = all(found.rows == self._postgres.count(table) for table, found in standing.items())
        return same_size and (
            self._landing.first_rows(USERS, _COMPARED_ROWS) == self._postgres.first_rows(USERS, _COMPARED_ROWS)
        )
