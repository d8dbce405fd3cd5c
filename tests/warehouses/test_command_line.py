"""``SLUICE_WAREHOUSE_URL`` alone is enough to check tables on any warehouse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from tests.warehouses.sites import ROOT, Site


def check(project: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from flows.cli import main; main()",
            "check",
            "mine",
            "--project",
            str(project),
            "--json",
        ],
        cwd=ROOT,
        env={**os.environ, "SLUICE_WAREHOUSE_URL": url, "SLUICE_WAIT_SECONDS": "5"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_project_of_yaml_alone_is_checked(site: Site, tmp_path: Path) -> None:
    (tmp_path / "expectations" / "suites").mkdir(parents=True)
    (tmp_path / "checkpoints").mkdir()
    expectations = [
        {"expect_column_values_to_be_unique": {"column": "id"}},
        {"expect_column_values_to_be_unique": {"column": "code"}, "severity": "warning"},
    ]
    YAML().dump({"table": "shop.orders", "expectations": expectations}, tmp_path / "expectations/suites/orders.yml")
    YAML().dump({"suites": ["*"], "gates": ["marts"]}, tmp_path / "checkpoints/mine.yml")

    done = check(tmp_path, site.url.render_as_string(hide_password=False))

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["verdict"], report["gates"]) == ("warned", {"marts": "open"})
    assert [(r["element_count"], r["unexpected_count"]) for r in report["results"]] == [(8, 0), (8, 2)]
    if site.url.password:
        assert site.url.password not in done.stdout + done.stderr
