"""A load behind a gate that is not open does not run, whatever the reason; what readers see stays as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from checkpoints.gate import GateClosedError
from checkpoints.ledger import LedgerError
from checkpoints.result import Verdict
from flows.ingest_ids import new_ingest_id
from flows.sources.emulators.embedded import EmbeddedSources
from flows.workspace import Workspace, open_workspace
from gx.settings import Settings
from tests.journeys.command import Sluice
from tests.journeys.conftest import GoodRun
from tests.journeys.tables import PUBLISHED, Tables, duckdb_url

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

Opener = Callable[..., AbstractContextManager[Workspace]]


@pytest.fixture
def opened(state_after_good_run: Path, settings_of: Callable[..., Settings]) -> Opener:
    """Opens the project for one person's steps; loading and checking are as in the flows."""

    @contextmanager
    def workspace(**others: object) -> Iterator[Workspace]:
        settings = settings_of(state_after_good_run, wait_seconds=20, **others)
        with open_workspace(settings, what="a test", progress=lambda _: None) as found:
            yield found

    return workspace


@pytest.fixture
def tables(state_after_good_run: Path) -> Tables:
    return Tables.of_file(state_after_good_run / "warehouse.duckdb")


def refused(workspace: Workspace, load: str, ingest_id: str) -> str:
    """The reasons with which a load is refused."""
    with pytest.raises(GateClosedError) as closed:
        workspace.load(load, ingest_id)
    assert closed.value.gate.load == load
    assert closed.value.gate.ingest_id == ingest_id
    return str(closed.value)


def test_a_load_of_an_ingest_that_nobody_checked_is_refused(opened: Opener, tables: Tables) -> None:
    before = tables.contents("staging", *PUBLISHED)

    with opened() as workspace:
        for load in ("staging", "marts", "dashboards"):
            # Each gate is open for the good run's ingest, and that helps no other.
            assert "has not been run for ingest" in refused(workspace, load, new_ingest_id())

    assert tables.contents("staging", *PUBLISHED) == before


def test_a_failed_checkpoint_closes_the_gate_until_the_data_is_mended(
    opened: Opener, tables: Tables, good_run: GoodRun
) -> None:
    tables.change("insert into staging.stg_stripe_charges select * from staging.stg_stripe_charges limit 3")
    before = tables.contents(*PUBLISHED)

    with opened() as workspace:
        run = workspace.check("staging", good_run.ingest_id)
        reasons = refused(workspace, "marts", good_run.ingest_id)

    assert run.verdict is Verdict.FAILED
    assert "stg_stripe_charges.charge_id: expect_column_values_to_be_unique" in reasons
    assert tables.contents(*PUBLISHED) == before

    with opened() as workspace:
        workspace.load("staging", good_run.ingest_id)
        assert workspace.check("staging", good_run.ingest_id).verdict is Verdict.PASSED
        workspace.publish("staging", good_run.ingest_id)
        assert len(workspace.load("marts", good_run.ingest_id).models) == 8


def test_a_checkpoint_that_could_not_check_closes_the_gate(opened: Opener, tables: Tables, good_run: GoodRun) -> None:
    tables.change("drop table staging.stg_users")
    before = tables.contents(*PUBLISHED)

    with opened() as workspace:
        run = workspace.check("staging", good_run.ingest_id)
        reasons = refused(workspace, "marts", good_run.ingest_id)

    assert run.verdict is Verdict.ERRORED
    assert "staging errored: the table staging.stg_users does not exist" in reasons
    assert tables.contents(*PUBLISHED) == before


def test_a_decision_that_is_too_old_opens_nothing(opened: Opener, tables: Tables, good_run: GoodRun) -> None:
    before = tables.contents("staging", *PUBLISHED)

    with opened(gate_valid_hours=0.5 / 3600) as workspace:
        run = workspace.check("raw", good_run.ingest_id)
        time.sleep(0.6)
        reasons = refused(workspace, "staging", good_run.ingest_id)

    assert run.verdict is Verdict.PASSED
    assert "the decision of raw expired at" in reasons
    assert tables.contents("staging", *PUBLISHED) == before


def test_a_ledger_that_cannot_be_read_opens_nothing(
    opened: Opener, tables: Tables, good_run: GoodRun, state_after_good_run: Path
) -> None:
    before = tables.contents(*PUBLISHED)
    for file in state_after_good_run.glob("ledger.sqlite*"):
        file.write_bytes(b"this is no database" * 100)

    with opened() as workspace, pytest.raises(LedgerError):
        workspace.load("marts", good_run.ingest_id)
    ended = Sluice(state_after_good_run).run("gate", "check", "marts", "--json")

    assert (ended.code, ended.document["decision"]) == (1, "closed")
    assert tables.contents(*PUBLISHED) == before


@pytest.fixture
def nameless_user(own_sources: EmbeddedSources) -> Iterator[Tables]:
    """The application's database, where a migration has allowed users without an address, and one has none."""
    source = Tables(sa.make_url(own_sources.postgres_url.get_secret_value()))
    ((user, email, changed),) = source.rows("select user_id, email, updated_at from users where user_id = 1288")
    moment: datetime = changed
    source.change(
        "alter table users alter email drop not null",
        f"update users set email = null, updated_at = '2025-09-30 23:00:00' where user_id = {user}",
    )
    yield source
    source.change(
        f"update users set email = '{email}', updated_at = '{moment}' where user_id = {user}",
        "alter table users alter email set not null",
    )


def test_a_bad_row_at_the_source_stops_its_ingest_before_staging_and_a_mended_one_goes_through(
    opened: Opener, tables: Tables, nameless_user: Tables
) -> None:
    before = tables.contents("staging", *PUBLISHED)
    bad, mended = new_ingest_id(), new_ingest_id()

    with opened() as workspace:
        workspace.ingest(bad)
        run = workspace.check("raw", bad)
        reasons = refused(workspace, "staging", bad)

    assert run.verdict is Verdict.FAILED
    assert "raw_postgres.users.email: expect_column_values_to_not_be_null, 1 of 2,300 unexpected" in reasons
    assert tables.contents("staging", *PUBLISHED) == before

    nameless_user.change("update users set email = 'found@example.org', updated_at = now() where email is null")
    with opened() as workspace:
        workspace.ingest(mended)
        assert workspace.check("raw", mended).verdict is Verdict.PASSED
        workspace.load("staging", mended)
        assert workspace.check("staging", mended).verdict is Verdict.PASSED
        workspace.publish("staging", mended)
        refused(workspace, "staging", bad)

    assert tables.value("select email from staging.stg_users where user_id = 1288") == "found@example.org"


def test_what_changes_in_a_table_can_be_seen(state_after_good_run: Path) -> None:
    """The comparison that the tests above lean on."""
    tables = Tables(duckdb_url(state_after_good_run / "warehouse.duckdb"))
    before = tables.contents(*PUBLISHED)
    tables.change("update marts.fct_revenue set amount_dollars = amount_dollars + 0.01 where charge_id in"
                  " (select min(charge_id) from marts.fct_revenue)")  # fmt: skip

    assert len(before) == 9 + len(PUBLISHED)  # each has a table that tells which build it holds
    assert tables.contents(*PUBLISHED) != before
