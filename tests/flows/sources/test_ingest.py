from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from flows.sources.embedded import EmbeddedIngest, ReferenceScope
from flows.sources.embedded_mark import MARK, EmbeddedMark, OwnRowsIngest
from flows.sources.emulators.embedded import EmbeddedSources
from flows.sources.errors import IngestError
from flows.sources.fivetran import FivetranIngest
from flows.sources.fivetran_api import FivetranApi, RetryPolicy
from flows.sources.landing import Mode, RawLanding
from flows.sources.postgres import PostgresSource
from flows.sources.raw_tables import (
    CHARGES,
    CUSTOMERS,
    PLANS,
    POSTGRES_TABLES,
    STRIPE_TABLES,
    SUBSCRIPTIONS,
    SYNCED,
    USERS,
    RawTable,
)
from flows.sources.stripe import StripeSource
from gx.warehouse.base import Warehouse
from tests.flows.sources.conftest import SEED, SteppingClock

ALL_TABLES = (*STRIPE_TABLES, *POSTGRES_TABLES)
LANDED = {
    "raw_stripe.charges": 1_423,
    "raw_stripe.customers": 1_423,
    "raw_stripe.subscriptions": 1_454,
    "raw_stripe.plans": 8,
    "raw_postgres.users": 2_300,
    "raw_postgres.events": 11_500,
    "raw_postgres.sessions": 6_900,
    "raw_postgres.page_views": 23_000,
}


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    found: Warehouse = request.getfixturevalue(f"{request.param}_warehouse")
    return found


def table_of(raw: RawTable) -> sa.Table:
    return raw.sqlalchemy_table()


def scalar(warehouse: Warehouse, query: sa.Select) -> Any:
    with warehouse.connect() as connection:
        return connection.execute(query).scalar_one()


def counts(warehouse: Warehouse) -> dict[str, object]:
    return {
        raw.full_name: scalar(warehouse, sa.select(sa.func.count()).select_from(table_of(raw))) for raw in ALL_TABLES
    }


def revenue(warehouse: Warehouse) -> int:
    return int(scalar(warehouse, sa.select(sa.func.sum(table_of(CHARGES).c.amount))))


def mrr(warehouse: Warehouse) -> int:
    subscriptions, plans = table_of(SUBSCRIPTIONS), table_of(PLANS)
    months = sa.case((plans.c.billing_interval == "year", 12), else_=1)
    query = (
        sa.select(sa.func.sum(subscriptions.c.quantity * plans.c.amount / months))
        .join_from(subscriptions, plans, subscriptions.c.plan_id == plans.c.id)
        .where(subscriptions.c.status == "active")
    )
    return int(scalar(warehouse, query))


def test_a_first_sync_lands_every_row_in_exactly_the_contracts_columns(warehouse: Warehouse, ingest_into) -> None:
    said: list[str] = []
    result = ingest_into(warehouse).run("first", said.append)
    assert {table.table: table.rows for table in result.tables} == LANDED
    assert counts(warehouse) == LANDED
    assert result.ingest_id == "first"
    assert result.started_at < result.finished_at
    assert revenue(warehouse) == 412_184_00
    assert mrr(warehouse) == 71_447_00
    assert any("1,423 rows from Stripe" in line for line in said)
    with warehouse.connect() as connection:
        inspector = sa.inspect(connection)
        for raw in ALL_TABLES:
            found = [column["name"] for column in inspector.get_columns(raw.name, raw.schema)]
            assert found == raw.schema_in_raw.names
        for schema in ("raw_stripe", "raw_postgres"):
            expected = {table.name for table in (*map(table_of, ALL_TABLES), MARK) if table.schema == schema}
            assert set(inspector.get_table_names(schema)) == expected


