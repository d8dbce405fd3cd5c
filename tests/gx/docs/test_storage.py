from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gx.docs.folder import atomic_write
from gx.docs.storage import SafeFilesystemStoreBackend


def test_a_reader_never_sees_a_part_of_a_file(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    contents = ["a" * 2_000_000, "b" * 2_000_000]
    atomic_write(page, contents[0])
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            atomic_write(page, contents[number % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(page.read_text())
    writer.join()
    assert seen <= set(contents)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    atomic_write(page, "old")
    with pytest.raises(TypeError):
        atomic_write(page, 5)  # type: ignore[arg-type]
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        atomic_write(tmp_path / "folder", "new")
    assert page.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "page.html"]


@pytest.mark.parametrize("key", [("a", "b"), ("..", "../x"), ("", "/"), ("a.b", "ü"), ("~", "~2f~"), ("x" * 170,)])
def test_a_key_comes_back_from_the_store_as_it_went_in(tmp_path: Path, key: tuple[str, ...]) -> None:
    store = SafeFilesystemStoreBackend(base_directory=str(tmp_path / "store"), filepath_suffix=".json")
    store.set(key, "content")
    assert store.get(key) == "content"
    assert key in store.list_keys()
    assert {path for path in tmp_path.rglob("*.json") if path.is_relative_to(tmp_path / "store")}
    assert store.remove_key(key)
    assert key not in store.list_keys()


def test_an_over_long_key_is_found_again_by_its_listed_name(tmp_path: Path) -> None:
    store = SafeFilesystemStoreBackend(base_directory=str(tmp_path / "store"), filepath_suffix=".json")
    store.set(("x" * 300,), "content")
    (listed,) = (key for key in store.list_keys() if key[0].startswith("x"))
    assert store.get(listed) == "content"
