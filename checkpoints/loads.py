"""The loads that a project declares: what each builds, and whether readers see it only once it was checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from expectations.documents import Node, check_keys, read_document
from gx.warehouse.publishing import audit_schema, previous_schema, swap_schema

LOADS_FILE = "_loads.yml"
"""Beside the checkpoints; no checkpoint can have this name."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What a load, and a checkpoint, may be called."""

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,49}")  # with `_previous` it still is a name for PostgreSQL
_KEYS = ("schemas", "audited")


@dataclass(frozen=True)
class Load:
    """One load.

    Attributes:
        name: as checkpoints have it in `gates`.
        schemas: what it builds, as readers know them; what is built for the others comes first.
        audited: whether it is built apart, and published once its checkpoint opened the gate.
        at: where it is declared, for errors.
    """

    name: str
    schemas: tuple[str, ...]
    audited: bool
    at: Node


def declared_loads(checkpoints_dir: Path) -> Mapping[str, Load] | None:
    """The loads of a project by name, in the order they are declared; None where it declares none.

    Raises:
        ConfigError: the declaration is wrong, with its line.
    """
    file = checkpoints_dir / LOADS_FILE
    if not file.exists():
        return None
    entries = read_document(file).mapping("the declaration of loads")
    check_keys(entries, ("loads",), "the declaration of loads")
    if "loads" not in entries:
        return {}
    node = entries["loads"]
    if isinstance(node.value, dict):
        loads = [_load(name, entry) for name, entry in node.mapping("`loads`").items()]
    else:
        loads = [_named(Load(name, (), audited=False, at=node)) for name in node.texts("`loads`")]
    _refuse_shared_schemas(loads)
    return {load.name: load for load in loads}


def _load(name: str, node: Node) -> Load:
    if node.value is None:
        return _named(Load(name, (), audited=False, at=node))
    what = f"the load {name!r}"
    entries = node.mapping(what)
    check_keys(entries, _KEYS, what)
    schemas = entries["schemas"].texts("`schemas`") if "schemas" in entries else ()
    for schema in schemas:
        if not _SCHEMA.fullmatch(schema):
            raise entries["schemas"].fail(
                f"the schema {schema!r} of {what} may hold lower-case letters, digits and '_', 50 at most, and no "
                "digit first"
            )
    audited = entries["audited"].value if "audited" in entries else False
    if not isinstance(audited, bool):
        raise entries["audited"].fail(f"`audited` of {what} is {audited!r}; it can be true or false")
    if audited and not schemas:
        raise node.fail(f"{what} is audited, so it needs `schemas`, what it builds: [intermediate, marts]")
    return _named(Load(name, schemas, audited, node))


def _named(load: Load) -> Load:
    if not NAME.fullmatch(load.name):
        raise load.at.fail(f"the load {load.name!r} may hold letters, digits, '_', '.' and '-' only")
    return load


def _refuse_shared_schemas(loads: list[Load]) -> None:
    taken: dict[str, str] = {}
    for load in loads:
        for schema in load.schemas:
            own = (audit_schema(schema), previous_schema(schema), swap_schema(schema)) if load.audited else ()
            for name in (schema, *own):
                if name in taken:
                    raise load.at.fail(
                        f"the load {load.name!r} would write to the schema {name!r}, and so would {taken[name]!r}; a "
                        "schema is of one load, and beside marts there are marts_audit, marts_previous and marts_swap"
                    )
                taken[name] = load.name
