"""Write, audit, publish for a dbt project of one's own: what the orchestrator calls around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from checkpoints.gate import GateClosedError
from flows.building import begin_build, finish_build, publish
from gx.errors import ConfigError
from tests.flows.transform.own_project import LOADS, READERS, Own, make, write_dbt

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def own(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    if request.param == "duckdb":
        yield make(tmp_path, monkeypatch, URL.create("duckdb", database=str(tmp_path / "acme.duckdb")))
        return
    url: URL = request.getfixturevalue("postgres_url")
    admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS acme WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE acme"))
    yield make(tmp_path, monkeypatch, url.set(database="acme"))


def through(own: Own, ingest: str) -> list[int]:
    """The orchestrator's steps for one ingest; their exit codes."""
    codes = [own.code("build", "begin", "gold", "--ingest", ingest)]
    done = own.dbt(ingest)
    assert done.returncode == 0, done.stdout
    steps = ("build", "finish", "gold"), ("check", "gold", "--built"), ("publish", "gold")
    return codes + [own.code(*step, "--ingest", ingest) for step in steps]


def test_the_way_of_good_and_bad_ingests_through_a_dbt_project(own: Own) -> None:
    write_dbt(own)
    own.foreign.suite("expect_column_values_to_be_between: {column: amount, min_value: 51}", table=f"{READERS}.a_large")
    rows = own.tables.rows

    own.land("first", (1, 10), (2, 60))
    refused = own.dbt("first")
    assert "no build in acme_gold_audit was begun for ingest first" in " ".join(refused.stdout.split())
    assert refused.returncode != 0
    assert own.tables.names("acme_gold_audit", READERS) == set()
    assert through(own, "first") == [0, 0, 0, 0]
    assert own.tables.names(READERS) == {f"{READERS}.{name}" for name in ("sales", "daily", "a_large", "sluice_build")}
    assert own.dbt("first", "reports").returncode == 0  # needs no build; its `ref` reads what is published

    own.land("second", (3, 70))
    assert through(own, "second") == [0, 0, 0, 0]
    right = [(1, 10, "first"), (2, 60, "first"), (3, 70, "second")]  # the incremental model went on
    assert rows(f"select * from {READERS}.sales order by id") == right
    assert rows(f"select * from {READERS}.a_large order by id") == right[1:]
    assert rows("select * from acme_reports.top") == [(60,)]

    own.land("third", (4, -5))
    assert through(own, "third") == [0, 0, 1, 1]
    assert rows(f"select total from {READERS}.daily") == [(140,)]
    assert rows(f"select * from {READERS}.sales order by id") == right
    assert own.code("gate", "check", "reports") == 1
    assert own.dbt("third").returncode != 0  # a build that is complete is not written to any more

    own.tables.change("update landing.sales set amount = 80 where id = 4")
    own.land("fourth")
    assert through(own, "fourth") == [0, 0, 0, 0]
    assert rows(f"select * from {READERS}.a_large order by id") == [*right[1:], (4, 80, "fourth")]

    assert own.code("rollback", "gold") == 0
    assert rows(f"select * from {READERS}.sales order by id") == right
    assert rows(f"select * from {READERS}.a_large order by id") == right[1:]
    assert rows(f"select total from {READERS}.daily") == [(140,)]


def test_what_was_rolled_back_does_not_come_back(own: Own) -> None:
    own.publish("first", 1)
    own.publish("second", 2)
    own.build("second", 22)  # once more, from the same rows
    assert own.code("build", "finish", "gold", "--ingest", "second") == 0

    ended = own.sluice("rollback", "gold", "--json")

    assert (ended.code, ended.document["ingest_id"], ended.document["taken_back"]) == (0, "first", "second")
    assert own.seen() == [1]
    assert own.code("check", "gold", "--built", "--ingest", "second") == 3
    assert own.code("check", "gold", "--ingest", "second") == 0  # of what readers see, which decides nothing
    assert own.code("gate", "check", "reports", "--ingest", "second") == 1
    for step in ("build", "begin"), ("publish",):
        answer = own.sluice(*step, "gold", "--ingest", "second", "--json")
        assert (answer.code, own.seen()) == (1, [1])
        assert answer.document["exit_code"] == 1
    assert own.code("rollback", "gold") == 3
    own.publish("third", 3)
    assert own.seen() == [3]


