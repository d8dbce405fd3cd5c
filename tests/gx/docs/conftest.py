from __future__ import annotations

from pathlib import Path

import pytest

from tests.gx.docs.project import DocsProject


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocsProject:
    monkeypatch.setenv("SLUICE_STATE_DIR", str(tmp_path))
    return DocsProject(tmp_path)