def test_a_second_sync_leaves_no_duplicates_and_takes_what_changed(
    warehouse: Warehouse, ingest_into, sources: EmbeddedSources
) -> None:
    clock = SteppingClock()
    sources.stripe_control.move_to("first")
    ingest_into(warehouse, clock=clock).run("before")
    assert revenue(warehouse) == 435_158_00
    sources.stripe_control.move_to("latest")

    second = ingest_into(warehouse, clock=clock).run("after")

    assert counts(warehouse) == LANDED
    assert revenue(warehouse) == 412_184_00
    assert mrr(warehouse) == 71_447_00
    charges = table_of(CHARGES)
    assert scalar(warehouse, sa.select(sa.func.min(charges.c[SYNCED]))) >= second.started_at
    # From PostgreSQL only the look-back comes again.
    assert 0 < {table.table: table.rows for table in second.tables}["raw_postgres.events"] < 1_000


def test_a_changed_row_and_a_new_row_of_postgres_arrive(duckdb_warehouse: Warehouse, sources, tmp_path: Path) -> None:
    url = sa.make_url(sources.postgres_url.get_secret_value())
    users = sa.Table("users", sa.MetaData(), *(sa.Column(name) for name in USERS.source_schema.names))
    landing = RawLanding(duckdb_warehouse, tmp_path)
    source = PostgresSource(sources.postgres_url)
    ingest = EmbeddedIngest(
        StripeSource(sources.stripe_api_key, api_base=sources.stripe_api_base),
        source,
        landing,
        clock=SteppingClock(),
    )
    ingest.run("before")
    later = "2026-01-01 00:00:00.123456"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    name = 'O\'Neil, "Ann"\nline two'
    try:
        with engine.begin() as connection:
            connection.execute(sa.update(users).where(users.c.user_id == 5).values(name=name, updated_at=later))
            connection.execute(
                sa.insert(users).values(
                    user_id=9_999, email="", name="New", country="US", created_at=later, updated_at=later
                )
            )
        ingest.run("after")
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE sluice_emulator.seeded SET version = -1"))
        from flows.sources.emulators.postgres import seed_database

        seed_database(url, SEED, 1)
    raw = table_of(USERS)
    assert landing.count(USERS) == 2_301
    with duckdb_warehouse.connect() as connection:
        changed = connection.execute(sa.select(raw.c.name, raw.c.updated_at).where(raw.c.user_id == 5)).one()
        added = connection.execute(sa.select(raw.c.email).where(raw.c.user_id == 9_999)).scalar_one()
    assert (changed[0], str(changed[1])) == (name, later)
    assert added == ""  # an empty text is no NULL


def test_the_faulty_sync_lands_the_documents_duplicates_and_the_next_one_heals_them(
    warehouse: Warehouse, ingest_into
) -> None:
    said: list[str] = []
    stopped = SteppingClock().now  # copies of a row never share a sync time, even by a clock that stands
    result = ingest_into(warehouse, faulty=True, clock=lambda: stopped).run("faulty", said.append)

    duplicated = {
        **LANDED,
        "raw_stripe.charges": 2_846,
        "raw_stripe.customers": 2_847,
        "raw_stripe.subscriptions": 2_821,
    }
    assert counts(warehouse) == duplicated
    assert {table.table: table.rows for table in result.tables} == duplicated
    assert revenue(warehouse) == 847_342_00
    assert mrr(warehouse) == 147_293_00
    timeouts = [line for line in said if "network timeout, retrying" in line]
    assert len(timeouts) == 2
    assert "Read timed out" in timeouts[0]

    charges = table_of(CHARGES)
    by_sync = sa.func.row_number().over(partition_by=charges.c.id, order_by=charges.c[SYNCED].desc())
    ranked = sa.select(charges.c.amount, by_sync.label("place")).subquery()
    latest = sa.select(sa.func.sum(ranked.c.amount)).where(ranked.c.place == 1)
    assert int(scalar(warehouse, latest)) == 412_184_00
    earliest = sa.select(sa.func.sum(ranked.c.amount)).where(ranked.c.place == 2)
    assert int(scalar(warehouse, earliest)) == 435_158_00

    customers = table_of(CUSTOMERS)
    pairs = sa.select(customers.c.id, customers.c[SYNCED]).distinct().subquery()
    assert scalar(warehouse, sa.select(sa.func.count()).select_from(pairs)) == 2_847

    ingest_into(warehouse).run("healing")
    assert counts(warehouse) == LANDED
    assert revenue(warehouse) == 412_184_00