def test_a_build_that_nobody_checked_is_not_published(own: Own) -> None:
    own.publish("first", 1)
    own.land("second")
    own.build("second", 2)
    assert own.code("publish", "gold", "--ingest", "second") == 1  # not even complete
    assert own.code("build", "finish", "gold", "--ingest", "second") == 0
    answer = own.sluice("publish", "gold", "--ingest", "second", "--json")
    assert (answer.code, answer.document["published"], own.seen()) == (1, False, [1])
    assert "the gate of publish-gold is closed" in answer.document["error"]

    assert own.code("check", "gold", "--ingest", "second") == 0  # it finds the build that waits
    assert own.code("publish", "gold", "--ingest", "first") == 1
    assert own.code("publish", "gold", "--ingest", "second") == 0
    assert own.code("publish", "gold", "--ingest", "second") == 0  # said twice
    assert own.seen() == [2]


def test_a_build_that_was_begun_and_never_finished(own: Own) -> None:
    own.publish("first", 1)
    own.land("second")
    own.build("second", 2)
    assert own.code("check", "gold", "--built", "--ingest", "second") == 3
    assert own.code("check", "gold", "--ingest", "second") == 0  # readers see nothing of it, so that opens no gate
    assert own.code("publish", "gold", "--ingest", "second") == 1
    assert own.code("gate", "check", "reports", "--ingest", "second") == 1
    own.publish("third", 3)
    assert own.seen() == [3]


def test_a_build_is_finished_for_the_ingest_that_it_was_begun_for(own: Own) -> None:
    own.land("first")
    missing = own.sluice("build", "finish", "gold", "--ingest", "first")
    assert (missing.code, "none was begun" in missing.err) == (3, True)
    assert own.code("build", "begin", "gold", "--ingest", "first") == 0
    empty = own.sluice("build", "finish", "gold", "--ingest", "first")
    assert (empty.code, "nothing was built in acme_gold_audit" in empty.err, "audited_schemas" in empty.err) == (
        3,
        True,
        True,
    )
    own.build("first", 1)
    other = own.sluice("build", "finish", "gold", "--ingest", "zeroth")
    assert (other.code, "begun last is of ingest first" in other.err) == (3, True)
    for _ in range(2):  # said twice
        assert own.code("build", "finish", "gold", "--ingest", "first") == 0


def test_ingests_that_interleave_cannot_borrow_from_each_other(own: Own) -> None:
    own.publish("first", 1)
    own.land("second")
    own.build("second", 2)
    own.land("third")
    own.build("third", -3)

    assert own.code("build", "finish", "gold", "--ingest", "second") == 3
    assert own.code("build", "finish", "gold", "--ingest", "third") == 0
    assert own.code("check", "gold", "--built", "--ingest", "second") == 3
    assert own.code("check", "gold", "--built", "--ingest", "third") == 1
    for ingest in ("second", "third"):
        assert own.code("publish", "gold", "--ingest", ingest) == 1

    own.land("fourth")
    own.build("fourth", 4)
    assert own.code("build", "finish", "gold", "--ingest", "fourth") == 0
    assert own.code("check", "gold", "--built", "--ingest", "fourth") == 0
    own.land("fifth")
    assert own.code("publish", "gold", "--ingest", "fourth") == 1  # its decision speaks of it no more
    assert own.seen() == [1]


def test_a_build_that_replaces_a_checked_one_has_to_be_checked_itself(own: Own) -> None:
    own.publish("first", 1)
    own.land("second")
    own.build("second", 2)
    assert own.code("build", "finish", "gold", "--ingest", "second") == 0
    assert own.code("check", "gold", "--built", "--ingest", "second") == 0
    own.build("second", -2)
    assert own.code("build", "finish", "gold", "--ingest", "second") == 0
    assert own.code("publish", "gold", "--ingest", "second") == 1
    assert own.seen() == [1]


