from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.cli.foreign import ForeignProject, make


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForeignProject:
    """A team's project, its warehouse set in the environment."""
    return make(tmp_path / "team", monkeypatch)