@pytest.mark.snowflake
def test_two_syncs_land_the_same_on_snowflake(snowflake_warehouse, ingest_into) -> None:
    ingest_into(snowflake_warehouse).run("first")
    ingest_into(snowflake_warehouse).run("second")
    assert counts(snowflake_warehouse) == LANDED
    assert revenue(snowflake_warehouse) == 412_184_00


def test_history_comes_once_and_september_stays_the_same_at_any_scale(
    duckdb_warehouse: Warehouse, sources: EmbeddedSources, tmp_path: Path
) -> None:
    def ingest(scale: int) -> dict[str, int]:
        result = EmbeddedIngest(
            StripeSource(sources.stripe_api_key, api_base=sources.stripe_api_base),
            PostgresSource(sources.postgres_url),
            RawLanding(duckdb_warehouse, tmp_path),
            clock=SteppingClock(),
            reference=ReferenceScope(SEED, scale),
        ).run(f"scale {scale}")
        return {table.table: table.rows for table in result.tables}

    assert ingest(3)["raw_stripe.charges"] == 3 * 1_423
    assert counts(duckdb_warehouse)["raw_stripe.subscriptions"] == 3 * 1_454
    assert mrr(duckdb_warehouse) == 71_447_00
    assert ingest(3)["raw_stripe.charges"] == 1_423
    # Another scale in the same warehouse replaces the reference data instead of mixing with it.
    assert ingest(2)["raw_stripe.charges"] == 2 * 1_423
    assert counts(duckdb_warehouse)["raw_stripe.charges"] == 2 * 1_423
    assert everything_in(duckdb_warehouse, MARK.name) == [(SEED, 2)]


