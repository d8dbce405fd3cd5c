"""Settings from the environment and the project's .env; wrong ones are told without their values."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from gx.errors import ConfigError
from gx.settings import REFERENCE_PROJECT, Settings, load_settings, source_urls
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.opening import open_warehouse

SECRET = "s3cr3t-marker"


def test_without_any_setting_the_reference_project_and_embedded_databases_are_used() -> None:
    settings = load_settings()
    assert settings.project == REFERENCE_PROJECT
    assert settings.is_reference
    assert settings.warehouse().render_as_string() == f"duckdb:///{REFERENCE_PROJECT / '.sluice' / 'warehouse.duckdb'}"
    assert settings.ledger().get_backend_name() == "sqlite"


def test_the_argument_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("SLUICE_PROJECT", str(tmp_path / "a"))
    assert load_settings().project == tmp_path / "a"
    assert load_settings(tmp_path / "b").project == tmp_path / "b"
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("b")).project == tmp_path / "b"


def test_the_environment_goes_before_the_projects_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(
        "SLUICE_GATE_VALID_HOURS=5\nSLUICE_WAIT_SECONDS=7\nOTHER=x\nSLUICE_PROJECT=/nowhere\n"
    )
    monkeypatch.setenv("SLUICE_WAIT_SECONDS", "8")
    settings = load_settings(tmp_path)
    assert (settings.gate_valid_hours, settings.wait_seconds, settings.project) == (5, 8, tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GATE_VALID_HOURS", "soon"), ("GATE_VALID_HOURS", "0"), ("GATE_VALID_HOURS", "-1"), ("WAIT_SECONDS", "-1"),
     ("WAIT_SECONDS", "1,5"), ("LOAD_TIMEOUT_SECONDS", " ")],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_the_places_that_were_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SLUICE_{name}", value)
    with pytest.raises(ConfigError, match=f"SLUICE_{name}: .*") as caught:
        load_settings(tmp_path)
    assert str(tmp_path / ".env") in str(caught.value)


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_project_that_is_no_directory_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"does not exist .set by --project or SLUICE_PROJECT"):
        load_settings(tmp_path / name)


WRONG_URLS = [
    SECRET, f"postgresql:/me:{SECRET}@host/db", f"postgresql://me:{SECRET}@host:port/db", " ", "://", "duckdb",
    f"postgresql://me:p@{SECRET}@host/db",  # what follows the first @ would be shown as the host
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG_URLS)
@pytest.mark.parametrize("name", ["WAREHOUSE", "LEDGER"])
def test_what_is_no_database_url_is_refused_without_repeating_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(f"SLUICE_{name}_URL", url)
    settings = load_settings(tmp_path)
    with pytest.raises(ConfigError, match=f"SLUICE_{name}_URL is not a database URL; expected for example") as caught:
        settings.warehouse() if name == "WAREHOUSE" else settings.ledger()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("place", ["environment", "file"])
def test_an_empty_variable_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    unset = load_settings(tmp_path)
    names = [f"SLUICE_{name}".upper() for name in Settings.model_fields if name != "project"]
    if place == "file":
        (tmp_path / ".env").write_text("".join(f"{name}=\n" for name in names))
    for name in names if place == "environment" else ():
        monkeypatch.setenv(name, "")
    settings = load_settings(tmp_path)
    assert settings == unset
    assert settings.state_dir == tmp_path / ".sluice"
    assert settings.warehouse().database == str(tmp_path / ".sluice" / "warehouse.duckdb")
    assert settings.ledger().database == str(tmp_path / ".sluice" / "ledger.sqlite")


def test_an_empty_variable_leaves_the_setting_to_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("SLUICE_STRIPE_API_BASE=http://stripe\nSLUICE_SOURCE_ERP_URL=sqlite:////file\n")
    monkeypatch.setenv("SLUICE_STRIPE_API_BASE", "")
    assert load_settings(tmp_path).stripe_api_base == "http://stripe"
    assert str(source_urls(tmp_path, {"SLUICE_SOURCE_ERP_URL": ""})["erp"]) == "sqlite:////file"


@pytest.mark.parametrize("name", ["what?", "a#b", "100%", "%41", "a b", "x?access_mode=read_only", "a@b:c", "é"])
def test_the_embedded_databases_are_in_the_state_directory_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    state = tmp_path / name
    settings = Settings(project=tmp_path, state=state, _env_file=None)
    warehouse = open_warehouse(settings.warehouse(), wait_seconds=0)
    assert isinstance(warehouse, DuckDBWarehouse)
    warehouse.create()
    warehouse.probe()
    warehouse.release()
    ledger = sa.create_engine(settings.ledger())
    with ledger.begin() as connection:
        connection.exec_driver_sql("create table t (n integer)")
    ledger.dispose()
    assert {file.name for file in state.iterdir()} == {"warehouse.duckdb", "ledger.sqlite"}
    assert list(tmp_path.iterdir()) == [state]


@pytest.mark.parametrize(("name", "scheme"), [("WAREHOUSE", "mysql"), ("WAREHOUSE", "sqlite"), ("LEDGER", "duckdb")])
def test_a_database_that_sluice_does_not_know_is_named_with_those_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, scheme: str
) -> None:
    monkeypatch.setenv(f"SLUICE_{name}_URL", f"{scheme}://me:{SECRET}@host/db")
    settings = load_settings(tmp_path)
    with pytest.raises(ConfigError, match=f"SLUICE_{name}_URL names the database '{scheme}'; it can be ") as caught:
        settings.warehouse() if name == "WAREHOUSE" else settings.ledger()
    assert SECRET not in str(caught.value)


def test_sources_are_named_by_their_variables(tmp_path: Path) -> None:
    variables = {"SLUICE_SOURCE_ERP_2_URL": "sqlite:////x", "SLUICE_SOURCE__URL": "no", "SOURCE_B_URL": "no"}
    found = source_urls(tmp_path, variables)
    assert {name: str(url) for name, url in found.items()} == {"erp_2": "sqlite:////x"}
    with pytest.raises(ConfigError, match="SLUICE_SOURCE_ERP_URL is not a database URL") as caught:
        source_urls(tmp_path, {"SLUICE_SOURCE_ERP_URL": SECRET})
    assert SECRET not in str(caught.value)


def test_sources_can_stand_in_the_projects_env_file_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "SLUICE_SOURCE_ERP_URL=sqlite:////file\nexport SLUICE_SOURCE_CRM_URL='sqlite:////a#b'\n"
        "SLUICE_SOURCE_OLD_URL=\nSLUICE_SOURCE_BARE_URL\nSLUICE_WAIT_SECONDS=7\n"
    )
    found = source_urls(tmp_path, {"SLUICE_SOURCE_ERP_URL": "sqlite:////environment"})
    assert {name: str(url) for name, url in found.items()} == {
        "erp": "sqlite:////environment", "crm": "sqlite:////a#b",
    }  # fmt: skip


def test_a_source_in_the_env_file_that_is_no_url_is_told_without_repeating_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SLUICE_SOURCE_ERP_URL={SECRET}\n")
    with pytest.raises(ConfigError, match="SLUICE_SOURCE_ERP_URL is not a database URL") as caught:
        source_urls(tmp_path, {})
    assert SECRET not in str(caught.value)
    # What the environment sets instead is all that has to be right.
    assert "erp" in source_urls(tmp_path, {"SLUICE_SOURCE_ERP_URL": "sqlite:////x"})


def test_secrets_do_not_show_in_the_settings_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAREHOUSE_URL", "LEDGER_URL", "STRIPE_API_KEY", "FIVETRAN_API_SECRET", "FIVETRAN_API_KEY"):
        monkeypatch.setenv(f"SLUICE_{name}", SECRET)
    assert SECRET not in repr(load_settings(tmp_path))


@pytest.mark.parametrize(
    "url", ["duckdb://nope", "duckdb://data/shop.duckdb", "postgresql+asyncpg://u@h/d", "snowflake+x://u@h/d"]
)
def test_a_warehouse_url_that_cannot_work_is_refused_before_it_is_tried(url: str, tmp_path: Path) -> None:
    settings = Settings(project=tmp_path, warehouse_url=SecretStr(url))
    with pytest.raises(ConfigError, match="SLUICE_WAREHOUSE_URL"):
        settings.warehouse()
