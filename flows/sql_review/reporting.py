"""What a review found, for people and for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from flows.sql_review.finding import Finding, Review

_WIDTH = 110


def as_lines(review: Review) -> Iterator[str]:
    """The report for people. A rewritten query stands below the last finding that it does away with."""
    for number, finding in enumerate(review.findings):
        yield f"{_place(finding)}: {finding.severity.value} {finding.rule}: {finding.message}"
        yield from _wrapped("why", finding.reason)
        yield from _wrapped("do", finding.suggestion)
        later = review.findings[number + 1 :]
        if finding.rewrite and not any(item.rewrite == finding.rewrite and item.file == finding.file for item in later):
            yield "  rewritten (what is compared has to be of one type; names are as the review read them):"
            yield textwrap.indent(finding.rewrite, "    ")
    for allowed in review.allowed:
        yield f"{_place(allowed.finding)}: allowed {allowed.finding.rule}: {allowed.because}"
    for item in review.not_reviewed:
        yield f"{item.file}{f':{item.line}' if item.line else ''}: NOT REVIEWED: {item.reason}"
    for line in review.left_out:
        yield f"left out: {line}"
    if review.unknown_sizes:
        shown = ", ".join(review.unknown_sizes[:5]) + (", ..." if len(review.unknown_sizes) > 5 else "")
        yield (
            f"size unknown: {_count(len(review.unknown_sizes), 'table')} ({shown}): whether they are too large to be"
            " built anew was not asked"
        )
    yield summary(review)


def summary(review: Review) -> str:
    """One line."""
    parts = [f"{_count(len(review.reviewed), 'file')} reviewed", _count(len(review.findings), "finding")]
    if review.allowed:
        parts.append(f"{len(review.allowed)} allowed")
    if review.plans is not None:
        parts.append(f"{_count(review.plans, 'plan')} read")
    if review.not_reviewed:
        parts.append(f"{len(review.not_reviewed)} NOT reviewed")
    return ", ".join(parts)


def as_document(review: Review) -> dict[str, Any]:
    """The report for programs."""
    return {
        "reviewed": list(review.reviewed),
        "findings": [_finding(item) for item in review.findings],
        "allowed": [{**_finding(item.finding), "because": item.because} for item in review.allowed],
        "not_reviewed": [{"file": item.file, "line": item.line, "reason": item.reason} for item in review.not_reviewed],
        "left_out": list(review.left_out),
        "unknown_sizes": list(review.unknown_sizes),
        "plans": review.plans,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "line": finding.line,
        "end_line": finding.end_line,
        "column": finding.column,
        "line_is_exact": finding.exact,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "reason": finding.reason,
        "suggestion": finding.suggestion,
        "rewrite": finding.rewrite,
    }


def _place(finding: Finding) -> str:
    if finding.exact:
        return f"{finding.file}:{finding.line}:{finding.column}"
    return f"{finding.file}:{finding.line} (near)"


def _wrapped(word: str, text: str) -> Iterator[str]:
    yield textwrap.fill(text, _WIDTH, initial_indent=f"  {word}: ", subsequent_indent="    ", break_on_hyphens=False)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
