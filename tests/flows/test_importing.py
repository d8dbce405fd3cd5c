"""Imports that stay: what is collected afterwards, and what is not."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.importing import importing_for_good


@pytest.fixture(autouse=True)
def nothing_stays_frozen() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_what_was_imported_is_kept_out_of_later_collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sluice_test_imported.py").write_text("things = [[] for _ in range(1000)]\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before = gc.get_freeze_count()
    with importing_for_good():
        assert not gc.isenabled()
        importlib.import_module("sluice_test_imported")
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + 1000
    del sys.modules["sluice_test_imported"]


def test_where_nothing_is_imported_nothing_is_kept() -> None:
    before = gc.get_freeze_count()
    with importing_for_good():
        import json  # noqa: F401
    assert gc.get_freeze_count() == before


def test_collection_goes_on_as_before_when_an_import_fails() -> None:
    with pytest.raises(ImportError), importing_for_good():
        importlib.import_module("sluice_is_not_there")
    assert gc.isenabled()
    gc.disable()
    with importing_for_good():
        pass
    assert not gc.isenabled()
