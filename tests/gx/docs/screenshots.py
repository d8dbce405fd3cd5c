"""Pictures of the main pages for the README: `make screenshots` writes them anew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.gx.docs import showcase
from tests.gx.docs.browsing import chromium, opened
from tests.gx.docs.project import DocsProject

FOLDER = Path(__file__).parents[3] / "docs" / "screenshots"
_DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
_PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5}
_DARK: dict[str, Any] = {**_DESK, "color_scheme": "dark"}


def _main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        project = DocsProject(Path(folder))
        showcase.publish(project)
        index = project.site / "index.html"
        table = project.site / f"tables/{showcase.CHARGES}.html"
        run = max((project.site / "validations/staging/stg_stripe_charges").rglob("*.html"))
        pictures = {
            "front-page": (index, _DESK),
            "front-page-dark": (index, _DARK),
            "front-page-phone": (index, _PHONE),
            "table": (table, _DESK),
            "table-phone": (table, _PHONE),
            "run": (run, _DESK),
            "run-dark": (run, _DARK),
            "run-phone": (run, _PHONE),
        }
        for name, (path, options) in pictures.items():
            with opened(browser, **options) as (page, _):
                page.clock.set_fixed_time(showcase.NOW)
                page.goto(path.as_uri())
                page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    _main()
