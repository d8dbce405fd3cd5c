"""A run of 3,000 failing expectations, and how its page opens: `python -m tests.gx.docs.long_result` measures it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from gx.shown import META, Shown
from tests.gx.docs.browsing import chromium, opened
from tests.gx.docs.project import DocsProject, expectation, result

FAILURES = 3_000
_WATCH = """
window.blocks = [];
new PerformanceObserver((list) => blocks.push(...list.getEntries().map((each) => each.duration)))
  .observe({ type: "longtask", buffered: true });
"""
_ASK = """async () => {
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)));
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const [page] = performance.getEntriesByType("navigation");
  return { painted: paint.startTime, usable: page.domContentLoadedEventEnd, blocked: Math.max(0, ...blocks) };
}"""


def publish(project: DocsProject) -> Path:
    """Publish the run; returns its page."""
    outcomes = []
    for number in range(FAILURES):
        config = expectation(column=f"column_{number}", index=number, notes="Someone should look at this column soon.")
        config.meta[META] |= Shown(samples=True, keys=("id",)).to_meta()
        outcomes.append(
            result(
                config,
                success=False,
                element_count=2_846,
                unexpected_count=1_423,
                unexpected_percent=50.0,
                partial_unexpected_index_list=[{"id": row, f"column_{number}": f"value {row}"} for row in range(20)],
                unexpected_index_query=f"SELECT id, column_{number} FROM s.t GROUP BY 1, 2 HAVING count(*) > 1",
            )
        )
    project.publish(project.store_run("s.t", outcomes))
    return next(path for path in (project.site / "validations").rglob("*.html") if not path.name.startswith("~"))


def opening(browser: Browser, path: Path) -> dict[str, float]:
    """Milliseconds until something is painted, until the page can be used, and of the longest task that blocks it."""
    with opened(browser) as (page, _):
        page.add_init_script(_WATCH)
        page.goto(path.as_uri())
        times: dict[str, float] = page.evaluate(_ASK)
        return times


def _measure() -> None:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = publish(DocsProject(Path(folder)))
        sizes = sorted(each.stat().st_size for each in path.parent.glob("*.html"))
        tries = [opening(browser, path) for _ in range(5)]
        worst = {name: max(each[name] for each in tries) for name in tries[0]}
        report = {"bytes": path.stat().st_size, "largest": sizes[-1], "pages": len(sizes), "worst_of_5_ms": worst}
        json.dump(report, sys.stdout, indent=2)


if __name__ == "__main__":
    _measure()
