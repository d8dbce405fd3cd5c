"""The hook for other projects, as ``.pre-commit-hooks.yaml`` declares it: pre-commit adds the files of a commit."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from flows.cli.app import cli

ROOT = Path(__file__).resolve().parents[3]
GOOD = "select user_id, count(*) as events from events group by user_id\n"
BAD = "select u.id, (select count(*) from events e where e.user_id = u.id) as n from users u\n"


@pytest.mark.parametrize(("sql", "code"), [(GOOD, 0), (BAD, 1)])
def test_the_hook_passes_a_good_file_and_stops_a_bad_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str, code: int
) -> None:
    (hook,) = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    command, *arguments = shlex.split(hook["entry"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert command in scripts
    assert (hook["language"], hook["types"]) == ("python", ["sql"])
    (tmp_path / "model.sql").write_text(sql, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, [*arguments, "model.sql"]).exit_code == code
    assert [path.name for path in tmp_path.iterdir()] == ["model.sql"]  # it leaves nothing in the repository
