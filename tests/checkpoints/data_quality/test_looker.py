"""The LookML under docs/looker: it parses, and asks for columns and fields that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lkml
import pytest
import sqlalchemy as sa

from checkpoints.data_quality.tables import DataQualityTables
from expectations.documents import read_document
from gx.warehouse.opening import open_warehouse

LOOKER = Path(__file__).resolve().parents[3] / "docs" / "looker"
KINDS = ("dimensions", "dimension_groups", "measures")


def parsed(kind: str) -> dict[str, dict[str, Any]]:
    """All views, or explores, of the LookML by name."""
    files = sorted(LOOKER.rglob("*.lkml"))
    return {each["name"]: each for file in files for each in lkml.load(file.read_text()).get(kind, [])}


def columns_of(table: str) -> set[str]:
    """What sluice writes under that name."""
    tables = DataQualityTables("data_quality")
    warehouse = open_warehouse(sa.make_url("duckdb:///:memory:"), wait_seconds=0)
    views = {view.name: set(view.query.selected_columns.keys()) for view in tables.views(warehouse)}
    made = {each.name: set(each.columns.keys()) for each in tables.metadata.sorted_tables}
    return {**made, **views}[table]


def fields_of(view: dict[str, Any]) -> set[str]:
    """The fields that an explore or a dashboard can ask for."""
    plain = {each["name"] for kind in ("dimensions", "measures") for each in view.get(kind, [])}
    times = {f"{group['name']}_{frame}" for group in view["dimension_groups"] for frame in group["timeframes"]}
    return plain | times


@pytest.mark.parametrize("name", ["dashboard_freshness", "data_sla_metrics"])
def test_a_view_shows_every_column_that_there_is_and_no_other(name: str) -> None:
    view = parsed("views")[name]
    assert view["sql_table_name"] == f"data_quality.{name}"
    sql = [each.get("sql", "") for kind in KINDS for each in view.get(kind, [])]
    assert set(re.findall(r"\$\{TABLE\}\.(\w+)", " ".join(sql))) == columns_of(name)


@pytest.mark.parametrize("name", ["dashboard_freshness", "data_sla_metrics"])
def test_a_field_is_made_of_fields_that_there_are(name: str) -> None:
    view = parsed("views")[name]
    sql = " ".join(each.get("sql", "") for kind in KINDS for each in view.get(kind, []))
    html = " ".join(each.get("html", "") for kind in KINDS for each in view.get(kind, []))
    used = set(re.findall(r"\$\{(\w+)\}", sql)) - {"TABLE"} | set(re.findall(r"\{\{ (\w+)\._", html))
    filtered = {key for each in view["measures"] for every in each.get("filters__all", []) for f in every for key in f}
    assert used | filtered <= fields_of(view)


def test_an_explore_is_of_a_view() -> None:
    assert set(parsed("explores")) == set(parsed("views"))


def test_a_dashboard_asks_for_fields_that_there_are_and_begins_with_the_indicator() -> None:
    views = parsed("views")
    for file in LOOKER.rglob("*.dashboard.lookml"):
        (dashboard,) = read_document(file).value
        assert dashboard["elements"][0]["title"] == "Last updated"
        assert "dashboard_freshness.worst_status" in dashboard["elements"][0]["fields"]
        for element in dashboard["elements"]:
            assert element["explore"] in views
            asked = (
                [*element["fields"], *element.get("filters", {}), *(each.split()[0] for each in element["sorts"])]
                if ("sorts" in element)
                else [*element["fields"], *element.get("filters", {})]
            )
            for field in asked:
                view, _, name = field.partition(".")
                assert name in fields_of(views[view]), field


def test_the_indicator_knows_every_status_that_the_warehouse_says() -> None:
    freshness, slas = (parsed("views")[name] for name in ("dashboard_freshness", "data_sla_metrics"))
    html = {each["name"]: each.get("html", "") for view in (freshness, slas) for each in view["dimensions"]}
    assert set(re.findall(r"value == '(\w+)'", html["freshness_status"])) | {"STALE"} == {"FRESH", "WARNING", "STALE"}
    assert set(re.findall(r"value == '(\w+)'", html["sla_status"])) | {"BREACHED"} == {"MET", "WARNING", "BREACHED"}