def test_a_build_behind_a_closed_gate_does_not_begin(own: Own) -> None:
    assert own.code("ingest", "begin", "first") == 0
    answer = own.sluice("build", "begin", "gold", "--json")
    assert (answer.code, "the gate of gold is closed" in answer.document["error"]) == (1, True)
    assert own.tables.names("acme_gold_audit") == set()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Own:
    return make(tmp_path, monkeypatch, URL.create("duckdb", database=str(tmp_path / "acme.duckdb")))


def test_the_same_from_python(small: Own) -> None:
    root = small.foreign.root
    small.land("first")
    assert begin_build("gold", project=root) == "first"
    small.tables.change(f"create table {READERS}_audit.sales as select 1 as id, 5 as amount")
    assert finish_build("gold", project=str(root), ingest_id="first") == "first"
    with pytest.raises(GateClosedError):
        publish("gold", project=root, ingest_id="first")
    assert small.code("check", "gold", "--built") == 0
    assert publish("gold", project=root, ingest_id="first") == "first"
    assert small.seen() == [5]


@pytest.mark.parametrize("command", ["build begin", "build finish", "publish", "rollback"])
def test_a_load_that_is_unknown_or_not_audited(small: Own, command: str) -> None:
    small.land("first")
    for load in ("glod", "reports"):
        answer = small.sluice(*command.split(), load)
        assert answer.code == 2
        assert f"{load!r} is no load that is audited" in answer.err
        assert "these are: gold" in answer.err
    assert "(did you mean 'gold'?)" in small.sluice(*command.split(), "glod").err
    assert small.code("check", "landing", "--built") == 2
    small.foreign.set("AUDIT_LAYERS", "none")
    assert small.code(*command.split(), "gold") == 2


def test_nothing_is_built_before_an_ingest_began(small: Own) -> None:
    assert small.code("build", "begin", "gold") == 2
    with pytest.raises(ConfigError, match="no ingest has begun yet"):
        begin_build("gold", project=small.foreign.root)


def test_a_load_without_a_gate_of_its_own_begins_its_ingest(small: Own) -> None:
    small.foreign.checkpoint("suites: [landing.*]\n", name="landing")
    small.build("nightly", 7)
    for step in (("build", "finish", "gold"), ("check", "gold", "--built"), ("publish", "gold")):
        assert small.code(*step) == 0
    assert small.tables.value(f"select ingest_id from {READERS}.sluice_build") == "nightly"


def test_an_audited_load_needs_a_checkpoint_of_its_name(small: Own) -> None:
    (small.foreign.root / "checkpoints" / "gold.yml").rename(small.foreign.root / "checkpoints" / "golden.yml")
    answer = small.sluice("check", "landing")
    assert (answer.code, "_loads.yml:3" in answer.err, "gold.yml" in answer.err) == (2, True, True)


@pytest.mark.parametrize(
    ("table", "suites", "problem"),
    [
        ("sales", '["*"]', "sales is read beside a layer that is not published yet: write it as schema.table"),
        (f"acme.{READERS}.sales", '["*"]', f"acme.{READERS}.sales is read beside a layer"),
        (
            f"{READERS}.sales",
            "[landing.*]",
            f"lets {READERS} be published, and none of its suites is about a table there",
        ),
    ],
)
def test_a_checkpoint_that_would_not_read_the_build_opens_nothing(
    small: Own, table: str, suites: str, problem: str
) -> None:
    small.publish("first", 1)
    small.land("second")
    small.build("second", -2)
    assert small.code("build", "finish", "gold") == 0
    small.foreign.suite("expect_column_values_to_be_unique: {column: id}", table=table, file=f"{READERS}.sales.yml")
    small.foreign.checkpoint(f"suites: {suites}\ngates: [reports]\n", name="gold")

    answer = small.sluice("check", "gold", "--built")

    assert (answer.code, problem in answer.err) == (2, True)
    assert small.code("publish", "gold") == 1
    assert small.seen() == [1]


def test_loads_may_be_left_unaudited_by_the_setting(small: Own) -> None:
    small.foreign.set("AUDIT_LAYERS", "gold, reports")
    answer = small.sluice("gate", "status")
    assert (answer.code, "SLUICE_AUDIT_LAYERS names 'reports'" in answer.err) == (2, True)
    assert LOADS.count("audited: true") == 1
