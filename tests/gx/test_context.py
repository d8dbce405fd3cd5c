"""Opening the GX context: a project's own configuration, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gx.context
from gx.context import open_context
from gx.errors import ConfigError
from gx.project_config import CONFIG_FILE
from gx.results_store import MaskedValidationResultsStore

SHIPPED = (Path(gx.context.__file__).parent / CONFIG_FILE).read_text(encoding="utf-8")


def write(project: Path, text: str) -> Path:
    file = project / "gx" / CONFIG_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_configuration_keeps_results_masked_in_the_state_directory(tmp_path: Path) -> None:
    context = open_context(tmp_path, tmp_path / "state")
    assert isinstance(context.validation_results_store, MaskedValidationResultsStore)
    backend: Any = context.validation_results_store.store_backend
    assert str(backend.full_base_directory) == str(tmp_path / "state" / "gx" / "validations")


def test_a_projects_own_configuration_is_read_and_never_written(tmp_path: Path) -> None:
    file = write(tmp_path, SHIPPED.replace("/gx/validations", "/mine"))
    context = open_context(tmp_path, tmp_path / "state")
    backend: Any = context.validation_results_store.store_backend
    assert str(backend.full_base_directory) == str(tmp_path / "state" / "mine")
    assert file.read_text(encoding="utf-8") == SHIPPED.replace("/gx/validations", "/mine")


def masked_store_by_stock(text: str) -> str:
    stock = text.replace("masked_validation_results_store", "validation_results_store")
    return stock.replace("    module_name: gx.results_store\n", "").replace("MaskedValidation", "Validation")


WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "not YAML": (lambda text: text + "\nstores: [", "not valid YAML"),
    "empty": (lambda _: "", "GX does not accept"),
    "a list": (lambda _: "- a", "GX does not accept"),
    "unknown key": (lambda text: text + "\nnonsense: 1\n", "GX does not accept"),
    "a store that is not there": (
        lambda text: text.replace("expectations_store_name: expectations_store", "expectations_store_name: x"),
        "GX does not accept",
    ),
    "a store that keeps values": (masked_store_by_stock, "would keep values of the data"),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_configuration_is_refused_with_its_file(tmp_path: Path, how: str) -> None:
    change, problem = WRONG[how]
    file = write(tmp_path, change(SHIPPED))
    with pytest.raises(ConfigError, match=problem) as caught:
        open_context(tmp_path, tmp_path / "state")
    assert caught.value.file == file


def test_a_directory_in_place_of_the_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gx" / CONFIG_FILE).mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        open_context(tmp_path, tmp_path / "state")
