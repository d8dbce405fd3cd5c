"""A unified diff, as ``git diff`` writes it: of each file what is new, what is gone, and where."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gx.errors import ConfigError

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_BINARY = re.compile(r"Binary files (?P<old>.+) and (?P<new>.+) differ$")
_NO_TEXT = "it is no text in UTF-8"
_CONTEXT_LINES = 40
"""Enough to have the beginning of nearly every statement; what begins earlier is read from where it is."""


@dataclass
class Side:
    """One side of a hunk.

    Attributes:
        first: the 1-based number of its first line in the file.
        lines: its lines.
        changed: which of them, 0-based, are not on the other side.
    """

    first: int
    lines: list[str] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The lines in one."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Hunk:
    """One place of a file that changed."""

    old_file: str
    new_file: str
    old: Side
    new: Side


def parse_diff(text: str) -> Iterator[Hunk]:
    """The hunks of a diff; whatever stands between them is passed over.

    Raises:
        ConfigError: it is no unified diff: it has text, and no hunk.
    """
    old_file = new_file = ""
    hunk: Hunk | None = None
    left = [0, 0]
    any_hunk = False
    for line in text.splitlines():
        if hunk is not None and (left[0] > 0 or left[1] > 0):
            _add(hunk, line, left)
            if left[0] <= 0 and left[1] <= 0:
                yield hunk
                hunk = None
        elif line.startswith("--- "):
            old_file = _path(line[4:], "a/")
        elif line.startswith("+++ "):
            new_file = _path(line[4:], "b/")
        elif found := _HUNK.match(line):
            any_hunk = True
            left = [int(found[2] or 1), int(found[4] or 1)]
            hunk = Hunk(old_file, new_file, Side(int(found[1])), Side(int(found[3])))
        elif line.startswith(("rename ", "Binary ", "similarity ", "new file", "deleted file", "old mode", "new mode")):
            any_hunk = True
    if hunk is not None:
        yield hunk  # a diff that was cut off
    if not any_hunk and text.strip():
        raise ConfigError("this is no unified diff, as `git diff` writes it: it has no hunk (@@ ... @@)")


def unread_files(text: str) -> Iterator[tuple[str, str]]:
    """The files of which a diff does not show what changed, and why."""
    current = ""
    for line in text.splitlines():
        if found := _BINARY.match(line):
            yield (
                _path(found["old"] if found["new"] == "/dev/null" else found["new"], "b/").removeprefix("a/"),
                _NO_TEXT,
            )
        elif line.startswith("rename from "):
            current = _path(line.removeprefix("rename from "), "")
        elif line.startswith("rename to ") and Path(line).suffix != Path(current).suffix:
            yield current, f"the diff shows only that it is {_path(line.removeprefix('rename to '), '')} now"
        elif line.startswith(("+++ ", "--- ")):
            current = _path(line[4:], "b/").removeprefix("a/")
        elif line.startswith(("+", "-")) and "\0" in line:
            yield current, _NO_TEXT


def git_diff(repository: Path, base: str, head: str) -> str:
    """What ``head`` has changed since it left ``base``.

    Raises:
        ConfigError: git does not know one of them, or there is no git.
    """
    if base.startswith("-") or head.startswith("-"):
        raise ConfigError(f"{base}...{head} is no pair of commits")
    # What the change itself may say of its files (.gitattributes) must not hide them, nor may a rename.
    whole = ["--text", "--no-textconv", "--no-ext-diff", "--no-renames"]
    options = [f"--unified={_CONTEXT_LINES}", "--no-color", *whole, "--src-prefix=a/", "--dst-prefix=b/"]
    command = ["git", "-c", "core.quotePath=false", "diff", *options, f"{base}...{head}", "--"]
    try:
        ended = subprocess.run(command, cwd=repository, check=False, capture_output=True)
    except OSError as error:
        raise ConfigError(f"git cannot be run: {error.strerror}; pass a diff instead of --base") from None
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise ConfigError(f"git cannot compare {base} and {head}: {said[-1] if said else 'it gives no reason'}")
    return ended.stdout.decode(errors="replace")


def git_top(directory: Path) -> Path | None:
    """The top of the git repository that a directory is in; None where there is none, or no git."""
    try:
        ended = subprocess.run(
            ["git", "rev-parse", "--show-toplevel"], cwd=directory, check=False, capture_output=True, text=True
        )
    except OSError:
        return None
    return Path(ended.stdout.strip()) if ended.returncode == 0 and ended.stdout.strip() else None


def _add(hunk: Hunk, line: str, left: list[int]) -> None:
    mark, text = line[:1], line[1:]
    if mark == "\\":  # "\ No newline at end of file"
        return
    if mark in ("-", " ", ""):
        if mark == "-":
            hunk.old.changed.add(len(hunk.old.lines))
        hunk.old.lines.append(text)
        left[0] -= 1
    if mark in ("+", " ", ""):
        if mark == "+":
            hunk.new.changed.add(len(hunk.new.lines))
        hunk.new.lines.append(text)
        left[1] -= 1


def _path(text: str, prefix: str) -> str:
    path = text.split("\t", maxsplit=1)[0].strip().strip('"')
    return path.removeprefix(prefix)
