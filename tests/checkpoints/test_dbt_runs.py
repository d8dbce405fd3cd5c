"""What a model's time means: the requirements document's limits, and what it cost."""

from __future__ import annotations

from datetime import datetime

import pytest

from checkpoints.data_quality.dbt_runs import ModelRun, Prices, status_of
from gx.errors import ConfigError

AT = datetime(2025, 10, 1)  # noqa: DTZ001 - as the tables have it


def model(seconds: float | None, size: str | None = None, status: str = "success") -> ModelRun:
    return ModelRun("model.shop.fct", status, seconds, AT, warehouse_size=size)


@pytest.mark.parametrize(
    ("seconds", "performance"),
    [(0, "OK"), (300, "OK"), (300.001, "WARNING"), (600, "WARNING"), (600.001, "SLOW"), (None, "UNKNOWN")],
)
def test_the_status_has_the_documents_limits(seconds: float | None, performance: str) -> None:
    assert model(seconds).performance == performance


def test_eight_hours_on_four_warehouses_cost_the_documents_384_dollars() -> None:
    assert Prices(clusters=4).dollars(model(8 * 3600)) == 384
    assert Prices().dollars(model(3600)) == 12
    assert Prices().dollars(model(None)) is None


@pytest.mark.parametrize("size", ["X-Small", "XSMALL", "x-small", "X Small"])
def test_a_price_is_found_by_the_size_however_it_is_written(size: str) -> None:
    prices = Prices.parse("10, X-Small=3 ,Large = 24")
    assert prices.dollars(model(3600, size)) == 3
    assert prices.dollars(model(3600, "Large")) == 24
    assert prices.dollars(model(3600, "Medium")) == 10
    assert prices.dollars(model(3600)) == 10


@pytest.mark.parametrize("text", ["twelve", "-1", "nan", "inf", "=3", "Large=", "12; Large=24"])
def test_a_price_that_is_no_number_of_dollars_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ConfigError, match=r"SLUICE_MODEL_PRICES holds .*12, X-Small=3, Large=24"):
        Prices.parse(text)


def test_a_run_succeeded_when_each_of_its_models_did() -> None:
    assert status_of(()) == "empty"
    assert status_of((model(1), model(1))) == "success"
    assert status_of((model(1), model(0, status="skipped"))) == "error"


@pytest.mark.parametrize(("unique_id", "name"), [("model.shop.fct", "fct"), ("model.shop.fct.v2", "fct.v2")])
def test_a_models_name_is_without_its_project_and_with_its_version(unique_id: str, name: str) -> None:
    assert ModelRun(unique_id, "success", 1, AT).name == name
