"""What a real browser makes of hostile pages."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.gx.docs import hostile
from tests.gx.docs.project import DocsProject

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--virtual-time-budget=1000",
    "--dump-dom",
]


@pytest.fixture
def stranger() -> object:
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


def _dom(page: Path, profile: Path) -> str:
    command = [str(BROWSER), *QUIET, f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")
def test_in_a_browser_nothing_runs_and_nothing_is_requested(
    project: DocsProject, stranger: tuple[int, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, visits = stranger
    aimed = tuple(payload.replace("127.0.0.1:9", f"127.0.0.1:{port}") for payload in hostile.PAYLOADS)
    monkeypatch.setattr(hostile, "PAYLOADS", aimed)
    project.publish(*hostile.store(project))
    control = tmp_path / "control.html"
    control.write_text("<script>document.title='owned'</script>" + f"<img src=http://127.0.0.1:{port}/control>")
    assert "<title>owned</title>" in _dom(control, tmp_path / "profile")
    assert visits == ["/control"]
    shown = [project.site / "index.html"]
    shown += sorted((project.site / "validations/payload").rglob("*.html"))[:4]
    shown += sorted((project.site / "expectations/payload").rglob("*.html"))[:2]
    for page in shown:
        dom = _dom(page, tmp_path / "profile")
        assert "</footer>" in dom
        assert "<title>owned</title>" not in dom
    assert visits == ["/control"]
