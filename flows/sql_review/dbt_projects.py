"""The dbt project that a file belongs to, as far as it matters for a model that dbt did not compile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from flows.sql_review.source import UnreadableError, read_text

_FILE = "dbt_project.yml"


@dataclass(frozen=True)
class DbtProject:
    """A directory with a ``dbt_project.yml``."""

    root: Path

    def settings(self) -> dict[str, Any]:
        """What the project's file says.

        Raises:
            UnreadableError: it is no YAML mapping.
        """
        try:
            document = _parsed(read_text(self.root / _FILE))
        except YAMLError as error:
            raise UnreadableError(f"its {_FILE} is no YAML ({type(error).__name__})") from None
        if not isinstance(document, dict):
            raise UnreadableError(f"its {_FILE} is no mapping")
        return document

    def model_dirs(self) -> list[Path]:
        """Where its models are; ``models`` if its file does not say, or cannot be read (each model then tells why)."""
        try:
            settings = self.settings()
        except UnreadableError:
            settings = {}
        paths = settings.get("model-paths") or settings.get("source-paths") or ["models"]
        return [self.root / str(path) for path in paths]

    def has_model(self, path: Path) -> bool:
        """Whether a file is one of its models."""
        return any(directory in path.parents for directory in self.model_dirs())

    def variables(self) -> dict[str, object]:
        """Its `vars`: those for all, and under its own name."""
        settings = self.settings()
        found = dict(settings.get("vars") or {})
        own = found.get(settings.get("name"))
        return {**found, **own} if isinstance(own, dict) else found


@lru_cache(maxsize=8)
def _parsed(text: str) -> Any:
    # Asked for every model of a project.
    return YAML(typ="safe", pure=True).load(text)


def project_around(path: Path) -> DbtProject | None:
    """The project whose directory a path is, or is in."""
    for directory in (path, *path.parents):
        if (directory / _FILE).is_file():
            return DbtProject(directory)
    return None
