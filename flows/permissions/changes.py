"""What a statement takes away, and from whom or from what."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flows.permissions.tokens import Token, statements

_CONTAINERS = ("WAREHOUSE", "SCHEMA", "DATABASE")
_PEOPLE = ("USER", "ROLE", "GROUP")
_OBJECTS = (*_CONTAINERS, *_PEOPLE, "TABLE", "TABLES", "VIEW", "VIEWS")
_THINGS = (*_CONTAINERS, "TABLE", "TABLES", "VIEW", "VIEWS")
_BETWEEN = ("IF", "NOT", "EXISTS", "ALL", "FUTURE", "IN", "ONLY", *_OBJECTS)


class Kind(StrEnum):
    """What kind of change it is."""

    REVOKE = "REVOKE"
    DROP = "DROP"
    OWNER = "change of owner"
    ALTER = "ALTER"
    REMOVED_GRANT = "GRANT taken out"
    REMOVED_RESOURCE = "Terraform resource taken out or changed"


@dataclass(frozen=True)
class Change:
    """One such statement.

    Attributes:
        sql: its words, to be shown.
        names: every name in it but that of its object, unless that is a user or a role; in upper case: databases fold
            the other way round, so case is left out.
        lines: of the text, 0-based: the first and the last.
        object_kind: what it is about: ``SCHEMA``, ``WAREHOUSE``, ``ROLE``, ...; empty where it does not say.
        target: that object's name, its parts in upper case.
        privileges: what a REVOKE or GRANT is of, in upper case.
        from_everybody: whether what is revoked is everybody's.
    """

    kind: Kind
    sql: str
    names: frozenset[str]
    lines: tuple[int, int]
    object_kind: str = ""
    target: tuple[str, ...] = ()
    privileges: frozenset[str] = frozenset()
    from_everybody: bool = False


def changes_in(sql: str, *, removed: bool = False) -> list[Change]:
    """The changes that a text makes.

    Args:
        sql: statements, whole or not.
        removed: the text is what was taken out of a file: a GRANT there counts, and nothing else does.
    """
    found = []
    for statement in statements(sql):
        start = _start(statement)
        if start is None:
            continue
        tokens = statement[start:]
        kind = _kind(tokens)
        if removed:
            kind = Kind.REMOVED_GRANT if tokens[0].word == "GRANT" else None
        if kind is not None:
            found.append(_change(kind, tokens))
    return found


def _start(statement: Sequence[Token]) -> int | None:
    """Where the verb is: the rest of a statement that began before the hunk may stand before it, or a BEGIN."""
    for position, token in enumerate(statement):
        following = statement[position + 1].word if position + 1 < len(statement) else ""
        if token.word in ("GRANT", "REVOKE") and position + 1 < len(statement) and following != "OPTION":
            return position
        if token.word in ("DROP", "ALTER") and following in (*_OBJECTS, "OWNED", "DEFAULT"):
            return position
        if token.word == "REPLACE" and following in (*_CONTAINERS, *_PEOPLE) and statement[position - 1].word == "OR":
            return position  # the new one has no grants, and nobody has any on it
        if token.word == "REASSIGN" and following == "OWNED":
            return position
    return None


def _kind(tokens: Sequence[Token]) -> Kind | None:
    words = [token.word for token in tokens]
    first, following = words[0], words[1]
    kind: Kind | None = None
    if first == "REVOKE" or (first == "ALTER" and following == "DEFAULT" and "REVOKE" in words):
        kind = Kind.REVOKE
    elif (first == "DROP" and following in (*_OBJECTS, "OWNED")) or first == "REPLACE":
        kind = Kind.DROP
    elif (first, following) in (("GRANT", "OWNERSHIP"), ("REASSIGN", "OWNED")) or (
        first == "ALTER" and ("OWNER", "TO") in itertools.pairwise(words)
    ):
        kind = Kind.OWNER
    elif first == "ALTER" and (following in _PEOPLE or (following in _CONTAINERS and {"RENAME", "SWAP"} & set(words))):
        kind = Kind.ALTER
    return kind


def _change(kind: Kind, tokens: Sequence[Token]) -> Change:
    words = [token.word for token in tokens]
    about = 1
    privileges: frozenset[str] = frozenset()
    if words[0] in ("GRANT", "REVOKE") and "ON" in words:
        about = words.index("ON") + 1
        privileges = _privileges(words[1 : about - 1])
    object_kind = next((word for word in words[about : about + 5] if word in _CONTAINERS), "")
    object_kind = object_kind or next((word for word in words[about : about + 3] if word in _OBJECTS), "")
    path = _path(tokens, about)
    names = {token.text.upper() for token in tokens}
    if object_kind in _THINGS or (about > 1 and object_kind not in _PEOPLE):
        names -= set(path)  # a schema that is called as an account is not that account
    return Change(
        kind,
        _shown(tokens),
        frozenset(names),
        (tokens[0].line, tokens[-1].line),
        object_kind,
        path,
        privileges,
        "PUBLIC" in words and kind is Kind.REVOKE,
    )


def _privileges(words: Sequence[str]) -> frozenset[str]:
    found: list[list[str]] = [[]]
    for word in words:
        if word == "," or not word:
            found.append([])
        else:
            found[-1].append(word)
    return frozenset(" ".join(one) for one in found if one)


def _path(tokens: Sequence[Token], start: int) -> tuple[str, ...]:
    at = start
    while at < len(tokens) and tokens[at].word in _BETWEEN:
        at += 1
    path: list[str] = []
    while at < len(tokens):
        path.append(tokens[at].text.upper())
        if at + 1 >= len(tokens) or tokens[at + 1].quoted or tokens[at + 1].text != ".":
            break
        at += 2
    return tuple(path)


def _shown(tokens: Sequence[Token]) -> str:
    text = " ".join(f'"{token.text}"' if token.quoted else token.text for token in tokens)
    for sign in (".", ",", ")"):
        text = text.replace(f" {sign}", sign)
    text = text.replace(". ", ".").replace("( ", "(")
    return text if len(text) <= 160 else f"{text[:157]}..."