def real_charges(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Five charges that someone else landed, in a table with a column of their own."""
    charges = sa.Table(
        "charges", sa.MetaData(schema="raw_stripe"), sa.Column("id", sa.String), sa.Column("own", sa.Text)
    )
    with warehouse.connect() as connection:
        connection.execute(sa.schema.CreateSchema("raw_stripe", if_not_exists=True))
        connection.execute(sa.schema.CreateTable(charges))
        connection.execute(sa.insert(charges), [{"id": f"ch_real_{i}", "own": "kept"} for i in range(5)])
    return everything_in(warehouse, "charges")


def everything_in(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    found = sa.table(table, schema="raw_stripe")
    with warehouse.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(sa.text("*")).select_from(found)))


def tables_in(warehouse: Warehouse) -> set[tuple[str, str]]:
    known = sa.table("tables", sa.column("table_schema"), sa.column("table_name"), schema="information_schema")
    schema, name = known.c.table_schema, known.c.table_name
    with warehouse.connect() as connection:
        found = connection.execute(sa.select(schema, name).where(schema.in_(["raw_stripe", "raw_postgres"])))
        return {(row[0], row[1]) for row in found}


@pytest.mark.parametrize("faulty", [False, True], ids=["normal", "faulty"])
def test_the_embedded_sources_refuse_a_warehouse_with_rows_of_others_and_leave_it_untouched(
    warehouse: Warehouse, ingest_into, faulty: bool
) -> None:
    before = real_charges(warehouse)
    with pytest.raises(IngestError, match=r"has rows in raw_stripe\.charges that are not marked") as caught:
        ingest_into(warehouse, faulty=faulty).run("never")
    assert not caught.value.transient
    for setting in (
        "SLUICE_STRIPE_API_KEY",
        "SLUICE_SOURCE_POSTGRES_URL",
        "SLUICE_FIVETRAN_API_KEY",
        "SLUICE_WAREHOUSE_URL",
    ):
        assert setting in str(caught.value)
    assert len(before) == 5
    assert everything_in(warehouse, "charges") == before
    assert tables_in(warehouse) == {("raw_stripe", "charges")}


@pytest.mark.snowflake
def test_the_embedded_sources_refuse_rows_of_others_on_snowflake(snowflake_warehouse, ingest_into) -> None:
    before = real_charges(snowflake_warehouse)
    with pytest.raises(IngestError, match=r"has rows in raw_stripe\.charges that are not marked"):
        ingest_into(snowflake_warehouse).run("never")
    assert everything_in(snowflake_warehouse, "charges") == before


def test_every_raw_table_with_rows_of_others_is_named(
    duckdb_warehouse: Warehouse, ingest_into, sources: EmbeddedSources, tmp_path: Path
) -> None:
    landing = RawLanding(duckdb_warehouse, tmp_path)
    landing.ensure_tables(ALL_TABLES)
    for raw in (PLANS, USERS):
        with duckdb_warehouse.connect() as connection:
            connection.execute(sa.insert(table_of(raw)).values({raw.key: "1"}))
    with pytest.raises(IngestError, match=r"rows in raw_stripe\.plans, raw_postgres\.users that"):
        ingest_into(duckdb_warehouse).run("never")


def test_empty_raw_tables_of_others_may_be_filled(duckdb_warehouse: Warehouse, ingest_into, tmp_path: Path) -> None:
    RawLanding(duckdb_warehouse, tmp_path).ensure_tables(ALL_TABLES)
    ingest_into(duckdb_warehouse).run("first")
    assert counts(duckdb_warehouse) == LANDED
    assert everything_in(duckdb_warehouse, MARK.name) == [(SEED, 1)]


def test_rows_of_the_companys_own_sources_end_what_the_embedded_ones_may_replace(
    warehouse: Warehouse, ingest_into, sources: EmbeddedSources, tmp_path: Path
) -> None:
    ingest_into(warehouse).run("tried out")
    own = EmbeddedIngest(
        StripeSource(sources.stripe_api_key, api_base=sources.stripe_api_base),
        PostgresSource(sources.postgres_url),
        RawLanding(warehouse, tmp_path),
        clock=SteppingClock(),
    )
    own.run("own")
    own.run("own again")
    with pytest.raises(IngestError, match="not marked"):
        ingest_into(warehouse).run("the key was lost")
    assert counts(warehouse) == LANDED


def test_a_fivetran_sync_ends_what_the_embedded_sources_may_replace(
    duckdb_warehouse: Warehouse, ingest_into, stripe_source: StripeSource, tmp_path: Path
) -> None:
    ingest_into(duckdb_warehouse).run("tried out")
    # Fivetran fails: what it landed before that is there all the same.
    closed = FivetranApi(SecretStr("key"), SecretStr("secret"), api_base="http://127.0.0.1:1", retry=RetryPolicy(1))
    fivetran = FivetranIngest(closed, ["warm_owl"], tables=[], count_synced=lambda *_: 0, clock=SteppingClock())
    with pytest.raises(IngestError):
        OwnRowsIngest(fivetran, EmbeddedMark(RawLanding(duckdb_warehouse, tmp_path))).run("fivetran")
    with pytest.raises(IngestError, match="not marked"):
        ingest_into(duckdb_warehouse).run("the key was lost")


def test_the_mark_can_be_given_up_where_raw_is_not_there_yet(warehouse: Warehouse, tmp_path: Path) -> None:
    EmbeddedMark(RawLanding(warehouse, tmp_path)).give_up()
    assert tables_in(warehouse) == set()


def test_a_postgres_that_is_down_is_a_transient_error_without_the_password(
    duckdb_warehouse: Warehouse, stripe_source: StripeSource, tmp_path: Path
) -> None:
    source = PostgresSource(SecretStr("postgresql://reader:hunter2secret@127.0.0.1:1/app"))
    ingest = EmbeddedIngest(stripe_source, source, RawLanding(duckdb_warehouse, tmp_path), clock=SteppingClock())
    with pytest.raises(IngestError) as caught:
        ingest.run("down")
    assert caught.value.transient
    assert caught.value.source == "postgres"
    assert "PostgreSQL at postgresql+psycopg2://reader:***@127.0.0.1:1/app did not read public.users" in str(
        caught.value
    )
    assert "hunter2secret" not in str(caught.value)
    # What was complete by then stays, and the spool is gone.
    assert counts(duckdb_warehouse)["raw_stripe.charges"] == 1_423
    assert counts(duckdb_warehouse)["raw_postgres.users"] == 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://reader:hunter2secret@host/app", "names 'mysql', not postgresql"),
        ("reader:hunter2secret@host", "is no URL"),
    ],
)
def test_a_url_that_is_not_postgres_is_terminal_and_keeps_its_password(url: str, message: str) -> None:
    with pytest.raises(IngestError, match=message) as caught:
        PostgresSource(SecretStr(url))
    assert not caught.value.transient
    assert "hunter2secret" not in str(caught.value)


def test_a_missing_source_table_is_terminal(sources: EmbeddedSources) -> None:
    source = PostgresSource(sources.postgres_url, schema="elsewhere")
    with pytest.raises(IngestError, match=r'relation "elsewhere\.users" does not exist') as caught:
        list(source.batches(USERS))
    assert not caught.value.transient


def test_a_reader_that_stops_early_leaves_no_thread_and_no_error(sources: EmbeddedSources) -> None:
    import threading

    batches = PostgresSource(sources.postgres_url).batches(USERS)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "copy-out"]


def test_a_source_that_fails_half_way_leaves_raw_as_it_was(
    duckdb_warehouse: Warehouse, stripe_source: StripeSource, tmp_path: Path
) -> None:
    landing = RawLanding(duckdb_warehouse, tmp_path / "spool")
    landing.ensure_tables([CHARGES])
    landing.land(CHARGES, stripe_source.batches(CHARGES), Mode.REPLACE, SteppingClock()())

    def broken():
        yield next(stripe_source.batches(CHARGES))
        raise IngestError("gone", source="stripe", transient=True)

    with pytest.raises(IngestError, match="gone"):
        landing.land(CHARGES, broken(), Mode.REPLACE, SteppingClock()())
    assert landing.count(CHARGES) == 1_423
    assert list((tmp_path / "spool").iterdir()) == []


def test_rows_are_counted_by_their_sync_time(
    duckdb_warehouse: Warehouse, stripe_source: StripeSource, tmp_path: Path
) -> None:
    clock = SteppingClock()
    landing = RawLanding(duckdb_warehouse, tmp_path)
    landing.ensure_tables([CHARGES])
    landing.land(CHARGES, stripe_source.batches(CHARGES), Mode.APPEND, clock())
    second = clock()
    landing.land(CHARGES, stripe_source.batches(CHARGES, newest=10), Mode.APPEND, second)
    assert landing.count_since("raw_stripe.charges", second, STRIPE_TABLES) == 10
    with pytest.raises(KeyError):
        landing.count_since("raw_stripe.invoices", second, STRIPE_TABLES)


def test_a_warehouse_that_refuses_is_told_with_what_was_being_done(
    postgres_warehouse: Warehouse, stripe_source: StripeSource, tmp_path: Path
) -> None:
    landing = RawLanding(postgres_warehouse, tmp_path)
    with pytest.raises(IngestError, match=r"did not land 100 rows in raw_stripe\.charges: relation .* does not exist"):
        landing.land(CHARGES, [next(stripe_source.batches(CHARGES))], Mode.UPSERT, SteppingClock()())


def test_the_warehouse_file_is_free_for_others_between_two_writes(duckdb_warehouse: Warehouse, ingest_into) -> None:
    import subprocess
    import sys

    path = str(duckdb_warehouse.url.database)
    probe = "import duckdb, sys, os; duckdb.connect(sys.argv[1]).execute('select 1'); sys.stdout.flush(); os._exit(0)"
    codes: list[int] = []

    def look(_message: str) -> None:
        if not codes:
            codes.append(subprocess.run([sys.executable, "-c", probe, path], check=False, env=os.environ).returncode)

    ingest_into(duckdb_warehouse).run("polite", look)
    assert codes == [0]
