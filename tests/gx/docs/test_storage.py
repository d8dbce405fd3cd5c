from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from gx.docs.errors import SiteBusyError, StorageError
from gx.docs.folder import Folder, atomic_write
from gx.docs.objects import HTML, JSON, Objects
from gx.docs.s3 import Bucket
from gx.docs.storage import SafeFilesystemStoreBackend, SafeS3StoreBackend, SafeStoreBackend
from tests.gx.docs.project import DocsProject


def _objects(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Objects:
    if kind == "folder":
        return Folder(tmp_path / "objects")
    return Bucket(request.getfixturevalue("bucket"), "a/prefix", request.getfixturevalue("s3_address"))


@pytest.fixture(params=["folder", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    return _objects(request.param, tmp_path, request)


def test_objects_are_written_read_listed_and_deleted(objects: Objects) -> None:
    assert objects.read("pages/a.html") is None
    assert list(objects.list("pages")) == []
    for path in ("pages/b/c.html", "pages/a.html", "pages-too/d.html"):
        objects.write(path, path.encode(), HTML)
    stored = objects.read("pages/a.html")
    assert stored is not None
    assert stored.data == b"pages/a.html"
    assert list(objects.list("pages")) == ["pages/a.html", "pages/b/c.html"]
    assert set(objects.list("")) == {"pages/a.html", "pages/b/c.html", "pages-too/d.html"}
    objects.delete("pages/a.html")
    objects.delete("pages/a.html")
    assert (objects.has("pages/a.html"), objects.has("pages/b/c.html")) == (False, True)


def test_a_swap_succeeds_only_for_the_version_that_was_read(objects: Objects) -> None:
    assert objects.swap("state.json", b"1", None)
    assert not objects.swap("state.json", b"2", None)
    first = objects.read("state.json")
    assert first is not None
    assert objects.swap("state.json", b"2", first.version)
    assert not objects.swap("state.json", b"3", first.version)
    second = objects.read("state.json")
    assert second is not None
    assert second.data == b"2"
    objects.delete("state.json")
    assert not objects.swap("state.json", b"4", second.version)
    assert not objects.has("state.json")


def test_no_update_of_many_is_lost(objects: Objects) -> None:
    def count() -> None:
        for _ in range(10):
            while True:
                stored = objects.read("count.json")
                value = int(stored.data) if stored else 0
                if objects.swap("count.json", str(value + 1).encode(), stored.version if stored else None):
                    break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    stored = objects.read("count.json")
    assert stored is not None
    assert stored.data == b"40"


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


def test_a_lock_that_is_never_released_is_an_error_that_says_so(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(SiteBusyError, match=r"locked for more than 0\.05 s") as raised,
    ):
        Folder(tmp_path, lock_timeout=0.05).swap("state.json", b"1", None)
    assert raised.value.transient


@pytest.mark.parametrize("key", [("a", "b"), ("..", "../x"), ("", "/"), ("a.b", "ü"), ("~", "~2f~"), ("x" * 170,)])
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_key_comes_back_from_the_store_as_it_went_in(
    kind: str, key: tuple[str, ...], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store: SafeStoreBackend
    if kind == "folder":
        store = SafeFilesystemStoreBackend(base_directory=str(tmp_path / "store"), filepath_suffix=".json")
    else:
        options = {"endpoint_url": request.getfixturevalue("s3_address")}
        name = request.getfixturevalue("bucket")
        store = SafeS3StoreBackend(name, "store", boto3_options=options, filepath_suffix=".json")
    store.set(key, "content")
    assert store.get(key) == "content"
    assert key in store.list_keys()
    assert all(path.is_relative_to(tmp_path / "store") for path in tmp_path.rglob("*.json"))
    assert store.remove_key(key)
    assert key not in store.list_keys()
    assert not store.has_key(key)


def test_an_over_long_key_is_found_again_by_its_listed_name(tmp_path: Path) -> None:
    store = SafeFilesystemStoreBackend(base_directory=str(tmp_path / "store"), filepath_suffix=".json")
    store.set(("x" * 300,), "content")
    (listed,) = (key for key in store.list_keys() if key[0].startswith("x"))
    assert store.get(listed) == "content"


def test_a_bucket_that_is_not_there_is_an_error_that_names_it_and_no_secret(bucket: str, s3_address: str) -> None:
    with pytest.raises(StorageError, match=r"s3://not-there/site/a\.html at http.*NoSuchBucket") as raised:
        Bucket("not-there", "site", s3_address).write("a.html", b"", HTML)
    assert "secret" not in str(raised.value)


def test_a_store_that_does_not_answer_is_an_error_that_may_pass(bucket: str) -> None:
    with pytest.raises(StorageError, match="Could not connect") as raised:
        Bucket("any", "", "http://127.0.0.1:9").write("a.json", b"", JSON)
    assert raised.value.transient


def test_other_options_of_boto3_are_refused_by_name(bucket: str) -> None:
    with pytest.raises(TypeError, match="not aws_secret_access_key"):
        SafeS3StoreBackend(bucket, boto3_options={"aws_secret_access_key": "..."})


def test_a_page_in_a_bucket_is_html_and_is_asked_for_anew(bucket_project: DocsProject, bucket: str) -> None:
    import boto3

    bucket_project.publish()
    client = boto3.client("s3", endpoint_url=bucket_project.objects.endpoint)  # type: ignore[attr-defined]
    head = client.head_object(Bucket=bucket, Key="data_docs/index.html")
    assert head["ContentType"] == "text/html; charset=utf-8"
    assert head["CacheControl"] == "no-cache"
