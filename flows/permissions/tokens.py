"""SQL as words with their lines. Never fails: a hunk of a diff may begin in the middle of anything.

sqlglot parses half of these statements (``DROP USER``, ``ALTER USER``, ``REVOKE .. ON ALL TABLES``) as opaque commands
only, and looks into no string; so words are enough, and all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)|\{\#.*?(?:\#\}|\Z))
  | (?P<template>\{\{.*?(?:\}\}|\Z)|\{%.*?(?:%\}|\Z))
  | (?P<body>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<text>'(?:[^'\\]|''|\\.)*(?:'|\Z))
  | (?P<quoted>"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z))
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
  | (?P<sign>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_VERB = re.compile(r"\s*(?:revoke|drop|grant|alter)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """A word, a quoted name, or one sign.

    Attributes:
        text: without quotes.
        quoted: whether it stood in double quotes or backticks.
        line: 0-based, of the text it is in.
    """

    text: str
    quoted: bool
    line: int

    @property
    def word(self) -> str:
        """In upper case when it is a bare word; empty otherwise."""
        return "" if self.quoted else self.text.upper()


def statements(sql: str) -> list[list[Token]]:
    """The statements of a text, and those in its procedures' bodies and in strings that begin like one."""
    found: list[list[Token]] = []
    current: list[Token] = []
    for kind, text, line in _tokens(sql):
        if kind == "inner":
            found.extend(
                [Token(one.text, one.quoted, one.line + line) for one in statement] for statement in statements(text)
            )
        elif kind == "sign" and text == ";":
            found.append(current)
            current = []
        else:
            current.append(Token(text, kind == "quoted", line))
    return [statement for statement in [*found, current] if statement]


def _tokens(sql: str) -> Iterator[tuple[str, str, int]]:
    line, at = 0, 0
    for match in _TOKEN.finditer(sql):
        line += sql.count("\n", at, match.start())
        at = match.start()
        kind, text = str(match.lastgroup), match.group()
        if match["body"] is not None:
            tag = f"${match['tag']}$"
            yield "inner", text.removeprefix(tag).removesuffix(tag), line
        elif kind == "text":
            inner = text.strip("'").replace("''", "'")
            if _VERB.match(inner):
                yield "inner", inner, line
        elif kind == "quoted":
            yield kind, text[1:-1].replace('""', '"'), line
        elif kind in ("word", "sign"):
            yield kind, text, line
