"""Somebody's project: a dbt project of their own, with dbt's own schema names, and sluice around it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from flows.dbt import PROJECT_DIR
from tests.flows.cli.foreign import Answer, ForeignProject
from tests.flows.transform import dbt_command
from tests.flows.transform.dbt_command import DbtEnded
from tests.journeys.tables import Tables

DBT_PROJECT = """
name: acme
version: "1.0.0"
profile: acme
flags: {send_anonymous_usage_stats: false}
on-run-start: ["{{ sluice_start_build() }}"]
vars: {audited_schemas: [acme_gold]}
models:
  acme:
    gold: {+schema: gold}
    reports: {+schema: reports, +materialized: table}
"""
SCHEMA_NAME = """
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ sluice_schema(default__generate_schema_name(custom_schema_name, node)) }}
{%- endmacro %}
"""
MODELS = {
    "gold/sales": """{{ config(materialized='incremental') }}
        select id, amount, '{{ env_var("SLUICE_DBT_INGEST_ID", "") }}' as ingest from landing.sales
        {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}""",
    "gold/totals": """{{ config(materialized='table', alias='daily') }}
        select sum(amount) as total from {{ ref('sales') }}""",
    "gold/a_large": "{{ config(materialized='view') }} select * from {{ ref('sales') }} where amount > 50",
    "reports/top": "select max(amount) as amount from {{ ref('a_large') }}",
}
LOADS = """
loads:
  gold: {schemas: [acme_gold], audited: true}
  reports:
"""
READERS = "acme_gold"


@dataclass(frozen=True)
class Own:
    """The project: its dbt, its sluice, and its warehouse, read past both."""

    foreign: ForeignProject
    url: URL

    @property
    def tables(self) -> Tables:
        return Tables(self.url)

    def sluice(self, *arguments: str) -> Answer:
        return self.foreign.sluice(*arguments)

    def code(self, *arguments: str) -> int:
        return self.sluice(*arguments).code

    def dbt(self, ingest: str, select: str = "gold") -> DbtEnded:
        environment = {**os.environ, "SLUICE_DBT_INGEST_ID": ingest}
        return dbt_command.run(self.foreign.root / "dbt", environment, "build", "--select", select)

    def land(self, ingest: str, *rows: tuple[int, int]) -> None:
        """An ingest that passes its own checkpoint."""
        assert self.code("ingest", "begin", ingest) == 0
        self.tables.change(*(f"insert into landing.sales values {row}" for row in rows))
        assert self.code("check", "landing", "--ingest", ingest) == 0

    def build(self, ingest: str, *amounts: int) -> None:
        """In place of dbt, where it does not matter what built the tables; they are built, and not finished."""
        assert self.code("build", "begin", "gold", "--ingest", ingest) == 0
        rows = ", ".join(f"({number}, {amount})" for number, amount in enumerate(amounts))
        self.tables.change(f"create table {READERS}_audit.sales as select * from (values {rows}) as t (id, amount)")

    def publish(self, ingest: str, *amounts: int) -> None:
        """A good ingest, all the way to its readers."""
        self.land(ingest)
        self.build(ingest, *amounts)
        for step in (("build", "finish", "gold"), ("check", "gold", "--built"), ("publish", "gold")):
            assert self.code(*step, "--ingest", ingest) == 0

    def seen(self) -> list[int]:
        """The amounts that readers see."""
        return [amount for (amount,) in self.tables.rows(f"select amount from {READERS}.sales order by id")]


def make(root: Path, monkeypatch: pytest.MonkeyPatch, url: URL) -> Own:
    project = ForeignProject(root, monkeypatch)
    project.set("WAREHOUSE_URL", url.render_as_string(hide_password=False))
    project.set("WAIT_SECONDS", "20")
    if url.get_backend_name() == "duckdb":
        sa.create_engine(url, poolclass=NullPool).connect().close()
    own = Own(project, url)
    own.tables.change("create schema landing", "create table landing.sales (id integer, amount integer)")
    project.suite(
        "expect_column_values_to_not_be_null: {column: id}", table="landing.sales", more="allow_empty: true\n"
    )
    project.suite(
        "expect_column_values_to_be_unique: {column: id}",
        "expect_column_values_to_be_between: {column: amount, min_value: 0}",
        table=f"{READERS}.sales",
    )
    project.checkpoint("suites: [landing.*]\ngates: [gold]\n", name="landing")
    project.checkpoint(f"suites: [{READERS}.*]\ngates: [reports]\n", name="gold")
    project.checkpoint(LOADS, name="_loads")
    return own


def write_dbt(own: Own) -> None:
    """The dbt project, with the macro as one copies it."""
    root, url = own.foreign.root / "dbt", own.url
    profile: dict[str, object] = {"type": "duckdb", "path": url.database, "schema": "acme", "threads": 1}
    if url.get_backend_name() != "duckdb":
        profile = {
            "type": "postgres", "host": url.query["host"], "user": url.username, "password": "", "port": 5432,
            "dbname": url.database, "schema": "acme", "threads": 2,
        }  # fmt: skip
    files = {
        "dbt_project.yml": DBT_PROJECT,
        "profiles.yml": json.dumps({"acme": {"target": "it", "outputs": {"it": profile}}}),
        "macros/schema_name.sql": SCHEMA_NAME,
        "macros/sluice_audit.sql": (PROJECT_DIR / "macros" / "audit.sql").read_text(encoding="utf-8"),
        **{f"models/{name}.sql": text for name, text in MODELS.items()},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
