"""Reads a page as a browser would: its text, its links, and whatever could run or load something."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from gx.docs.view import asset

ALLOWED_TAGS = {"html", "head", "meta", "title", "link", "style", "body", "header", "footer", "nav", "main"}
ALLOWED_TAGS |= {"section", "h1", "h2", "p", "span", "strong", "a", "ul", "li", "dl", "div", "dt", "dd", "i"}
ALLOWED_TAGS |= {"details", "summary", "pre", "time", "table", "colgroup", "col", "thead", "tbody", "tr", "th", "td"}
ALLOWED_TAGS |= {"figure", "figcaption", "form", "label", "input", "select", "option", "button", "code", "script"}
ALLOWED_TAGS |= {"svg", "path", "polyline"}
SCRIPTS = {asset(name) for name in ("age.js", "filter.js", "plots.js", "uPlot-1.6.32.iife.min.js")}
SEPARATE = {"dd", "dt", "li", "p", "td", "th"}
LOADING_ATTRIBUTES = {"href", "src", "srcset", "action", "formaction", "data", "poster", "background", "ping"}


@dataclass
class Page:
    text: str
    links: list[str]
    dangers: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self.dangers: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag in SEPARATE:
            self.words.append(" ")
        if tag not in ALLOWED_TAGS:
            self.dangers.append(f"<{tag}>")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            if re.search(r"url\(|@import|expression", data):
                self.dangers.append("style that loads something")
        elif self._open and self._open[-1] == "script":
            if data not in SCRIPTS:
                self.dangers.append(f"script {data[:80]}")
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.dangers.append(f"<!--{data}-->")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith(("on", "xlink")) or name == "style":
            self.dangers.append(f"{tag} {name}={value}")
        if name not in LOADING_ATTRIBUTES:
            return
        parts = urlsplit(value)
        if tag == "link" and value.startswith("data:image/svg+xml,"):
            return
        if parts.scheme or parts.netloc or value.startswith(("/", "\\")):
            self.dangers.append(f"{tag} {name}={value}")
        if parts.path:  # else it leads to a place of this page
            self.links.append(unquote(parts.path))


def read(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(re.sub(r"\s+", " ", "".join(reader.words)), reader.links, reader.dangers)
