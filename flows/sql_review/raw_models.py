"""A dbt model that was not compiled: what its SQL is, as far as that takes no dbt.

Jinja's own language, `config`, `ref`, `source`, `var`, `this`, `is_incremental` and `target` are understood; the
incremental branch is taken. A model that calls anything else (a macro, `run_query`, `adapter`) cannot be read so: it
says which, and that dbt has to compile it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flows.sql_review.source import UnreadableError

_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_TARGETS = {"duckdb": "duckdb", "postgres": "postgres", "snowflake": "snowflake"}
_COMPILE = "compile the project and give its --manifest, or use --compile"
_MISSING = re.compile(r"'(?P<name>[^']+)' is undefined|has no attribute '(?P<attribute>[^']+)'")
_MOST_OUTPUT = 2_000_000
_MOST_RANGE = 10_000


@dataclass
class Rendered:
    """A model's SQL, and what its `config` says of it."""

    sql: str
    config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Relation:
    """What `ref` and `source` give: a table's name, whose parts may be asked for."""

    identifier: str
    schema: str = ""

    @property
    def name(self) -> str:
        return self.identifier

    def __str__(self) -> str:
        return f"{_quoted(self.schema)}.{_quoted(self.identifier)}" if self.schema else _quoted(self.identifier)


def is_template(text: str) -> bool:
    """Whether a text is one for Jinja, and no SQL as it stands."""
    return bool(_TEMPLATE.search(text))


def render(text: str, name: str, dialect: str, variables: Mapping[str, object]) -> Rendered:
    """A model's SQL.

    Args:
        text: of its file.
        name: the model's.
        dialect: of its warehouse.
        variables: the project's `vars`.

    Raises:
        UnreadableError: it needs dbt.
    """
    config: dict[str, Any] = {}
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    environment.globals["range"] = _range
    # dbt's filters, which say of what type a value is.
    environment.filters.update(as_bool=_same, as_number=_same, as_native=_same, as_text=_same)
    environment.globals.update(_globals(name, dialect, variables, config))
    try:
        # generate(): a template that would never end is stopped.
        pieces, size = [], 0
        for piece in environment.from_string(text).generate():
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_OUTPUT:
                raise UnreadableError(f"it makes more than {_MOST_OUTPUT:,} characters of SQL")
        return Rendered("".join(pieces), config)
    except UndefinedError as error:
        missing = _MISSING.search(str(error))
        what = next((found for found in missing.groups() if found), "something") if missing else "something"
        raise UnreadableError(f"it needs dbt to say what {what!r} is: {_COMPILE}") from None
    except TemplateSyntaxError as error:
        raise UnreadableError(f"Jinja cannot read it (line {error.lineno}): {error.message}") from None
    except (TemplateError, SecurityError, TypeError, ValueError, LookupError, OverflowError, RecursionError) as error:
        raise UnreadableError(f"it needs dbt to be rendered ({type(error).__name__}): {_COMPILE}") from None


def _globals(name: str, dialect: str, variables: Mapping[str, object], config: dict[str, Any]) -> dict[str, Any]:
    def configure(*positional: Mapping[str, Any], **settings: Any) -> str:
        for mapping in positional:
            config.update(mapping)
        config.update(settings)
        return ""

    def ref(*names: str, **_version: object) -> _Relation:
        return _Relation(names[-1])

    def source(schema: str, table: str) -> _Relation:
        return _Relation(table, schema)

    def var(variable: str, default: object = None) -> object:
        if variable in variables:
            return variables[variable]
        if default is None:
            raise UnreadableError(f"it needs dbt to say what the variable {variable!r} is: {_COMPILE}")
        return default

    target = {"type": _TARGETS[dialect], "name": "default", "schema": "main", "database": "main"}
    return {
        "config": configure,
        "ref": ref,
        "source": source,
        "var": var,
        "this": _Relation(name),
        "is_incremental": lambda: True,
        "target": target,
        "execute": False,
        "log": lambda *_, **__: "",
    }


def _same(value: object) -> object:
    return value


def _range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > _MOST_RANGE:
        raise ValueError("too long a range")
    return made


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
