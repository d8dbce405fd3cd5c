"""SQL in programs, scripts, workflows and templates: its words, without the quotes and signs of what holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.permissions.tokens import LITERAL

END = "\x01"
"""Where a text of the program ends, or begins."""
OPEN_END = "\x02"
"""The same after a space: something is to follow."""

_JINJA_TEXT = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_JINJA = re.compile(
    rf"(?P<comment>\{{\#.*?(?:\#\}}|\Z))"
    rf"|\{{\{{(?P<value>(?:{_JINJA_TEXT}|(?!\}}\}}).)*+)(?:\}}\}}|\Z)"
    rf"|\{{%(?P<tag>(?:{_JINJA_TEXT}|(?!%\}}).)*+)(?:%\}}|\Z)",
    re.DOTALL,
)
_SQL_COMMENT = re.compile(r"(?:^|(?<=\s))--[ \t](?:[^\"'`\n]|(?<=\w)'(?=\w))*$|/\*[^\n]*?\*/", re.MULTILINE)
_OPENING = re.compile(r"--|//|/\*|\{#|\{\{(?![^\n]*\}\})|\{%(?![^\n]*%\})|<%(?![^\n]*%>)")
"""An option, an address, a glob, a length: in SQL and in templates what follows would be no statement."""
_ESCAPED = re.compile(r"\\(?:[nrt]|\r?\n)")
_JOINED = re.compile(r"""["'`](?:\s*(?:\+|\|\||~)\s*|\s+)?(?:(?<=[\s+|~])[rbfuRBFU]{1,2})?["'`]""")
"""Between two pieces of one text, as programs set it over lines."""
_PUT_IN = re.compile(r"""["'`]\s*(?:\+|\|\||~)\s*[\w.()\[\]]+(?:\s*(?:\+|\|\||~)\s*["'`])?""")
"""How a program puts a value between two pieces of text."""
_BEFORE_A_NAME = re.compile(r"""(?<!\w)\\?["'`](?=[\w{$%:&])""")
_BEHIND_A_SPACE = re.compile(r"""(?<=\s)\\?["'`]""")
_QUOTE = re.compile(r"""\\?["'`]""")


def plain(text: str) -> str:
    """A program's text with its quotes gone, and each line in its place."""
    text = LITERAL.sub(lambda found: f" {found['named']} ", text)
    text = _SQL_COMMENT.sub(_lines, text)
    text = _ESCAPED.sub(lambda found: " " + _lines(found), text)
    text = text.replace('"""', END).replace("'''", END).replace("```", END)
    text = text.replace('"."', ".").replace("`.`", ".").replace('\\".\\"', ".")
    text = _JOINED.sub(_lines, text)
    text = _PUT_IN.sub(lambda found: "${...}" + _lines(found), text)
    text = _OPENING.sub(lambda found: " ".join(found[0]), text)
    text = _BEFORE_A_NAME.sub(" ", text)
    return _QUOTE.sub(END, _BEHIND_A_SPACE.sub(OPEN_END, text))


def templates(text: str) -> Iterator[tuple[str, int]]:
    """What stands in Jinja's braces, which may hold SQL as a text; and in which line it begins, from 0."""
    for found in _JINJA.finditer(text):
        for part in ("value", "tag"):
            if found[part]:
                yield found[part], text.count("\n", 0, found.start(part))


def without_inner_templates(text: str) -> str:
    """A template in which braces stand in a text within braces, with all of that as one value."""

    def one(found: re.Match[str]) -> str:
        is_nested = found["value"] and "}}" in found["value"]
        return "{{ ... }}" + _lines(found) if is_nested else found[0]

    return _JINJA.sub(one, text)


def _lines(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")
