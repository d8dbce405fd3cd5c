"""SQL as words with their lines. Never fails: a hunk of a diff may begin in the middle of anything.

sqlglot parses half of these statements (``DROP USER``, ``ALTER USER``, ``REVOKE .. ON ALL TABLES``) as opaque commands
only, and looks into no string; so words are enough, and all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNKNOWN = "\0"
"""In a name, what only another program fills in."""

_VARIABLE = r"""(?:
    \{\{.*?(?:\}\}|\Z) | <%.*?(?:%>|\Z) | \$\{[^}\n]*\}? | \$[A-Za-z_]\w* | &\{?[A-Za-z_]\w*\}?
  | \{[A-Za-z_][\w.!:()\[\]]*\} | \{\} | %\(\w+\)s | %s\b | (?<![:\w]):["']?[A-Za-z_]\w*["']?
  | (?i:identifier)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)?
)"""
_LITERAL_NAME = r"(?i:identifier)\s*\(\s*(?P<tick>'|\$\$)(?P<named>[^'\\$]*)(?P=tick)\s*\)"
LITERAL = re.compile(_LITERAL_NAME)
"""`identifier('name')`, which is a name like any other."""
_TOKEN = re.compile(
    rf"""
    (?P<comment>--[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)|\{{\#.*?(?:\#\}}|\Z))
  | (?P<template>\{{%.*?(?:%\}}|\Z))
  | (?P<body>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<literal>{_LITERAL_NAME})
  | (?P<variable>(?:(?:[A-Za-z_]\w*+)?{_VARIABLE})+\w*)
  | (?P<text>'(?:[^'\\]|''|\\.)*(?:'|\Z))
  | (?P<quoted>"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z))
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
  | (?P<sign>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_FILLED_IN = re.compile(_VARIABLE, re.VERBOSE | re.DOTALL)
_VERB = re.compile(r"\s*(?:revoke|drop|grant|alter|create)\b", re.IGNORECASE)
_GOES_ON = re.compile(r"\s*\|\|")


@dataclass(frozen=True)
class Token:
    """A word, a quoted name, one sign, or a name of which a part is filled in later (``{{ role }}``, ``dbt_$ENV``).

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

    @property
    def name(self) -> str:
        """In upper case, with :data:`UNKNOWN` in place of what is filled in later."""
        return _FILLED_IN.sub(UNKNOWN, self.text).upper()


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
                # What is put together from parts goes on with what nobody sees here.
                yield "inner", f"{inner} ${{...}}" if _GOES_ON.match(sql, match.end()) else inner, line
        elif kind == "literal":
            yield from ((inner_kind, inner, line) for inner_kind, inner, _ in _tokens(match["named"]))
        elif kind == "quoted":
            yield kind, text[1:-1].replace('""', '"'), line
        elif kind in ("word", "sign", "variable"):
            yield kind, text, line
