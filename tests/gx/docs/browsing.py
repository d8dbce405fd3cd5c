"""A real Chromium, and what a page asked of it: requests, messages on the console, errors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")


@dataclass
class Seen:
    """What happened while a page was open."""

    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    """The browser's own too, such as violations of a page's policy."""

    @property
    def strange(self) -> list[str]:
        """Every request but for files of the site."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's, or whichever there is; none is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path | None = None, **options: Any) -> Iterator[tuple[Page, Seen]]:
    """A page in a context of its own; ``options`` are the context's."""
    context = browser.new_context(**options)
    page, seen = context.new_page(), Seen()
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))
    if path is not None:
        page.goto(path.as_uri())
    yield page, seen
    context.close()
