"""``sluice preflight`` as a command: its lines, its exit codes, and how long it takes when nobody answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.journeys.command import Sluice


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


def test_on_the_embedded_warehouse_all_is_well_and_the_missing_grants_are_mentioned(tmp_path: Path) -> None:
    ended = Sluice(tmp_path / "state", {"SLUICE_PREFLIGHT_SECONDS": "60"}).run("preflight")

    assert ended.code == 0, ended.out + ended.err
    assert "DuckDB has no grants" in ended.out
    assert not (tmp_path / "state").exists()


def test_a_warehouse_a_source_and_a_service_that_never_answer_were_not_checked(tmp_path: Path, silent: int) -> None:
    mute = {
        "SLUICE_WAREHOUSE_URL": f"postgresql://me:s3cret-pw@127.0.0.1:{silent}/db?connect_timeout=60",
        "SLUICE_SOURCE_SHOP_URL": f"postgresql://me:s3cret-pw@127.0.0.1:{silent}/db?connect_timeout=60",
        "PREFECT_API_URL": f"http://127.0.0.1:{silent}/api",
        "SLUICE_PREFLIGHT_SECONDS": "3",
    }
    began = time.monotonic()
    ended = Sluice(tmp_path / "state", mute).run("preflight", "--json")
    seconds = time.monotonic() - began

    # Under 10 s with the default of 8; here 3, and the rest is the interpreter's start on a busy machine.
    assert seconds < 30
    by_check = {(line["check"], line["what"]): line["status"] for line in ended.document["lines"]}
    assert by_check["warehouse", "connection"] == "not checked"
    assert by_check["account dbt-production", "role"] == "not checked"
    assert by_check["source shop", "connection"] == "not checked"
    assert by_check["prefect", "connection"] in ("not checked", "failed")
    assert by_check["configuration", "suites and checkpoints"] in ("ok", "not checked")
    assert ended.code in (1, 3)
    assert "s3cret-pw" not in ended.out + ended.err


def test_an_unknown_account_is_a_matter_of_usage(tmp_path: Path) -> None:
    ended = Sluice(tmp_path / "state").run("preflight", "--account", "dbt-producton", "--json")

    assert ended.code == 2
    assert "did you mean 'dbt-production'" in ended.document["error"]
    assert ended.document["lines"] == []


def test_a_wrong_file_alone_is_a_matter_of_configuration_also_that_of_alerts(tmp_path: Path) -> None:
    for name in ("expectations/suites/orders.yml", "checkpoints/orders.yml", "checkpoints/_alerts.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    suite = "table: main.orders\nexpectations:\n  - expect_table_row_count_to_be_between: {min_value: 1}\n"
    (tmp_path / "expectations/suites/orders.yml").write_text(suite)
    (tmp_path / "checkpoints/orders.yml").write_text("suites: ['main.*']\ngates: [mart]\n")
    (tmp_path / "checkpoints/_alerts.yml").write_text("routs: []\n")
    duckdb.connect(str(tmp_path / "shop.duckdb")).close()
    environment = {"SLUICE_PREFLIGHT_SECONDS": "60", "SLUICE_WAREHOUSE_URL": f"duckdb:///{tmp_path / 'shop.duckdb'}"}
    ended = Sluice(tmp_path / "state", environment).run("preflight", "--project", str(tmp_path), "--json")

    (wrong,) = [line for line in ended.document["lines"] if line["status"] == "failed"]
    assert "_alerts.yml:1 is wrong" in wrong["detail"]
    assert ended.code == 2
