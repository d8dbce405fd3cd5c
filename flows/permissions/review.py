"""Which registered accounts a change touches, and what would break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flows.permissions.changes import Change, Kind, changes_in
from flows.permissions.diff import Hunk, Side, parse_diff, unread_files
from flows.permissions.programs import plain, templates, without_inner_templates
from flows.permissions.terraform import taken_out
from flows.permissions.touching import may_touch, touched
from flows.preflight.accounts import Registry, ServiceAccount

_NOT_READ = (".md", ".rst", ".txt", ".lock", ".svg", ".html", ".csv")
"""Prose and data that nothing executes."""
_PICTURES_AND_DATA = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".ico",
    ".pdf",
    ".zip",
    ".gz",
    ".woff2",
    ".parquet",
    ".duckdb",
    ".xlsx",
)
_SQL = (".sql", ".ddl", ".j2", ".jinja", ".jinja2")
_WRITE_IT_OUT = (
    "a name in it is missing, or filled in elsewhere, and could be a registered account's; write the statement out, in "
    "one piece"
)


@dataclass(frozen=True)
class Finding:
    """A change that touches an account.

    Attributes:
        file: with its path from the repository's top.
        line: 1-based, in the new file; in the old one for what was taken out.
        statement: the change.
        touches: which of the account's things it is about.
        lost: which of the grants that it needs would be gone.
    """

    file: str
    line: int
    kind: Kind
    statement: str
    account: str
    owner: str
    approvers: tuple[str, ...]
    touches: tuple[str, ...]
    lost: tuple[str, ...]
    purpose: str

    @property
    def breaks(self) -> str:
        """What would be without it."""
        lost = f"needs {', '.join(self.lost)}" if self.lost else "may need it, although the registry does not list it"
        return f"{self.account} {lost}. {self.purpose}"


@dataclass(frozen=True)
class Unread:
    """What nobody has looked into, or cannot tell whose it is.

    Attributes:
        line: of the change that it is about, as in a finding; None for a file as a whole.
        why: and what to do, where there is something.
    """

    file: str
    line: int | None
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.why}" if self.line is None else f"{self.file}:{self.line}: {self.why}"


def review(diff: str, registry: Registry) -> tuple[list[Finding], list[Unread]]:
    """The findings of a unified diff, in its order, and what of it is not reviewed.

    Raises:
        ConfigError: it is no diff.
    """
    found: list[Finding] = []
    unread: list[Unread] = []
    for hunk in parse_diff(diff):
        if hunk.new_file.lower().endswith(_PICTURES_AND_DATA):
            continue
        for file, side, change in _changes(hunk):
            line = side.first + min(number for number in side.changed if _covers(change, number))
            found.extend(_findings(file, line, change, registry.accounts))
            if any(touched(change, one) is None and may_touch(change, one) for one in registry.accounts):
                unread.append(Unread(file, line, f"cannot tell whose: {change.kind}: {change.sql}: {_WRITE_IT_OUT}"))
    unread.extend(Unread(file, None, why) for file, why in unread_files(diff) if _can_be_executed(file))
    return list(dict.fromkeys(found)), list(dict.fromkeys(unread))


def _can_be_executed(file: str) -> bool:
    return not file.lower().endswith((*_NOT_READ, *_PICTURES_AND_DATA))


def _findings(file: str, line: int, change: Change, accounts: tuple[ServiceAccount, ...]) -> Iterator[Finding]:
    for account in accounts:
        if (about := touched(change, account)) is not None:
            yield Finding(
                file, line, change.kind, change.sql, account.name, account.owner, account.approvers,
                about.things, about.lost, account.purpose,
            )  # fmt: skip


def _changes(hunk: Hunk) -> Iterator[tuple[str, Side, Change]]:
    old, new = hunk.old, hunk.new
    before = {change.sql.upper() for change in _made(old.text, hunk.old_file)}
    for change in _made(new.text, hunk.new_file):
        # One that was there already has been moved, or set in other lines.
        if any(_covers(change, number) for number in new.changed) and change.sql.upper() not in before:
            yield hunk.new_file, new, change
    for change in _taken(hunk):
        if any(_covers(change, number) for number in old.changed):
            yield hunk.old_file, old, change


def _made(text: str, file: str) -> list[Change]:
    return [] if file.lower().endswith(_NOT_READ) else list(_read(text, file))


def _read(text: str, file: str, *, removed: bool = False) -> Iterator[Change]:
    """The changes in a file's text, and those in texts that its templates hold."""
    if file.lower().endswith(_SQL):
        yield from changes_in(without_inner_templates(text), removed=removed)
    else:
        yield from changes_in(plain(text), removed=removed, in_program=True)
    for inner, first in templates(text):
        for one in changes_in(plain(inner), removed=removed, in_program=True):
            yield replace(one, lines=(one.lines[0] + first, one.lines[1] + first))


def _taken(hunk: Hunk) -> list[Change]:
    if hunk.old_file.lower().endswith(_NOT_READ):
        return []
    # In a file that nothing executes any more it is as good as gone.
    now = "" if hunk.new_file.lower().endswith(_NOT_READ) else hunk.new.text
    still = {change.sql.upper() for change in _read(now, hunk.new_file, removed=True)}
    gone = [one for one in _read(hunk.old.text, hunk.old_file, removed=True) if one.sql.upper() not in still]
    if hunk.old_file.lower().endswith(".tf"):
        gone += taken_out(hunk.old.text, now if hunk.new_file.lower().endswith(".tf") else "")
    return gone


def _covers(change: Change, number: int) -> bool:
    return change.lines[0] <= number <= change.lines[1]
