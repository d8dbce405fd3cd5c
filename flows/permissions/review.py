"""Which registered accounts a change touches, and what would break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.permissions.changes import Change, Kind, changes_in
from flows.permissions.diff import Hunk, Side, parse_diff, unread_files
from flows.permissions.terraform import resources_in
from flows.permissions.touching import touched
from flows.preflight.accounts import Registry, ServiceAccount

_NOT_READ = (".md", ".rst", ".txt", ".lock", ".svg", ".html", ".csv", ".ipynb")
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
_QUOTES = str.maketrans({"'": " ", '"': " ", "`": " "})


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


def review(diff: str, registry: Registry) -> list[Finding]:
    """The findings of a unified diff, in its order.

    Raises:
        ConfigError: it is no diff.
    """
    found: list[Finding] = []
    for hunk in parse_diff(diff):
        if hunk.new_file.lower().endswith(_PICTURES_AND_DATA):
            continue
        for file, side, change in _changes(hunk):
            line = side.first + min(number for number in side.changed if _covers(change, number))
            found.extend(_findings(file, line, change, registry.accounts))
    return list(dict.fromkeys(found))


def not_reviewed(diff: str) -> dict[str, str]:
    """The files of a diff that nobody has looked into, and why; none that cannot be executed."""
    return {
        file: why for file, why in unread_files(diff) if not file.lower().endswith((*_NOT_READ, *_PICTURES_AND_DATA))
    }


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
    still = {change.sql.upper() for change in _taken(new.text, hunk.new_file)}
    for change in _taken(old.text, hunk.old_file):
        if any(_covers(change, number) for number in old.changed) and change.sql.upper() not in still:
            yield hunk.old_file, old, change


def _made(text: str, file: str) -> list[Change]:
    name = file.lower()
    if name.endswith(_SQL):
        return changes_in(text)
    if name.endswith((".tf", *_NOT_READ)):
        return []
    # SQL in a script or a workflow: each line by itself, whatever it is quoted with.
    return [
        Change(**{**vars(one), "lines": (number, number)})
        for number, line in enumerate(text.split("\n"))
        for one in changes_in(line.translate(_QUOTES))
    ]


def _taken(text: str, file: str) -> list[Change]:
    if file.lower().endswith(_SQL):
        return changes_in(text, removed=True)
    if file.lower().endswith(".tf"):
        return [
            Change(Kind.REMOVED_RESOURCE, resource.text, resource.names, resource.lines)
            for resource in resources_in(text)
        ]
    return []


def _covers(change: Change, number: int) -> bool:
    return change.lines[0] <= number <= change.lines[1]
