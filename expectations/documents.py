"""Read the YAML files people write, remembering where everything stands, so that errors name the line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from expectations.yaml_values import Located, WrongYamlError, parse
from gx.errors import ConfigError

_OTHER_YAML = re.compile(r"^%YAML\s+(?!1\.2\b)", re.MULTILINE)


@dataclass(frozen=True)
class Node:
    """A value of a YAML file with the place it stands at.

    Attributes:
        value: a plain Python value (dict, list, str, int, float, bool, None, date).
        file: the file.
        line: 1-based line of the value.
    """

    value: Any
    file: Path
    line: int
    _located: Located | None = None

    def fail(self, message: str) -> ConfigError:
        """An error that names this place."""
        return ConfigError(message, file=self.file, line=self.line)

    def mapping(self, what: str) -> dict[str, Node]:
        """The entries of a mapping by key.

        Raises:
            ConfigError: this is no mapping, or a key is no string.
        """
        if self._located is None or self._located.entries is None:
            raise self.fail(f"{what} must be a mapping of names to values; found {_kind(self.value)}")
        entries: dict[str, Node] = {}
        for key, (line, value) in self._located.entries.items():
            if not isinstance(key, str):
                raise ConfigError(f"{what}: the key {key!r} must be text; quote it", file=self.file, line=line)
            entries[key] = Node(value.value, self.file, line, value)
        return entries

    def items(self, what: str) -> list[Node]:
        """The entries of a list.

        Raises:
            ConfigError: this is no list.
        """
        if self._located is None or self._located.items is None:
            raise self.fail(f"{what} must be a list; found {_kind(self.value)}")
        return [Node(item.value, self.file, item.line, item) for item in self._located.items]

    def text(self, what: str) -> str:
        """The value as text.

        Raises:
            ConfigError: it is anything else, or empty.
        """
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.fail(f"{what} must be text; found {_kind(self.value)}")
        return self.value

    def texts(self, what: str) -> tuple[str, ...]:
        """The value as a list of texts; a single text counts as a list of one.

        Raises:
            ConfigError: an entry is anything else.
        """
        nodes = [self] if isinstance(self.value, str) else self.items(what)
        return tuple(node.text(f"an entry of {what}") for node in nodes)


def read_document(file: Path, *, empty: str = "") -> Node:
    """Parse one YAML file (YAML 1.2: ``no`` and ``on`` are text, as in country codes).

    Args:
        file: the file.
        empty: what to do where it holds nothing, for people.

    Raises:
        ConfigError: it cannot be read, is not YAML, holds a key twice or is empty; with the line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        if other := _OTHER_YAML.search(text):
            line = text.count("\n", 0, other.start()) + 1
            raise ConfigError("this file is read as YAML 1.2; leave the %YAML line out", file=file, line=line)
        content = parse(text)
    except WrongYamlError as error:
        raise ConfigError(str(error), file=file, line=error.line) from None
    except MarkedYAMLError as error:
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise ConfigError(f"this is not valid YAML: {problem}", file=file, line=_line(error)) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"this is not valid YAML: {' '.join(str(error).split())}", file=file) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from None
    if content is None or content.value is None:
        raise ConfigError(f"the file is empty{f'; {empty}' if empty else ''}", file=file, line=1)
    return Node(content.value, file, content.line, content)


def check_keys(entries: Mapping[str, Node], allowed: Iterable[str], what: str) -> None:
    """Refuse keys that nobody reads: a misspelt ``blocking`` must not pass silently.

    Raises:
        ConfigError: a key is not among the allowed ones; the nearest is suggested.
    """
    known = sorted(allowed)
    for key, node in entries.items():
        if key not in known:
            raise node.fail(f"{what} has no setting {key!r}{suggest(key, known)}; it can have {', '.join(known)}")


def known_as(found: str, known: Iterable[str]) -> str | None:
    """The one of these names that is meant, whatever the case it is written in; None if there is none, or several."""
    names = list(dict.fromkeys(known))
    if found in names:
        return found
    same = [name for name in names if name.casefold() == found.casefold()]
    return same[0] if len(same) == 1 else None


def suggest(found: str, known: Iterable[str]) -> str:
    """A hint such as `` (did you mean 'staging'?)``, empty when nothing is near."""
    near = difflib.get_close_matches(found, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _line(error: MarkedYAMLError) -> int | None:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else None


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
