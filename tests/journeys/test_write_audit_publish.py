"""What a layer's checkpoint refused is not even visible: build apart, check, publish, and take back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from checkpoints.gate import GateClosedError
from checkpoints.result import Verdict
from flows.ingest_ids import new_ingest_id
from flows.workspace import Workspace, open_workspace
from gx.errors import ConfigError
from gx.settings import Settings
from gx.warehouse.publishing import PublishingError
from tests.journeys.command import Sluice
from tests.journeys.conftest import GoodRun
from tests.journeys.tables import Tables

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

Opener = Callable[..., AbstractContextManager[Workspace]]
READERS = ("staging", "intermediate", "marts", "dashboards")


@pytest.fixture
def opened(state_after_good_run: Path, settings_of: Callable[..., Settings]) -> Opener:
    @contextmanager
    def workspace(**others: object) -> Iterator[Workspace]:
        settings = settings_of(state_after_good_run, wait_seconds=20, **others)
        with open_workspace(settings, what="a test", progress=lambda _: None) as found:
            yield found

    return workspace


@pytest.fixture
def tables(state_after_good_run: Path) -> Tables:
    return Tables.of_file(state_after_good_run / "warehouse.duckdb")


def through(workspace: Workspace, load: str, ingest_id: str) -> None:
    """A load as the flow runs it."""
    workspace.load(load, ingest_id)
    assert workspace.check(load, ingest_id, built=True).verdict is Verdict.PASSED
    workspace.publish(load, ingest_id)


def build_of(tables: Tables, schema: str) -> str:
    return str(tables.value(f"select ingest_id from {schema}.sluice_build"))


def test_readers_see_which_ingest_they_read_and_how_old_it_is(good_run: GoodRun) -> None:
    for schema in READERS:
        ((ingest_id, hours),) = good_run.tables.rows(
            "select ingest_id, date_diff('minute', built_at, now()::timestamptz at time zone 'UTC') / 60.0"
            f" from {schema}.sluice_build"
        )
        assert ingest_id == good_run.ingest_id
        assert 0 <= hours < 1
    assert [item["ingest_id"] for item in good_run.ended.document["published"]] == [good_run.ingest_id] * 3


def test_nothing_is_left_in_the_audit_schemas_of_a_run_that_went_through(good_run: GoodRun) -> None:
    assert good_run.tables.names(*(f"{schema}_audit" for schema in READERS)) == set()


def test_a_build_is_seen_by_nobody_until_it_was_checked_and_published(
    opened: Opener, tables: Tables, good_run: GoodRun
) -> None:
    before = tables.contents(*READERS)
    with opened() as workspace:
        workspace.load("staging", good_run.ingest_id)
        with pytest.raises(GateClosedError, match="the gate of publish-staging is closed"):
            workspace.publish("staging", good_run.ingest_id)
        assert tables.contents(*READERS) == before

        workspace.check("staging", good_run.ingest_id, built=True)
        assert tables.contents(*READERS) == before
        workspace.publish("staging", good_run.ingest_id)

    assert tables.value("select built_at from staging.sluice_build") > before["staging.sluice_build"][0][1]
    assert tables.contents("staging_previous") == {
        name.replace("staging.", "staging_previous."): rows
        for name, rows in before.items()
        if name.startswith("staging.")
    }


def test_a_build_that_changed_since_it_was_checked_is_not_published(
    opened: Opener, tables: Tables, good_run: GoodRun
) -> None:
    with opened() as workspace:
        workspace.load("staging", good_run.ingest_id)
        tables.change("insert into staging_audit.stg_users select * from staging_audit.stg_users limit 1")
        run = workspace.check("staging", good_run.ingest_id, built=True)
        assert run.verdict is Verdict.FAILED
        assert any("staging.stg_users.user_id" in reason for reason in run.reasons())  # the name that readers know
        assert not any("_audit" in reason for reason in run.reasons())
        with pytest.raises(GateClosedError):
            workspace.publish("staging", good_run.ingest_id)
    assert tables.repeated("staging.stg_users", "user_id") == 0


def test_a_layer_is_checked_against_the_rest_of_its_own_build(
    opened: Opener, tables: Tables, good_run: GoodRun
) -> None:
    with opened() as workspace:
        workspace.load("marts", good_run.ingest_id)
        tables.change(
            "delete from marts_audit.dim_customers"
            " where customer_id in (select min(customer_id) from marts.dim_customers)"
        )
        run = workspace.check("marts", good_run.ingest_id, built=True)

    assert run.verdict is Verdict.FAILED
    reasons = "\n".join(run.reasons())
    assert "marts.fct_revenue.customer_id: expect_column_values_to_exist_in_table" in reasons
    assert "1,422 customers in marts.dim_customers, 1,423 customers in staging.stg_stripe_customers" in reasons


def test_a_checkpoint_of_a_load_that_built_nothing_is_errored(opened: Opener, good_run: GoodRun) -> None:
    with opened() as workspace:
        with pytest.raises(PublishingError, match="no complete build of marts"):
            workspace.check("marts", good_run.ingest_id, built=True)
        gate = workspace.gate("publish-marts", good_run.ingest_id)
        runs = workspace.ledger.runs_of(good_run.ingest_id)

    assert (gate.is_open, runs[-1].checkpoint, runs[-1].verdict) == (False, "marts", Verdict.ERRORED)


def test_by_hand_a_checkpoint_looks_at_the_build_that_waits_or_else_at_what_readers_see(
    opened: Opener, tables: Tables, good_run: GoodRun, state_after_good_run: Path
) -> None:
    tables.change("update marts.fct_revenue set currency = 'xxx'")
    readers = Sluice(state_after_good_run).run("check", "marts", "--json")
    with opened() as workspace:
        workspace.load("marts", good_run.ingest_id)
        waiting = workspace.check("marts", good_run.ingest_id)
        workspace.publish("marts", good_run.ingest_id)

    assert readers.document["verdict"] == "failed"
    assert waiting.verdict is Verdict.PASSED
    assert tables.value("select count(*) from marts.fct_revenue where currency = 'xxx'") == 0


def test_the_next_layer_is_not_built_from_an_older_version_than_its_gate_speaks_of(
    opened: Opener, tables: Tables
) -> None:
    ingest_id = new_ingest_id()
    before = tables.contents(*READERS)
    with opened() as workspace:
        workspace.ingest(ingest_id)
        workspace.check("raw", ingest_id)
        workspace.load("staging", ingest_id)
        assert workspace.check("staging", ingest_id, built=True).verdict is Verdict.PASSED
        # Killed here, and the load of the marts started by the event that its gate had opened.
        with pytest.raises(PublishingError, match="the load marts reads staging"):
            workspace.load("marts", ingest_id)
        assert tables.contents(*READERS) == before
        workspace.publish("staging", ingest_id)
        through(workspace, "marts", ingest_id)

    assert (build_of(tables, "marts"), build_of(tables, "dashboards") != ingest_id) == (ingest_id, True)


def test_a_rollback_and_forward_again(
    opened: Opener, tables: Tables, good_run: GoodRun, state_after_good_run: Path
) -> None:
    sluice = Sluice(state_after_good_run)
    refused = sluice.run("rollback", "marts", "--json")
    assert (refused.code, "no earlier version" in refused.document["error"]) == (3, True)
    before = tables.contents("intermediate", "marts")
    second, third = new_ingest_id(), new_ingest_id()
    with opened() as workspace:
        for load in _as_far_as_marts(workspace, second):
            through(workspace, load, second)
    assert build_of(tables, "marts") == second

    ended = sluice.run("rollback", "marts", "--json")

    assert ended.code == 0, ended.err
    assert (ended.document["ingest_id"], ended.document["taken_back"]) == (good_run.ingest_id, second)
    assert 0 < ended.document["age_seconds"] < 3600 * 24
    assert tables.contents("intermediate", "marts") == before
    assert sluice.run("gate", "check", "publish-marts").code == 1
    closed = sluice.run("gate", "check", "dashboards", "--ingest", second, "--json").document
    assert (closed["decision"], "taken back: readers use an earlier version" in closed["reasons"][0]) == (
        "closed",
        True,
    )
    assert sluice.run("rollback", "marts").code == 3  # what was taken back does not come back by mistake
    with opened() as workspace:
        with pytest.raises(PublishingError, match="no complete build of marts"):
            workspace.publish("marts", second)
        with pytest.raises(GateClosedError, match="taken back"):  # as a load would whose event comes twice
            workspace.load("marts", second)
        for load in _as_far_as_marts(workspace, third):
            through(workspace, load, third)
    assert build_of(tables, "marts") == third


def _as_far_as_marts(workspace: Workspace, ingest_id: str) -> tuple[str, ...]:
    workspace.ingest(ingest_id)
    assert workspace.check("raw", ingest_id).verdict.opens
    return ("staging", "marts")


def test_incremental_models_go_on_from_what_is_published_and_never_from_a_refused_build(
    opened: Opener, tables: Tables, good_run: GoodRun
) -> None:
    right = tables.contents("intermediate", "marts")
    with opened() as workspace:
        workspace.load("marts", good_run.ingest_id)
        # A wrong row of long ago, which no later run would look at again.
        tables.change("update marts_audit.fct_user_activity set total_events = -1 where user_id in (select min(user_id)"
                      " from marts.fct_user_activity)")  # fmt: skip
        assert workspace.check("marts", good_run.ingest_id, built=True).verdict is Verdict.FAILED

        run = workspace.load("marts", good_run.ingest_id)
        assert workspace.check("marts", good_run.ingest_id, built=True).verdict is Verdict.PASSED
        workspace.publish("marts", good_run.ingest_id)

    assert len(run.models) == 8
    after = tables.contents("intermediate", "marts")
    for schema in ("intermediate", "marts"):
        del right[f"{schema}.sluice_build"], after[f"{schema}.sluice_build"]
    assert after == right


def test_a_layer_that_is_not_audited_is_built_where_readers_see_it(
    opened: Opener, tables: Tables, good_run: GoodRun
) -> None:
    with opened(audit_layers="staging,dashboards") as workspace:
        assert "publish-marts" not in workspace.checkpoints["marts"].gates
        workspace.load("marts", good_run.ingest_id)
        assert "marts.sluice_build" not in tables.names("marts")  # it would speak of another build
        assert tables.names("marts_audit", "intermediate_audit") == set()
        assert workspace.check("marts", good_run.ingest_id).verdict is Verdict.PASSED
        through(workspace, "dashboards", good_run.ingest_id)
        with pytest.raises(ConfigError, match="no load that is audited; these are: staging, dashboards"):
            workspace.roll_back("marts")


def test_no_layer_at_all_or_an_unknown_one(opened: Opener, good_run: GoodRun) -> None:
    with opened(audit_layers="none") as workspace:
        workspace.load("staging", good_run.ingest_id)
        assert workspace.check("staging", good_run.ingest_id).verdict is Verdict.PASSED
        assert len(workspace.load("marts", good_run.ingest_id).models) == 8
    with opened(audit_layers="staging,martz") as workspace, pytest.raises(ConfigError, match=r"'martz'.*marts"):
        workspace.load("staging", good_run.ingest_id)
