"""Plain values out of a YAML file's parse tree, each with the line it stands on.

Only what YAML 1.2 and JSON know: mappings, lists, text, numbers, true and false, null, dates. An own tree walk
instead of a YAML library's object construction, because that loses the lines, runs into Python's own errors on
wrong dates or numbers, and follows an alias that holds itself for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as TreeNode

_TAG = "tag:yaml.org,2002:"
_SCALARS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp")}
_TEXT_AS_VALUE = {_TAG + "merge", _TAG + "value"}
"""``<<`` and ``=``: special as keys in YAML 1.1; as a value each is a text, an operator for example."""
_MERGE = _TAG + "merge"
_MOST_VALUES = 100_000
"""Far beyond any suite. Aliases of aliases can stand for billions of values in ten lines."""


class WrongYamlError(Exception):
    """The YAML is well formed and still cannot be used.

    Attributes:
        line: 1-based.
    """

    def __init__(self, problem: str, line: int) -> None:
        self.line = line
        super().__init__(problem)


@dataclass(frozen=True)
class Located:
    """A value and where it stands.

    Attributes:
        value: plain Python (dict, list, str, int, float, bool, None, date, datetime).
        line: 1-based.
        entries: of a mapping: for each key its line and value.
        items: of a list.
    """

    value: Any
    line: int
    entries: Mapping[Any, tuple[int, Located]] | None = None
    items: tuple[Located, ...] | None = None


def parse(text: str) -> Located | None:
    """The text's one document; None when there is nothing in it.

    Raises:
        YAMLError: it is not well formed.
        WrongYamlError: it is, but holds a key twice, a tag, an impossible date, itself, or far too much.
    """
    yaml = YAML(typ="safe", pure=True)
    try:
        tree = yaml.compose(text)
        return None if tree is None else _Reader(yaml).read(tree)
    except RecursionError:
        raise WrongYamlError("it is nested far too deeply", 1) from None


@dataclass
class _Reader:
    yaml: YAML
    inside: set[int] = field(default_factory=set)
    count: int = 0

    def read(self, node: TreeNode) -> Located:
        line = node.start_mark.line + 1
        self.count += 1
        if self.count > _MOST_VALUES:
            raise WrongYamlError(f"it stands for more than {_MOST_VALUES:,} values", line)
        if id(node) in self.inside:
            raise WrongYamlError("an alias here stands for something that contains it", line)
        if isinstance(node, ScalarNode):
            return Located(self._scalar(node), line)
        self.inside.add(id(node))
        try:
            return self._collection(node, line)
        finally:
            self.inside.discard(id(node))

    def _collection(self, node: TreeNode, line: int) -> Located:
        if isinstance(node, MappingNode) and node.tag == _TAG + "map":
            entries = self._entries(node)
            return Located({key: item.value for key, (_, item) in entries.items()}, line, entries=entries)
        if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
            items = tuple(self.read(item) for item in node.value)
            return Located([item.value for item in items], line, items=items)
        raise WrongYamlError(f"the tag {_short(node.tag)} means nothing here; leave it out", line)

    def _entries(self, node: MappingNode) -> dict[Any, tuple[int, Located]]:
        own: dict[Any, tuple[int, Located]] = {}
        merged: dict[Any, tuple[int, Located]] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _MERGE:
                for mapping in self._merged(value_node, line):
                    merged = {**mapping, **merged}  # of several merged mappings the first one counts
                continue
            if not isinstance(key_node, ScalarNode):
                raise WrongYamlError("a key must be a plain text, not a list or a mapping", line)
            key = self._scalar(key_node)
            if key in own:
                raise WrongYamlError(f"a key stands here twice: {key!r}, first in line {own[key][0]}", line)
            own[key] = (line, self.read(value_node))
        return {**merged, **own}

    def _merged(self, node: TreeNode, line: int) -> Iterator[dict[Any, tuple[int, Located]]]:
        for item in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(item, MappingNode):
                raise WrongYamlError("`<<` takes the alias of a mapping, or a list of such", line)
            found = self.read(item)
            yield dict(found.entries or {})

    def _scalar(self, node: ScalarNode) -> Any:
        line = node.start_mark.line + 1
        if node.tag in _TEXT_AS_VALUE:
            return str(node.value)
        if node.tag not in _SCALARS:
            raise WrongYamlError(f"the tag {_short(node.tag)} means nothing here; leave it out", line)
        try:
            value = self.yaml.constructor.construct_object(node)
            if isinstance(value, str):
                value.encode()  # an escape such as "\ud800" is half a character, which no file can hold
            return value
        except (YAMLError, ValueError, LookupError, ArithmeticError, TypeError):
            raise WrongYamlError(
                f"{_short(node.value)} is no {node.tag.removeprefix(_TAG)}; put it in quotes if it is text", line
            ) from None


def _short(text: object) -> str:
    shown = str(text).removeprefix(_TAG)
    return repr(shown if len(shown) <= 60 else shown[:57] + "...")
