"""A PostgreSQL warehouse with a service account, and a project that has it in its registry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from flows.preflight.lines import Line, Status
from flows.preflight.preflight import Preflight, preflight
from gx.settings import Settings
from gx.warehouse.opening import open_warehouse

SUITE = "table: main.orders\nexpectations:\n  - expect_table_row_count_to_be_between: {min_value: 1}\n"


@dataclass(frozen=True)
class Project:
    """A project of somebody's own, with one suite and one checkpoint."""

    directory: Path
    url: URL

    def write(self, registry: str) -> None:
        suites = self.directory / "expectations" / "suites"
        suites.mkdir(parents=True, exist_ok=True)
        (suites / "orders.yml").write_text(SUITE)
        (self.directory / "checkpoints").mkdir(exist_ok=True)
        (self.directory / "checkpoints" / "orders.yml").write_text("suites: ['main.*']\ngates: [mart]\n")
        (self.directory / "service_accounts.yml").write_text(registry)

    def settings(self, **others: object) -> Settings:
        # Far more than it takes, however many others share the machine.
        given = {
            "preflight_seconds": 60,
            "project": self.directory,
            "state": self.directory / "state",
            "data_quality_schema": "none",
            **others,
        }
        return Settings.model_validate({"warehouse_url": self.url.render_as_string(hide_password=False), **given})

    def look(
        self, *, run: bool = False, environment: Mapping[str, str] | None = None, account: str | None = None,
        **others: object,
    ) -> Preflight:  # fmt: skip
        settings = self.settings(**others)
        warehouse = open_warehouse(settings.warehouse(), wait_seconds=1)
        try:
            with closing(Ledger(settings.ledger(), gate_valid_hours=24)) as ledger:
                return preflight(
                    settings, warehouse, ledger, run=run, account=account,
                    environment=environment if environment is not None else {"PATH": os.environ["PATH"]},
                )  # fmt: skip
        finally:
            warehouse.release()


def red(found: Preflight) -> list[Line]:
    return [line for line in found.lines if line.status is Status.FAILED]


def line(found: Preflight, what: str, check: str = "") -> Line:
    (one,) = [one for one in found.lines if one.what == what and check in one.check]
    return one


def execute(url: URL, *statements: str) -> None:
    """Run statements, each by itself."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
