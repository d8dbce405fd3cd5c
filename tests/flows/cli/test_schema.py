"""``sluice schema``: what changed is shown, accepted once, and then no longer a difference."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.flows.cli.foreign import ForeignProject


@pytest.fixture
def shop(project: ForeignProject) -> ForeignProject:
    project.suite("expect_table_schema_to_be_as_accepted: {}")
    return project


def files(project: ForeignProject) -> list[Path]:
    return sorted((project.root / "expectations" / "schemas").rglob("*.yml"))


def alter(project: ForeignProject, statement: str) -> None:
    with duckdb.connect(str(project.database)) as connection:
        connection.execute(statement)


def test_accepting_writes_a_file_once(shop: ForeignProject) -> None:
    first = shop.sluice("schema", "accept", "--all")
    assert (first.code, [file.name for file in files(shop)]) == (0, ["shop.orders.yml"])
    written = files(shop)[0].read_text(encoding="utf-8")
    assert "  ordered_at: timestamp\n" in written

    assert "0 files written" in shop.sluice("schema", "accept", "shop.orders").out
    assert files(shop)[0].read_text(encoding="utf-8") == written


def test_drift_is_shown_as_a_difference_until_it_is_accepted(shop: ForeignProject) -> None:
    shop.sluice("schema", "accept", "--all")
    alter(shop, "alter table shop.orders drop column email")
    alter(shop, "alter table shop.orders add column note varchar")
    alter(shop, "alter table shop.orders alter customer_id type bigint")

    shown = shop.sluice("schema", "diff")

    assert shown.code == 1
    assert [line.strip() for line in shown.out.splitlines()[1:]] == [
        "- email", "~ customer_id integer -> bigint", "+ note varchar",
    ]  # fmt: skip
    assert shop.sluice("schema", "accept", "--all").code == 0
    assert shop.sluice("schema", "diff").code == 0


@pytest.mark.parametrize("arguments", [[], ["shop.orders"]])
def test_what_was_never_accepted_is_not_reported_as_fine(shop: ForeignProject, arguments: list[str]) -> None:
    shown = shop.sluice("schema", "diff", *arguments)
    assert shown.code == 3
    assert "none accepted yet: `sluice schema accept shop.orders`" in shown.out
    assert "was not compared" in shown.err


def test_a_table_that_is_gone_is_not_reported_as_fine(shop: ForeignProject) -> None:
    shop.sluice("schema", "accept", "--all")
    alter(shop, "drop table shop.orders")
    shown = shop.sluice("schema", "diff", "--json")
    assert (shown.code, shown.document["tables"][0]["checked"]) == (3, False)


@pytest.mark.parametrize("arguments", [["accept"], ["accept", "--all", "shop.orders"], ["diff", "shop.order"]])
def test_what_was_not_said_is_not_guessed(shop: ForeignProject, arguments: list[str]) -> None:
    assert shop.sluice("schema", *arguments).code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("table: shop.orders\ncolumns: {}\n", "yml:2: `columns` names no column"),
        (
            "table: shop.users\ncolumns: {id: integer}\n",
            "yml:1: this is what was accepted of shop.users, in the",
        ),
    ],
)
def test_an_accepted_file_that_says_nothing_of_its_table_is_refused(shop: ForeignProject, text: str, said: str) -> None:
    shop.sluice("schema", "accept", "--all")
    files(shop)[0].write_text(text, encoding="utf-8")
    shown = shop.sluice("schema", "diff")
    assert shown.code == 2
    assert said in shown.err


def test_a_broken_accepted_file_is_named_with_its_line(shop: ForeignProject) -> None:
    shop.sluice("schema", "accept", "--all")
    files(shop)[0].write_text("table: shop.orders\ncolumns:\n  id: 3\n", encoding="utf-8")
    shown = shop.sluice("schema", "diff")
    assert shown.code == 2
    assert "shop.orders.yml:3" in shown.err


@pytest.mark.parametrize("text", ["garbage: [\n", "table: shop.users\ncolumns: {id: integer}\n"])
def test_a_broken_accepted_file_is_written_anew_and_until_then_it_is_said_how(shop: ForeignProject, text: str) -> None:
    shop.sluice("schema", "accept", "--all")
    before = files(shop)[0].read_text(encoding="utf-8")
    files(shop)[0].write_text(text, encoding="utf-8")
    shown = shop.sluice("schema", "diff")
    assert (shown.code, "`sluice schema accept shop.orders` writes the file anew" in shown.err) == (2, True)

    shown = shop.sluice("schema", "accept", "shop.orders")

    assert shown.code == 0
    assert "the file could not be read, and is written anew" in shown.out
    assert files(shop)[0].read_text(encoding="utf-8") == before
