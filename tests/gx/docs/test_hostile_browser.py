"""What a real Chromium makes of hostile pages: nothing runs, and nothing is asked of anyone."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gx.docs.view import PageView
from tests.gx.docs import hostile
from tests.gx.docs.browsing import chromium, needs_chromium, opened
from tests.gx.docs.project import DocsProject

pytestmark = needs_chromium


@pytest.fixture
def stranger() -> Iterator[tuple[int, list[str]]]:
    """A web server that counts its visitors; a safe page never brings one."""
    visits: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, visits
    server.shutdown()


def test_on_no_page_anything_runs_or_is_requested(
    project: DocsProject, stranger: tuple[int, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, visits = stranger
    aimed = tuple(payload.replace("127.0.0.1:9", f"127.0.0.1:{port}") for payload in hostile.PAYLOADS)
    monkeypatch.setattr(hostile, "PAYLOADS", aimed)
    project.publish(*hostile.store(project), standing=hostile.standing())
    for number, payload in enumerate(aimed):
        broken = PageView("broken.html").render(None, title=payload, message=payload, home="index.html")
        (project.site / f"broken{number}.html").write_text(broken)
    control = tmp_path / "control.html"
    control.write_text("<script>document.title='owned'</script>" + f"<img src=http://127.0.0.1:{port}/control>")
    with chromium() as browser:
        with opened(browser, control) as (page, seen):
            assert page.title() == "owned"
            assert len(seen.strange) == 1
        assert visits == ["/control"]
        with opened(browser) as (page, seen):
            for path in sorted(project.site.rglob("*.html")):
                page.goto(path.as_uri())
                assert page.title() != "owned", path
                assert page.locator("footer").count() == 1, path
                assert page.locator("body :is(img, iframe, base, object, embed), body link").count() == 0, path
                assert seen.strange == [], path
                assert seen.messages == [], path  # nor did our own code break the page's policy
    assert visits == ["/control"]
