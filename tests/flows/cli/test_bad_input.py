"""Bad input: a clear error, the right exit code, and never a passed verdict or an open gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import checkpoints.ledger.connection as connection_module
from tests.checkpoints.ledger.spoiled import SPOILED, locked
from tests.flows.cli.foreign import Answer, ForeignProject

SECRET = "s3cr3t-marker"
HOLDS = "expect_column_values_to_not_be_null: {column: id}"

Spoil = Callable[[ForeignProject], object]


def text(path: str, content: str) -> Spoil:
    def spoil(project: ForeignProject) -> None:
        file = project.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    return spoil


def directory(path: str) -> Spoil:
    def spoil(project: ForeignProject) -> None:
        file = project.root / path
        file.unlink(missing_ok=True)
        file.mkdir(parents=True)

    return spoil


def setting(name: str, value: str) -> Spoil:
    return lambda project: project.set(name, value)


def table_named_twice(project: ForeignProject) -> None:
    project.sql("create table main.bills as select 1 as id")
    project.suite(HOLDS, table="bills")
    project.suite(HOLDS, table="main.bills")


SUITE = "expectations/suites/shop.orders.yml"
# Name: what is wrong, what `sluice check` exits with, and what it says.
WRONG: dict[str, tuple[Spoil, int, str]] = {
    "unknown expectation": (
        lambda project: project.suite(HOLDS, "expect_column_values_to_be_uniqe: {column: id}"),
        2,
        "shop.orders.yml:4: there is no expectation 'expect_column_values_to_be_uniqe' (did you mean",
    ),
    "unknown argument": (
        lambda project: project.suite("expect_column_values_to_be_unique: {colunm: id}"),
        2,
        "shop.orders.yml:3: expect_column_values_to_be_unique takes no argument 'colunm' (did you mean 'column'?)",
    ),
    "wrong type": (
        lambda project: project.suite("expect_column_values_to_be_between: {column: id, min_value: many}"),
        2,
        "shop.orders.yml:3: expect_column_values_to_be_between: min_value: value is not a valid float",
    ),
    "unknown column": (
        lambda project: project.suite("expect_column_values_to_be_unique: {column: nope}"),
        3,
        'Error: The column "nope" in BatchData does not exist.',
    ),
    "missing table": (
        lambda project: project.suite(HOLDS, table="shop.gone"),
        3,
        "the table shop.gone does not exist",
    ),
    "missing schema": (
        lambda project: project.suite(HOLDS, table="nowhere.orders"),
        3,
        "the table nowhere.orders does not exist",
    ),
    "missing database": (
        lambda project: project.suite(HOLDS, table="x.shop.orders"),
        3,
        "the table x.shop.orders does not exist",
    ),
    "missing parent table": (
        lambda project: project.suite(
            "expect_column_values_to_exist_in_table: {column: id, parent_table: shop.gone, parent_column: id}"
        ),
        3,
        "expect_column_values_to_exist_in_table could not be checked: ",
    ),
    "malformed YAML": (
        text(SUITE, "table: shop.orders\nexpectations: [\n"),
        2,
        "shop.orders.yml:3: this is not valid YAML",
    ),
    "malformed checkpoint": (
        text("checkpoints/mycheck.yml", "suites: {\n"),
        2,
        "mycheck.yml:2: this is not valid YAML",
    ),
    "another checkpoint malformed": (text("checkpoints/b.yml", "suites: 5\n"), 2, "b.yml:1: `suites` must be a list"),
    "suite name with a slash": (
        lambda project: project.suite(HOLDS, more="name: a/b\n"),
        2,
        "shop.orders.yml:2: the suite name 'a/b' cannot be used",
    ),
    "two suites of one name": (
        lambda project: project.suite(HOLDS, file="again.yml"),
        2,
        "the suite name 'shop.orders' is taken by",
    ),
    "two suites for one table": (
        lambda project: project.suite(HOLDS, file="again.yml", more="name: again\n"),
        2,
        "mycheck.yml:1: two suites are about the table shop.orders",
    ),
    "two spellings of one table": (
        lambda project: project.suite(HOLDS, table="Shop.ORDERS", file="again.yml", more="name: again\n"),
        2,
        "mycheck.yml:1: two suites are about the table",
    ),
    "one table with and without schema": (
        table_named_twice,
        2,
        "mycheck.yml:1: two suites are about one table",
    ),
    "no suite matches": (
        lambda project: project.checkpoint('suites: ["*", "marts.*"]\ngates: [marts]\n'),
        2,
        "mycheck.yml:1: no suite is called 'marts.*'; there are: shop.orders",
    ),
    "no suites at all": (
        lambda project: (project.root / SUITE).unlink(),
        2,
        "mycheck.yml:1: no suite is called '*'; there are: none",
    ),
    "a directory for a suite": (directory(SUITE), 2, "shop.orders.yml: cannot be read: Is a directory"),
    "a directory for a checkpoint": (directory("checkpoints/mycheck.yml"), 2, "mycheck.yml: cannot be read"),
    "a directory for the warehouse": (directory("data/team.duckdb"), 3, "cannot connect to the warehouse duckdb:"),
    "a text for the warehouse": (
        text("data/team.duckdb", "this is no database at all, is it? " * 200),
        3,
        "cannot connect to the warehouse duckdb:",
    ),
    "no warehouse file": (
        lambda project: project.database.unlink(),
        3,
        "does not exist: there is no file",
    ),
    "a file for the state directory": (text(".sluice", "in the way"), 2, "the state directory"),
    "a directory for the ledger": (directory(".sluice/ledger.sqlite"), 3, "the ledger sqlite:"),
    "a text for the ledger": (text(".sluice/ledger.sqlite", "no database, this"), 3, "file is not a database"),
    "wrong GX configuration": (
        text("gx/great_expectations.yml", "stores: 5\n"),
        2,
        "great_expectations.yml: GX does not accept",
    ),
    "malformed warehouse URL": (
        setting("WAREHOUSE_URL", f"duckdb:{SECRET}"),
        2,
        "SLUICE_WAREHOUSE_URL is not a database URL",
    ),
    "unknown database": (
        setting("WAREHOUSE_URL", f"mysql://me:{SECRET}@h/db"),
        2,
        "names the database 'mysql'; it can be duckdb",
    ),
    "unknown driver": (
        setting("WAREHOUSE_URL", f"postgresql+nope://me:{SECRET}@h/db"),
        2,
        "SLUICE_WAREHOUSE_URL names a driver other than psycopg2 or psycopg; leave it out",
    ),
    "refused warehouse": (
        setting("WAREHOUSE_URL", f"postgresql://me:{SECRET}@127.0.0.1:1/db"),
        3,
        "cannot connect to the warehouse postgresql://me:***@127.0.0.1:1/db: connection to server",
    ),
    "unresolved warehouse": (
        setting("WAREHOUSE_URL", f"postgresql://me:{SECRET}@nowhere.invalid/db"),
        3,
        "cannot connect to the warehouse postgresql://me:***@nowhere.invalid/db: could not translate host name",
    ),
    "refused ledger": (
        setting("LEDGER_URL", f"postgresql://me:{SECRET}@127.0.0.1:1/db"),
        3,
        "the ledger postgresql://me:***@127.0.0.1:1/db cannot be used: connection to server",
    ),
    "malformed ledger URL": (setting("LEDGER_URL", SECRET), 2, "SLUICE_LEDGER_URL is not a database URL"),
    "malformed source URL": (setting("SOURCE_ERP_URL", SECRET), 2, "SLUICE_SOURCE_ERP_URL is not a database URL"),
    "wrong number": (setting("WAIT_SECONDS", "soon"), 2, "SLUICE_WAIT_SECONDS: "),
}


def told(answer: Answer) -> str:
    return " ".join((answer.out + answer.err).split())


@pytest.mark.parametrize("how", WRONG)
def test_bad_input_is_told_and_opens_nothing(project: ForeignProject, how: str) -> None:
    project.suite(HOLDS)
    spoil, code, message = WRONG[how]
    spoil(project)
    answer = project.check()
    assert message in told(answer)
    assert answer.code == code
    assert "passed" not in answer.out
    gate = project.gate()
    assert gate.code in (1, 2)
    assert "marts        open" not in gate.out
    assert SECRET not in answer.out + answer.err + gate.out + gate.err
    in_json = project.check("--json")
    assert in_json.code == code
    assert in_json.document["verdict"] == "errored"
    assert SECRET not in in_json.out + in_json.err


@pytest.mark.parametrize(
    "how", ["unknown expectation", "missing table", "no warehouse file", "refused warehouse", "no suite matches"]
)
def test_a_gate_that_was_open_closes_when_its_checkpoint_can_no_longer_be_run(
    project: ForeignProject, how: str
) -> None:
    project.suite(HOLDS)
    assert project.check().code == 0
    assert project.gate().code == 0
    spoil, code, _ = WRONG[how]
    spoil(project)
    assert project.check().code == code
    gate = project.gate()
    assert gate.code == 1
    assert "mycheck errored: " in gate.out


def test_reconciling_with_a_source_that_cannot_be_reached_is_errored_without_its_password(
    project: ForeignProject,
) -> None:
    project.suite(HOLDS, "expect_table_row_count_to_reconcile_with_source: {source: erp, source_table: t}")
    project.set("SOURCE_ERP_URL", f"postgresql://me:{SECRET}@127.0.0.1:1/db")
    answer = project.check("--json")
    assert answer.code == 3
    assert "the source 'erp' could not give t: connection to server" in answer.document["results"][1]["error"]
    assert answer.document["results"][0]["success"] is True
    assert SECRET not in answer.out + answer.err


UNKNOWN = {
    ("check", "mychek"): "there is no checkpoint 'mychek' (did you mean 'mycheck'?); there are: mycheck",
    ("gate", "check", "mart"): "no checkpoint gates a load 'mart' (did you mean 'marts'?); the gated loads are: marts",
    ("check",): "Missing argument 'CHECKPOINT'",
    ("gate", "check"): "Missing argument 'LOAD'",
    ("chek",): "No such command 'chek'",
    ("check", "mycheck", "--jsn"): "No such option",
}


@pytest.mark.parametrize("arguments", UNKNOWN)
def test_what_does_not_exist_is_a_usage_error_with_a_suggestion(
    project: ForeignProject, arguments: tuple[str, ...]
) -> None:
    project.suite(HOLDS)
    answer = project.sluice(*arguments)
    assert answer.code == 2
    assert UNKNOWN[arguments] in told(answer)
    assert answer.out == ""


@pytest.mark.parametrize(
    "command", [("check", "mycheck"), ("gate", "check", "marts"), ("gate", "status"), ("suites", "list")]
)
@pytest.mark.parametrize("where", ["absent", "file", "empty"])
def test_a_project_that_is_none_is_a_usage_error_also_in_json(
    tmp_path: Path, project: ForeignProject, command: tuple[str, ...], where: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    answer = project.sluice(*command, "--json", "--project", str(tmp_path / where), project=False)
    assert answer.code == 2
    assert "error" in answer.document
    assert answer.document["exit_code"] == 2


@pytest.mark.parametrize("how", SPOILED)
def test_the_gate_of_a_spoiled_ledger_is_closed_and_says_why(project: ForeignProject, how: str) -> None:
    project.suite(HOLDS)
    assert project.check().code == 0
    spoil, _ = SPOILED[how]
    for path in project.state.rglob("*"):
        if path.is_file() and path.name != "ledger.sqlite":
            path.unlink()
    for path in sorted(project.state.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
    spoil(project.state / "ledger.sqlite")
    gate = project.gate()
    assert (gate.code, gate.out.startswith("gate marts        closed")) == (1, True)
    in_json = project.gate("--json")
    assert (in_json.code, in_json.document["decision"]) == (1, "closed")
    assert in_json.document["reasons"]
    assert project.sluice("gate", "status").code == 1


def test_the_gate_of_a_locked_ledger_is_closed(project: ForeignProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_BUSY_SECONDS", 1)
    project.suite(HOLDS)
    assert project.check().code == 0
    with locked(project.state / "ledger.sqlite"):
        gate = project.gate()
    assert (gate.code, "database is locked" in gate.out) == (1, True)
    assert project.gate().code == 0
