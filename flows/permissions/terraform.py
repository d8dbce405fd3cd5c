"""Grants of Snowflake in Terraform: a resource that a change takes out is a REVOKE or a DROP at the next apply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.permissions.changes import Change, Kind
from flows.permissions.tokens import UNKNOWN

_RESOURCE = re.compile(r'^\s*resource\s+"(snowflake_\w+)"\s+"([^"]+)"')
_WATCHED = ("grant", "_role", "_user", "_account_role", "warehouse", "schema", "database", "service_user")
_OBJECTS = {f"snowflake_{kind}": kind.upper() for kind in ("warehouse", "schema", "database", "table", "view")}
_OBJECTS["snowflake_transient_table"] = "TABLE"
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"[A-Za-z0-9_$]+")
_FILLED_IN = re.compile(r"[$%]\{[^}]*\}")
_PRIVILEGES = re.compile(r"^\s*(?:privileges\s*=\s*\[[^\]]*\]|privilege\s*=\s*\"[^\"]*\")", re.MULTILINE)
_ALL_PRIVILEGES = re.compile(r"^\s*all_privileges\s*=\s*true\b", re.MULTILINE)
_KIND = re.compile(r'^\s*object_type(?:_plural)?\s*=\s*"(\w+)"', re.MULTILINE)
_ON = re.compile(r"^\s*on_(schema|database)\b\s*[={]", re.MULTILINE)
_OLD_GRANT = re.compile(r"snowflake_(\w+?)_grant$")
_NAME = re.compile(r'^\s*(name|schema|database)\s*=\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
_DEFAULT = re.compile(r"^\s*default_\w+\s*=.*$", re.MULTILINE)
"""A user's default role loses nothing with that user."""
_WHOSE = re.compile(
    r"^\s*(?:\w*role_name|\w*user_name|roles|users|login_name|(?P<own>name))\s*=\s*(?P<value>\S.*)$", re.MULTILINE
)
_EXPRESSION = re.compile(r"[A-Za-z_]\w*[.\[(]")


@dataclass(frozen=True)
class Resource:
    """One resource block, as far as it is there.

    Attributes:
        lines: 0-based, the first and the last.
        block: its text.
    """

    kind: str
    name: str
    lines: tuple[int, int]
    block: str

    @property
    def text(self) -> str:
        """Its text in one line."""
        return " ".join(self.block.split())

    @property
    def besides(self) -> str:
        """The same without its list of privileges."""
        return " ".join(_PRIVILEGES.sub("", self.block).split())

    @property
    def names(self) -> frozenset[str]:
        """What stands in quotes in it, as a whole and in parts, in upper case."""
        plain = [text.replace('\\"', "").upper() for text in _TEXT.findall(_DEFAULT.sub("", self.block))]
        return frozenset([*plain, *(part for text in plain for part in _PART.findall(text))])

    @property
    def privileges(self) -> frozenset[str]:
        """What it grants."""
        listed = [name.upper() for found in _PRIVILEGES.findall(self.block) for name in _TEXT.findall(found)]
        return frozenset([*listed, *(["ALL PRIVILEGES"] if _ALL_PRIVILEGES.search(self.block) else [])])

    @property
    def granted_on(self) -> str:
        """What kind of object its privileges are on; empty where it does not say."""
        old = _OLD_GRANT.match(self.kind)
        for found in (_KIND.search(self.block), _ON.search(self.block), old):
            if found:
                return found[1].upper()
        return ""

    @property
    def unknown(self) -> frozenset[str]:
        """Names of roles and users that are not all there: expressions, and texts with one in them."""
        found = set()
        for line in _WHOSE.finditer(self.block):
            if line["own"] and ("grant" in self.kind or self.kind in _OBJECTS):
                continue
            value = line["value"].partition("#")[0]
            texts = [_FILLED_IN.sub(UNKNOWN, text) for text in _TEXT.findall(value)]
            found |= {text.upper() for text in texts if UNKNOWN in text}
            if _EXPRESSION.search(_TEXT.sub("", value)):
                found.add(UNKNOWN)
        return frozenset(found)

    @property
    def path(self) -> tuple[str, ...]:
        """The name of the object that it makes."""
        named = dict(_NAME.findall(self.block))
        parts = [named[key].replace('\\"', "") for key in ("database", "schema", "name") if key in named]
        return tuple(_FILLED_IN.sub(UNKNOWN, part).upper() for part in parts)


def taken_out(old: str, new: str) -> Iterator[Change]:
    """What goes when the one text becomes the other. Privileges that are added take nothing away."""
    after = {(one.kind, one.name): one for one in resources_in(new)}
    for one in resources_in(old):
        now = after.get((one.kind, one.name))
        if now is not None and now.text == one.text:
            continue
        gone = one.privileges
        if now is not None and now.besides == one.besides:
            gone = frozenset() if "ALL PRIVILEGES" in now.privileges else one.privileges - now.privileges
            if not gone:
                continue
        if one.kind in _OBJECTS:
            if now is None or now.path != one.path:
                yield Change(
                    Kind.REMOVED_RESOURCE, one.text, frozenset(), one.lines, _OBJECTS[one.kind], one.path,
                )  # fmt: skip
        else:
            is_gone = now is None and "grant" not in one.kind
            kind = "ROLE" if is_gone and "role" in one.kind else "USER" if is_gone else one.granted_on
            yield Change(
                Kind.REMOVED_RESOURCE, one.text, one.names, one.lines, kind, privileges=gone, unknown=one.unknown
            )


def resources_in(text: str) -> Iterator[Resource]:
    """The Snowflake resources of a text that may begin and end anywhere."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        found = _RESOURCE.match(lines[at])
        if found is None or not (found[1] in _OBJECTS or any(word in found[1] for word in _WATCHED)):
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
        yield Resource(found[1], found[2], (at, end), "\n".join(lines[at : end + 1]))
        at = end + 1
