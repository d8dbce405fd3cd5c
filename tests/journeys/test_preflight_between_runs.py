"""The preflight between runs as it is served: a Prefect flow that alerts, and fails for nothing that it finds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from flows.preflight.flow import preflight_between_runs
from tests.journeys.conftest import PrefectServer
from tests.journeys.prefect_records import connected
from tests.warehouses.roles import Project


def test_what_is_wrong_is_an_alert_and_no_failure_of_the_flow(
    prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "shop.duckdb"
    duckdb.connect(str(database)).close()
    project = Project(tmp_path, URL.create("duckdb", database=str(database)))
    project.write("accounts:\n  - {name: x}\n")
    monkeypatch.setenv("SLUICE_WAREHOUSE_URL", f"duckdb:///{database}")
    monkeypatch.setenv("SLUICE_STATE", str(tmp_path / "state"))

    with connected(prefect_server.url):
        preflight_between_runs(str(tmp_path))  # raises nothing

    with closing(Ledger(project.settings().ledger(), gate_valid_hours=24)) as ledger:
        titles = [alert.problem.title for alert in ledger.alerts.unresolved()]
    assert titles == ["preflight: configuration: service_accounts.yml: failed"]
