"""Where a statement ends that stands in the middle of a program, which has no semicolon for it."""

from __future__ import annotations

from collections.abc import Sequence

from flows.permissions.programs import END, OPEN_END
from flows.permissions.tokens import Token

_VERBS = ("GRANT", "REVOKE", "DROP", "ALTER", "CREATE", "REASSIGN", "SELECT", "INSERT", "DELETE", "UPDATE", "USE")
_BEFORE_NAMES = ("ROLE", "USER", "GROUP", "SHARE", "APPLICATION", "DATABASE", "SCHEMA", "WAREHOUSE", "TABLE", "VIEW")
_BETWEEN = (*_BEFORE_NAMES, "IF", "EXISTS", "OWNED", "BY", "MATERIALIZED", "EXTERNAL", "FOREIGN", "DYNAMIC", "ICEBERG")
_PRIVILEGES = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "USAGE", "CREATE", "CONNECT", "TEMP",
    "TEMPORARY", "EXECUTE", "ALL", "OPERATE", "MONITOR", "MODIFY", "OWNERSHIP", "GRANT", "REBUILD", "APPLY", "IMPORTED",
)  # fmt: skip
_KINDS = (
    *_BEFORE_NAMES, "ALL", "FUTURE", "IN", "TABLES", "VIEWS", "SCHEMAS", "FUNCTION", "FUNCTIONS", "PROCEDURE", "TYPE",
    "SEQUENCE", "SEQUENCES", "STAGE", "STREAM", "TASK", "PIPE", "FILE", "FORMAT", "INTEGRATION", "LANGUAGE", "SERVER",
)  # fmt: skip
MOST = 400
"""Words and signs that are looked at from a verb on: enough for lists of a hundred names."""
_TO_COME = "${...}"


def clipped(tokens: Sequence[Token]) -> list[Token]:
    """The statement that these words begin with; empty when they are no statement, but prose.

    What should follow and does not, because the program puts it there, is a variable in it.
    """
    first = tokens[0].word
    if first in ("GRANT", "REVOKE"):
        found = _grant(tokens)
    elif first == "DROP":
        end, is_whole = _names(tokens, 1, _BETWEEN)
        found = [*tokens[:end]] if is_whole else _open(tokens, end)
    else:
        found = list(tokens[: _text_end(tokens)])
    return [token for token in found if not _is_end(token)]


def cut_off(statement: Sequence[Token]) -> bool:
    """Whether it is a REVOKE on something, and does not say from whom."""
    words = [token.word for token in statement]
    return words[0] == "REVOKE" and "FROM" not in words and "ON" in words[2:-1] and words[1] in _PRIVILEGES


def completed(statement: list[Token]) -> list[Token]:
    """The statement, with a variable for whom it does not say."""
    return [*statement, Token(_TO_COME, False, statement[-1].line)]


def _grant(tokens: Sequence[Token]) -> list[Token]:
    reach = _reach(tokens)
    words = [token.word for token in tokens[:reach]]
    to = "FROM" if words[0] == "REVOKE" else "TO"
    if to not in words:
        statement = [token for token in tokens[: _text_end(tokens[:reach])] if not _is_end(token)]
        return completed(statement) if cut_off(statement) and not _goes_on_in_words(tokens[:reach]) else []
    at = words.index(to) + 1
    if "ON" not in words[:at] and not _is_list_of_roles(words[1 : at - 1]):
        return []
    end, is_whole = _names(tokens, at, _BEFORE_NAMES)
    if is_whole:
        return list(tokens[:end])
    return completed(list(tokens[:end])) if "ON" in words[:at] else _open(tokens, end)


def _is_list_of_roles(words: Sequence[str]) -> bool:
    """Whether roles can be given or taken so; "revoke the old token from" is prose."""
    if "OPTION" in words:
        words = words[words.index("OPTION") + 2 :]  # ADMIN OPTION FOR
    names = [word for word in words if word not in ("ROLE", "DATABASE", END, OPEN_END, ".")]
    return len(names) <= 1 + 2 * words.count(",") + words.count(".")


def _goes_on_in_words(tokens: Sequence[Token]) -> bool:
    """Whether words follow the object's name, as in "revoke select on the old tables": then it is prose."""
    end, _ = _names(tokens, [token.word for token in tokens].index("ON") + 1, _KINDS)
    return end < len(tokens) and tokens[end].word.isidentifier()


def _open(tokens: Sequence[Token], at: int) -> list[Token]:
    """What ends before a name; a text that ends so without a space after it is a word and no statement."""
    return completed(list(tokens[:at])) if at < len(tokens) and tokens[at].text == OPEN_END else []


def _reach(tokens: Sequence[Token]) -> int:
    """How far the signs go on that a grant may have."""
    depth = 0
    for at, token in enumerate(tokens[:MOST]):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        is_next = at > 1 and token.word in ("GRANT", "REVOKE")
        if depth < 0 or is_next or not (_is_name(token) or _is_end(token) or token.text in tuple(".,()*")):
            return at
    return min(len(tokens), MOST)


def _names(tokens: Sequence[Token], at: int, between: Sequence[str]) -> tuple[int, bool]:
    """The end of a list of names, and whether it has any."""
    while at < len(tokens) and tokens[at].word in between:
        at += 1
    any_name = False
    while at < len(tokens) and _is_name(tokens[at]) and tokens[at].word not in _VERBS:
        any_name = True
        at += 1
        after = _past_end(tokens, at)
        if after >= len(tokens) or tokens[after].quoted or tokens[after].text not in (".", ","):
            break
        at = after + 1
        while at < len(tokens) and tokens[at].word in _BEFORE_NAMES:
            at += 1
    return at, any_name


def _past_end(tokens: Sequence[Token], at: int) -> int:
    while at < len(tokens) and _is_end(tokens[at]):
        at += 1
    return at


def _text_end(tokens: Sequence[Token]) -> int:
    """Where the program's text ends that the words stand in."""
    depth = 0
    for at, token in enumerate(tokens[:MOST]):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        is_last = following is None or following.line > token.line or following.text in (",", ")", "]")
        if depth < 0 or (_is_end(token) and is_last):
            return at
    return min(len(tokens), MOST)


def _is_name(token: Token) -> bool:
    return token.quoted or len(token.text) > 1 or token.text.isalnum() or token.text == "_"


def _is_end(token: Token) -> bool:
    return not token.quoted and token.text in (END, OPEN_END)
