"""File names and links of the site: any name gives one valid, unique, safe path.

Ordinary names keep the paths of stock GX (``expectations/<suite>.html``,
``validations/<suite>/<run name>/<run time>/<batch>.html``). Only what a file system or a URL cannot carry is
rewritten, as ``~`` and the character's code in hexadecimal, so that two names never share a page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

INDEX = "index.html"
ROLL_UP = "manifest/roll_up.json"
TABLES = "manifest/tables"
PENDING = "manifest/pending"

_UNSAFE = re.compile(r'^\.|[\x00-\x1f\x7f-\x9f/\\:*?"<>|~\ud800-\udfff]')
_PLAIN = re.compile(r"[A-Za-z0-9/_.~-]*")
_ESCAPED = re.compile(r"~([0-9a-f]+)~")
_LONGEST = 180
"""Bytes of one path component; file systems allow 255, and a suffix and a temporary name need room."""
_SHORTENED = re.compile(r".*~[0-9a-f]{32}", re.DOTALL)
_EMPTY = "~"


def encode(component: str) -> str:
    """One path component for any name: reversible with `decode`, unless the name is too long for a file name.

    A name that is too long keeps its beginning and ends in a digest of the whole. Such a shortened name is
    returned as it is, so that a name read back from a directory leads to the same file.
    """
    if not component:
        return _EMPTY
    if _is_shortened(component):
        return component
    escaped = _UNSAFE.sub(lambda match: f"~{ord(match.group()):x}~", component)
    if len(escaped.encode()) <= _LONGEST:
        return escaped
    digest = hashlib.sha256(component.encode(errors="surrogatepass")).hexdigest()[:32]
    head = escaped.encode()[: _LONGEST - len(digest) - 1].decode(errors="ignore")
    return f"{head}~{digest}"


def decode(component: str) -> str:
    """The name that `encode` was given; a shortened name stays shortened."""
    if component == _EMPTY:
        return ""
    if _is_shortened(component):
        return component
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), component)


def suite_page(key: Sequence[str]) -> str:
    """Path of a suite's page, relative to the site, from the tuple of its `ExpectationSuiteIdentifier`."""
    return _page("expectations", key)


def result_page(key: Sequence[str]) -> str:
    """Path of a validation result's page, relative to the site, from the tuple of its identifier."""
    return _page("validations", key)


def result_key(page: str) -> tuple[str, ...]:
    """The tuple of the identifier whose page this is; a shortened name stays so, and leads to the same file."""
    return tuple(decode(part) for part in page.removesuffix(".html").split("/")[1:])


def table_page(key: str) -> str:
    """Path of a table's page, relative to the site, from `gx.docs.records.table_key`."""
    return f"tables/{encode(key)}.html"


def all_runs_page(key: str) -> str:
    """Path of the page of all runs of a table that are kept."""
    return f"tables/all/{encode(key)}.html"


def table_state(key: str) -> str:
    """Path of what the site remembers of a table."""
    return f"{TABLES}/{encode(key)}.json"


def link(source: str, target: str) -> str:
    """A relative URL that leads from one page of the site to another, on disk and on any web server."""
    here, there = source.split("/")[:-1], target.split("/")
    common = 0
    while common < min(len(here), len(there) - 1) and here[common] == there[common]:
        common += 1
    relative = "../" * (len(here) - common) + "/".join(there[common:])
    # The front page has thousands of links, nearly all of them plain; quoting is what takes long.
    return relative if _PLAIN.fullmatch(relative) else quote(relative, safe="/-_.~")


def _page(section: str, key: Sequence[str]) -> str:
    return "/".join([section, *(encode(part) for part in key)]) + ".html"


def _is_shortened(component: str) -> bool:
    size = len(component.encode(errors="surrogatepass"))
    return _LONGEST - 4 < size <= _LONGEST and _SHORTENED.fullmatch(component) is not None
