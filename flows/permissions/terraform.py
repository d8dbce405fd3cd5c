"""Grants of Snowflake in Terraform: a resource that a change takes out is a REVOKE at the next apply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_RESOURCE = re.compile(r'^\s*resource\s+"(snowflake_\w+)"\s+"([^"]+)"')
_WATCHED = ("grant", "_role", "_user", "_account_role", "warehouse", "schema", "database", "service_user")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"[A-Za-z0-9_$]+")


@dataclass(frozen=True)
class Resource:
    """One resource block, as far as it is there.

    Attributes:
        lines: 0-based, the first and the last.
    """

    kind: str
    name: str
    names: frozenset[str]
    lines: tuple[int, int]
    text: str


def resources_in(text: str) -> Iterator[Resource]:
    """The Snowflake resources of a text that may begin and end anywhere."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        found = _RESOURCE.match(lines[at])
        if found is None or not any(word in found[1] for word in _WATCHED):
            at += 1
            continue
        end, depth = at, 0
        while end < len(lines):
            bare = _TEXT.sub("", lines[end].partition("#")[0])
            depth += bare.count("{") - bare.count("}")
            if depth <= 0 and "{" in "".join(lines[at : end + 1]):
                break
            end += 1
        end = min(end, len(lines) - 1)
        block = "\n".join(lines[at : end + 1])
        yield Resource(found[1], found[2], _names(block), (at, end), " ".join(block.split()))
        at = end + 1


def _names(block: str) -> frozenset[str]:
    found: set[str] = set()
    for text in _TEXT.findall(block):
        plain = text.replace('\\"', "").upper()
        found.add(plain)
        found.update(_PART.findall(plain))
    return frozenset(found)
