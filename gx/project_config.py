"""Which ``great_expectations.yml`` a project uses, readable without importing GX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from gx.errors import ConfigError

CONFIG_FILE = "great_expectations.yml"
_SHIPPED = Path(__file__).resolve().parent / CONFIG_FILE


def config_file(project: Path) -> Path:
    """The project's own ``gx/great_expectations.yml``, or the one that ships."""
    own = project / "gx" / CONFIG_FILE
    return own if own.exists() else _SHIPPED


def read_config(file: Path) -> dict[str, Any]:
    """The file as it is, ``${VARIABLES}`` included.

    Raises:
        ConfigError: it cannot be read, or is no YAML mapping.
    """
    try:
        content = YAML(typ="safe").load(file)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigError("this is not valid YAML", file=file, line=mark.line + 1 if mark else None) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=file) from None
    if not isinstance(content, dict):
        raise ConfigError("GX does not accept this configuration: a mapping is expected", file=file)
    return content
