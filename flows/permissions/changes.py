"""What a statement takes away, and from whom or from what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flows.permissions.clipping import MOST, clipped, completed, cut_off
from flows.permissions.tokens import UNKNOWN, Token, statements

_CONTAINERS = ("WAREHOUSE", "SCHEMA", "DATABASE")
_PEOPLE = ("USER", "ROLE", "GROUP")
_OBJECTS = (*_CONTAINERS, *_PEOPLE, "TABLE", "TABLES", "VIEW", "VIEWS")
_THINGS = (*_CONTAINERS, "TABLE", "TABLES", "VIEW", "VIEWS")
_RELATIONS = ("TABLE", "VIEW")
_KINDS_OF_RELATION = (
    "MATERIALIZED",
    "EXTERNAL",
    "FOREIGN",
    "DYNAMIC",
    "ICEBERG",
    "HYBRID",
    "TRANSIENT",
    "SECURE",
    "RECURSIVE",
)
"""What may stand before TABLE or VIEW. Not TEMPORARY: such a table is another one, of one session."""
_BETWEEN = ("IF", "NOT", "EXISTS", "ALL", "FUTURE", "IN", "ONLY", *_KINDS_OF_RELATION, *_OBJECTS)


class Kind(StrEnum):
    """What kind of change it is."""

    REVOKE = "REVOKE"
    DROP = "DROP"
    REPLACE = "CREATE OR REPLACE"
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
        unknown: names in it, other than the object's, of which a part is filled in by another program; a variable is
            :data:`~flows.permissions.tokens.UNKNOWN` there, as in ``target``.
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
    unknown: frozenset[str] = frozenset()


def changes_in(sql: str, *, removed: bool = False, in_program: bool = False) -> list[Change]:
    """The changes that a text makes.

    Args:
        sql: statements, whole or not.
        removed: the text is what was taken out of a file: a GRANT there counts, and nothing else does.
        in_program: the statements stand among a program's own words.
    """
    found: list[Change] = []
    for tokens in _found(sql, in_program):
        kind = _kind(tokens)
        if removed:
            kind = Kind.REMOVED_GRANT if tokens[0].word == "GRANT" else None
        if kind is not None:
            abouts = _objects(tokens)
            found.extend(_change(kind, tokens, about, abouts[0]) for about in abouts)
    return found


def _found(sql: str, in_program: bool) -> Iterator[list[Token]]:
    """The statements of a text, each from its verb on."""
    for statement in statements(sql):
        after = 0
        for start in _starts(statement):
            if not in_program:
                one = statement[start:]
                yield completed(one) if cut_off(one) else one
                break
            if start < after:
                continue  # it is a part of the one before
            one = clipped(statement[start : start + MOST])
            after = start + max(len(one), 1)
            if len(one) > 1:
                yield one


def _starts(statement: Sequence[Token]) -> Iterator[int]:
    """Where verbs are: the rest of a statement that began before the hunk may stand before one, or a BEGIN."""
    for position, token in enumerate(statement):
        rest = statement[position + 1 : position + 5]
        following = rest[0].word if rest else ""
        if (
            (token.word in ("GRANT", "REVOKE") and rest and following != "OPTION")
            or (token.word in ("DROP", "ALTER") and (following in ("OWNED", "DEFAULT") or _object(rest)))
            # A new one in its place has no grants, and nobody has any on it.
            or (token.word == "REPLACE" and statement[position - 1].word == "OR" and _object(rest))
            or (token.word == "REASSIGN" and following == "OWNED")
        ):
            yield position


def _object(tokens: Sequence[Token]) -> str:
    """What kind of object begins there; empty when it is none of those that matter."""
    after = next((token.word for token in tokens if token.word not in _KINDS_OF_RELATION), "")
    bare = tokens[0].word if tokens else ""
    return bare if bare in _OBJECTS else after if after in _RELATIONS else ""


def _kind(tokens: Sequence[Token]) -> Kind | None:
    words = [token.word for token in tokens]
    first, following = words[0], words[1]
    pairs = list(itertools.pairwise(words))
    about = _object(tokens[1:])
    kind: Kind | None = None
    if first == "REVOKE" or (first == "ALTER" and following == "DEFAULT" and "REVOKE" in words):
        kind = Kind.REVOKE
    elif first == "REPLACE" and about in _RELATIONS:
        kind = None if ("COPY", "GRANTS") in pairs else Kind.REPLACE
    elif (first == "DROP" and (about or following == "OWNED")) or first == "REPLACE":
        kind = Kind.DROP
    elif (first, following) in (("GRANT", "OWNERSHIP"), ("REASSIGN", "OWNED")) or (
        first == "ALTER" and ("OWNER", "TO") in pairs
    ):
        kind = Kind.OWNER
    elif first == "ALTER" and (
        about in _PEOPLE
        or (about in _CONTAINERS and {"RENAME", "SWAP"} & set(words))
        or (about in _RELATIONS and {("RENAME", "TO"), ("SWAP", "WITH"), ("SET", "SCHEMA")} & set(pairs))
    ):
        kind = Kind.ALTER
    return kind


def _objects(tokens: Sequence[Token]) -> list[int]:
    """Where the names of the objects are that it is about, as far as they matter: lists have many, and SWAP has two."""
    words = [token.word for token in tokens]
    if words[0] == "ALTER":
        return [1, *(at + 2 for at, pair in enumerate(itertools.pairwise(words)) if pair == ("SWAP", "WITH"))]
    is_grant = words[0] in ("GRANT", "REVOKE")
    if is_grant and "ON" not in words:
        return [1]
    first = words.index("ON") + 1 if is_grant else 1
    last = next((at for at in range(first, len(words)) if is_grant and words[at] in ("TO", "FROM")), len(words))
    listed = is_grant or words[0] == "DROP"
    return [first, *(at + 1 for at in range(first, last - 1) if listed and tokens[at].text == ",")]


def _change(kind: Kind, tokens: Sequence[Token], about: int, first: int) -> Change:
    words = [token.word for token in tokens]
    is_grant = words[0] in ("GRANT", "REVOKE")
    lines = (tokens[0].line, tokens[-1].line)
    object_kind = _object(tokens[1:])
    if is_grant or words[1] == "DEFAULT":
        near = words[first : first + 5]
        object_kind = next((word for word in near if word in _CONTAINERS), "")
        object_kind = object_kind or next((word for word in near[:3] if word in _OBJECTS), "")
    path, end = _path(tokens, about)
    if kind is Kind.REPLACE:
        tokens = tokens[:end]  # its query may change, and names what it likes
    names = {token.text.upper() for token in tokens}
    if object_kind in _THINGS or (about > 1 and object_kind not in _PEOPLE):
        names -= set(path)  # a schema that is called as an account is not that account
    return Change(
        kind,
        _shown(tokens),
        frozenset(names),
        lines,
        object_kind,
        path,
        _privileges(words[1 : first - 1]) if is_grant and first > 1 else frozenset(),
        "PUBLIC" in words and kind is Kind.REVOKE,
        _unknown(kind, tokens, object_kind, about, end),
    )


def _unknown(kind: Kind, tokens: Sequence[Token], object_kind: str, about: int, end: int) -> frozenset[str]:
    """Names that may be a user's or a role's, and are not all there."""
    if kind is Kind.REVOKE and not {"FROM", "ROLE", "ON"} & {token.word for token in tokens}:
        return frozenset()  # it is a word of prose
    if kind is Kind.ALTER:
        start, end = (about, end) if object_kind in _PEOPLE else (end, end)
    else:
        is_thing = object_kind in _THINGS or about > 1
        start, end = end if is_thing else about, len(tokens)
        if is_thing and kind in (Kind.DROP, Kind.REPLACE):
            start = end  # nobody is named there
        if kind is Kind.OWNER:  # who gets it loses nothing
            end = next((at for at, token in enumerate(tokens) if token.word == "TO"), end)
    return frozenset(token.name for token in tokens[start:end] if UNKNOWN in token.name)


def _privileges(words: Sequence[str]) -> frozenset[str]:
    found: list[list[str]] = [[]]
    for word in words:
        if word == "," or not word:
            found.append([])
        else:
            found[-1].append(word)
    return frozenset(" ".join(one) for one in found if one)


def _path(tokens: Sequence[Token], start: int) -> tuple[tuple[str, ...], int]:
    """An object's name, and where the words after it begin."""
    at = start
    while at < len(tokens) and tokens[at].word in _BETWEEN:
        at += 1
    path: list[str] = []
    while at < len(tokens):
        path.append(tokens[at].name)
        at += 1
        if at >= len(tokens) or tokens[at].quoted or tokens[at].text != ".":
            break
        at += 1
    return tuple(path), at


def _shown(tokens: Sequence[Token]) -> str:
    text = " ".join(f'"{token.text}"' if token.quoted else token.text for token in tokens)
    for sign in (".", ",", ")"):
        text = text.replace(f" {sign}", sign)
    text = text.replace(". ", ".").replace("( ", "(")
    return text if len(text) <= 160 else f"{text[:157]}..."
