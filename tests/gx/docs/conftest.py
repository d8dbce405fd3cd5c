from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.gx.docs import s3_server
from tests.gx.docs.project import CONFIG, DocsProject, in_bucket

_NUMBERS = itertools.count()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocsProject:
    state = tmp_path / "state"  # so that what lands beside it can be seen
    state.mkdir()
    monkeypatch.setenv("SLUICE_STATE_DIR", str(state))
    return DocsProject(state)


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    with s3_server.running() as address:
        yield address


@pytest.fixture
def bucket(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an empty bucket; its server is in the variable SITE_ENDPOINT."""
    for name, value in {**s3_server.CREDENTIALS, "SITE_ENDPOINT": s3_address}.items():
        monkeypatch.setenv(name, value)
    name = f"docs-{next(_NUMBERS)}"
    boto3.client("s3", endpoint_url=s3_address).create_bucket(Bucket=name)
    return name


@pytest.fixture
def bucket_project(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> DocsProject:
    """Results and site in a bucket."""
    monkeypatch.setenv("SLUICE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SITE_BUCKET", bucket)
    return DocsProject(tmp_path, in_bucket(CONFIG))


@pytest.fixture(params=["folder", "bucket"])
def anywhere(request: pytest.FixtureRequest) -> DocsProject:
    """A project whose results and site are in a folder, then one whose are in a bucket."""
    found: DocsProject = request.getfixturevalue("project" if request.param == "folder" else "bucket_project")
    return found
