"""What a file's author allows, and why: ``-- sluice: allow RULE because REASON``.

It may also stand in a ``/* */`` or Jinja's ``{# #}`` comment. It is about what begins on its own line, or goes on
there, or comes first after it; a rule about the model as a whole is allowed anywhere in its file.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flows.sql_review.finding import Allowed, Finding, Severity

_LITERAL = r"'(?:[^']|'')*'"
_COMMENT = re.compile(_LITERAL + r"|(?:--|/\*|\{#-?|\#)\s*sluice\s*:\s*(?P<text>.*?)\s*(?:\*/|-?#\}|$)", re.IGNORECASE)
_ALLOW = re.compile(r"allow\s+(?P<rule>[\w-]+)(?:\s+because\b\s*:?\s*(?P<reason>.*))?$", re.IGNORECASE)
_ONLY_COMMENT = re.compile(r"\s*(--.*|/\*.*\*/|\{#.*#\}|)\s*$")
_SHORTEST_REASON = 3
_FORM = "-- sluice: allow RULE because REASON"
_REASON = "a suppression is a decision, and the next reader has to know why it was taken"
BAD, UNUSED = "bad-suppression", "unused-suppression"


@dataclass(frozen=True)
class Suppression:
    """One that is written as it should be.

    Attributes:
        line: where it stands.
        until: the last line that it is about: the first after it that is no comment.
    """

    line: int
    until: int
    rule: str
    reason: str


def read_suppressions(
    file: str, text: str, rules: Collection[str]
) -> tuple[tuple[Suppression, ...], tuple[Finding, ...]]:
    """The suppressions in a file, and a finding for each that is not one: no reason, no such rule, another form."""
    lines = text.split("\n")
    good: list[Suppression] = []
    bad: list[Finding] = []
    for number, line in enumerate(lines, start=1):
        # A text in the SQL may look like a comment; it is consumed, and has no words.
        comment = next((each for each in _COMMENT.finditer(line) if each["text"] is not None), None)
        if comment is None:
            continue
        found = _ALLOW.match(comment["text"])
        rule = found["rule"].lower() if found else ""
        reason = (found["reason"] or "").strip() if found else ""
        if found is None:
            problem = f"not understood; expected {_FORM}"
        elif rule not in rules:
            problem = f"there is no rule {rule!r}; there are {', '.join(rules)}"
        elif len(reason) < _SHORTEST_REASON:
            problem = f"it allows {rule} without a reason; expected {_FORM}"
        else:
            good.append(Suppression(number, _until(lines, number), rule, reason))
            continue
        bad.append(
            _finding(file, number, comment.start() + 1, BAD, problem, "write the reason, or mend what it is about")
        )
    return tuple(good), tuple(bad)


def apply(
    file: str,
    findings: Collection[Finding],
    suppressions: Collection[Suppression],
    *,
    whole_file: Collection[str],
    not_asked: Collection[str],
) -> tuple[list[Finding], list[Allowed]]:
    """Take away what is allowed; what suppresses nothing is a finding.

    Args:
        file: its name.
        findings: of that file.
        suppressions: of the same file.
        whole_file: the rules that are about a file as a whole.
        not_asked: the rules that could not be asked this time, so that nothing can be said about their suppressions.
    """
    left: list[Finding] = []
    allowed: list[Allowed] = []
    used: set[Suppression] = set()
    for finding in findings:
        match = next((item for item in suppressions if _is_about(item, finding, whole_file)), None)
        if match is None:
            left.append(finding)
        else:
            used.update(item for item in suppressions if _is_about(item, finding, whole_file))
            allowed.append(Allowed(finding, match.reason))
    for item in suppressions:
        if item not in used and item.rule not in not_asked:
            problem = f"there is no {item.rule} here to be allowed"
            left.append(_finding(file, item.line, 1, UNUSED, problem, "delete it, or put it above what it is about"))
    return left, allowed


def _is_about(item: Suppression, finding: Finding, whole_file: Collection[str]) -> bool:
    if item.rule != finding.rule:
        return False
    return finding.rule in whole_file or (item.line <= finding.end_line and finding.line <= item.until)


def _until(lines: list[str], number: int) -> int:
    """The first line from this one on that is more than a comment."""
    for ahead in range(number, len(lines) + 1):
        if not _ONLY_COMMENT.match(lines[ahead - 1]):
            return ahead
    return len(lines)


def _finding(file: str, line: int, column: int, rule: str, message: str, suggestion: str) -> Finding:
    return Finding(file, line, line, column, True, rule, Severity.WARNING, message, _REASON, suggestion)
