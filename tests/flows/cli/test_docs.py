"""``sluice docs``: where the site is, serving it, and repairing it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest

from flows.cli.docs_server import PortError, docs_server
from gx.docs.s3 import Bucket
from gx.project_config import CONFIG_FILE, config_file
from tests.flows.cli.foreign import ForeignProject
from tests.gx.docs import s3_server

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checked(project: ForeignProject) -> ForeignProject:
    """A project whose one table has been checked twice."""
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    for _ in range(2):
        assert project.sluice("check", "mycheck").code == 0
    return project


def test_open_prints_the_path_of_the_front_page(checked: ForeignProject) -> None:
    index = checked.state / "data_docs" / "index.html"
    assert checked.sluice("docs", "open").out == f"{index}\n"
    assert checked.sluice("docs", "open", "--json").document == {"index": str(index), "directory": str(index.parent)}


def test_before_the_first_check_open_says_what_to_do(project: ForeignProject) -> None:
    answer = project.sluice("docs", "open")
    assert answer.code == 3
    assert "run a checkpoint" in answer.err


def _in_a_bucket(project: ForeignProject, more: str) -> None:
    text = config_file(project.root).read_text(encoding="utf-8")
    site = "      class_name: SafeFilesystemStoreBackend\n      base_directory: ${SLUICE_STATE_DIR}/data_docs\n"
    assert site in text
    file = project.root / "gx" / CONFIG_FILE
    file.parent.mkdir()
    place = f"      class_name: SafeS3StoreBackend\n      bucket: ${{DOCS_BUCKET}}\n      prefix: quality\n{more}"
    file.write_text(text.replace(site, place), encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ("", "https://docs-of-ours.s3.amazonaws.com/quality/index.html"),
        (
            "      boto3_options: {endpoint_url: 'http://127.0.0.1:9'}\n",
            "http://127.0.0.1:9/docs-of-ours/quality/index.html",
        ),
        ("      base_public_path: https://docs.example.com/\n", "https://docs.example.com/index.html"),
    ],
)
@pytest.mark.parametrize("command", ["open", "serve"])
def test_of_a_site_in_a_bucket_the_address_is_told(
    project: ForeignProject, monkeypatch: pytest.MonkeyPatch, command: str, more: str, url: str
) -> None:
    _in_a_bucket(project, more)
    monkeypatch.setenv("DOCS_BUCKET", "docs-of-ours")
    answer = project.sluice("docs", command)
    assert (answer.code, answer.out) == (0, f"{url}\n")


def test_a_project_without_a_site_is_checked_all_the_same(project: ForeignProject) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    text = config_file(project.root).read_text(encoding="utf-8")
    (project.root / "gx").mkdir()
    (project.root / "gx" / CONFIG_FILE).write_text(text[: text.index("data_docs_sites:")], encoding="utf-8")
    answer = project.sluice("check", "mycheck")
    assert answer.code == 0
    assert "Data Docs: none were published" in answer.out
    assert "Data Docs could not be published" in answer.err
    assert project.sluice("docs", "open").code == 2


def test_a_variable_that_is_not_set_is_named(project: ForeignProject) -> None:
    _in_a_bucket(project, "")
    answer = project.sluice("docs", "open")
    assert answer.code == 2
    assert "the variable DOCS_BUCKET is not set" in answer.err


def test_the_server_sends_pages_with_the_policy_and_nothing_else(checked: ForeignProject) -> None:
    import threading

    with docs_server(checked.state / "data_docs", "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with urllib.request.urlopen(server.url, timeout=10) as answer:
            page = answer.read().decode()
            policy = answer.headers["Content-Security-Policy"]
        assert page == (checked.state / "data_docs" / "index.html").read_text(encoding="utf-8")
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for path in ("manifest/roll_up.json", "tables/", "validations/../manifest/roll_up.json", "..%2fledger.sqlite"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{server.url}{path}", timeout=10)
        with pytest.raises(PortError, match="choose another --port"):
            docs_server(checked.state, "127.0.0.1", server.server_address[1])
        server.shutdown()


def test_reconcile_and_rebuild_restore_what_was_deleted(checked: ForeignProject) -> None:
    site = checked.state / "data_docs"
    before = {path: path.read_text() for path in site.rglob("*.html")}
    assert len(before) == 5  # two runs, suite, table, index
    for command in ("reconcile", "rebuild"):
        for path in before:
            path.unlink()
        answer = checked.sluice("docs", command, "--json")
        assert (answer.code, answer.document["runs"], answer.document["problems"]) == (0, 2, [])
        assert {path: path.read_text() for path in site.rglob("*.html")} == before
    assert "2 runs; 0 pages written, 0 runs deleted" in checked.sluice("docs", "reconcile").out


def test_a_page_that_cannot_be_made_is_told_and_the_rest_is_published(checked: ForeignProject) -> None:
    stored = sorted((checked.state / "gx" / "validations").rglob("*.json"))
    stored[0].write_text("{")
    answer = checked.sluice("docs", "rebuild")
    assert answer.code == 3
    assert "a run of suite shop.orders could not be made" in answer.err
    assert "1 runs" in answer.out or "2 runs" in answer.out
    again = checked.sluice("check", "mycheck")
    assert "could not be published" not in again.err


def test_many_runs_are_rebuilt_by_several_processes(checked: ForeignProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.cli.docs._WORTH_PROCESSES", 1)
    site = checked.state / "data_docs"
    before = {path: path.read_text() for path in site.rglob("*.html")}
    for path in before:
        path.unlink()
    answer = checked.sluice("docs", "rebuild")
    assert "2 of 2 runs written" in answer.err
    assert {path: path.read_text() for path in site.rglob("*.html")} == before


def test_open_starts_without_anything_heavy(checked: ForeignProject) -> None:
    code = (
        "import atexit, sys\n"
        "heavy = {'great_expectations', 'jinja2', 'boto3', 'prefect', 'pandas'}\n"
        "atexit.register(lambda: print(sorted(heavy & sys.modules.keys()), file=sys.stderr, flush=True))\n"
        "from flows.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "docs", "open", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SLUICE_PROJECT": str(checked.root)},
        cwd=checked.root, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "[]")
    assert Path(json.loads(done.stdout)["index"]).is_file()


def test_results_and_site_in_a_bucket(project: ForeignProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    text = config_file(project.root).read_text(encoding="utf-8")
    for folder in ("gx/validations", "data_docs"):
        place = f"bucket: quality\n      prefix: {folder}\n      boto3_options: {{endpoint_url: $S3_ADDRESS}}"
        text = text.replace(f"base_directory: ${{SLUICE_STATE_DIR}}/{folder}", place)
    (project.root / "gx").mkdir()
    text = text.replace("SafeFilesystemStoreBackend", "SafeS3StoreBackend")
    (project.root / "gx" / CONFIG_FILE).write_text(text, encoding="utf-8")
    with s3_server.running() as address:
        for name, value in {**s3_server.CREDENTIALS, "S3_ADDRESS": address}.items():
            monkeypatch.setenv(name, value)
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket="quality")
        for _ in range(2):
            assert project.sluice("check", "mycheck").code == 0
        url = f"{address}/quality/data_docs/index.html"
        assert project.sluice("docs", "open").out == f"{url}\n"
        stored = Bucket("quality", "", address)
        pages = {path for path in stored.list("data_docs") if path.endswith(".html")}
        assert len(pages) == 5  # two runs, suite, table, index
        assert len(list(stored.list("gx/validations/shop"))) == 2
        for path in pages:
            stored.delete(path)
        answer = project.sluice("docs", "reconcile")
        assert answer.out == "2 runs; 4 pages written, 0 runs deleted\n"
        assert {path for path in stored.list("data_docs") if path.endswith(".html")} == pages
    assert list(project.state.rglob("*.html")) == []
    closed = project.sluice("check", "mycheck")
    assert closed.code == 0
    assert "Data Docs could not be published" in closed.err
