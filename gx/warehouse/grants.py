"""Privileges as people write them (``USAGE ON WAREHOUSE DBT_PROD``), and the GRANT that gives one, quoted as needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

_PART = r'"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*'
_PARTS = re.compile(_PART)
_NAME = re.compile(rf"(?:{_PART})(?:\.(?:{_PART}))*")
_TWO_WORDS = "(?:EXTERNAL|DYNAMIC) TABLE|MATERIALIZED VIEW|FILE FORMAT|DATABASE ROLE"
_GRANT = re.compile(
    r"(?P<privileges>[A-Z][A-Z ]*(?:\s*,\s*[A-Z][A-Z ]*)*)"
    rf" ON (?P<kind>(?:ALL|FUTURE) [A-Z ]+ IN SCHEMA|{_TWO_WORDS}|[A-Z]+(?: [A-Z]+)*?)"
    r" (?P<name>\S.*)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_IN_SCHEMA = " IN SCHEMA"

OWN_DATABASE = "{database}"
"""As a part of a name: the database that the warehouse's URL names."""

EXAMPLES = "USAGE ON WAREHOUSE DBT_PROD, CREATE ON DATABASE {database} or SELECT ON TABLE raw.charges"


@dataclass(frozen=True)
class Name:
    """One part of a name.

    Attributes:
        text: without quotes.
        exact: it stood in quotes, or is the catalog's own spelling; otherwise the database folds its case.
    """

    text: str
    exact: bool = False

    def folded(self, fold: Callable[[str], str]) -> str:
        """As the database's catalog has it."""
        return self.text if self.exact else fold(self.text)


@dataclass(frozen=True)
class Quoting:
    """How a database folds and quotes names."""

    fold: Callable[[str], str]
    reserved: Collection[str]

    def of(self, name: Name) -> str:
        """The name for a statement, in quotes only where it would mean another without."""
        text = name.folded(self.fold)
        if text == OWN_DATABASE:
            return text
        plain = _PLAIN.fullmatch(text) and self.fold(text) == text and text.lower() not in self.reserved
        return text if plain else '"' + text.replace('"', '""') + '"'

    def dotted(self, names: tuple[Name, ...]) -> str:
        """A qualified name."""
        return ".".join(self.of(name) for name in names)


@dataclass(frozen=True)
class NeededGrant:
    """One privilege on one object, or on the tables of one schema.

    Attributes:
        privilege: in upper case, as in GRANT.
        kind: ``WAREHOUSE``, ``DATABASE``, ``SCHEMA``, ``TABLE``, ..., or a schema's ``ALL TABLES``, ``FUTURE TABLES``.
        name: of the object; of the schema for ``ALL`` and ``FUTURE``.
    """

    privilege: str
    kind: str
    name: tuple[Name, ...]

    @property
    def of_schema(self) -> bool:
        """Whether it is about what is in a schema."""
        return self.kind.startswith(("ALL ", "FUTURE "))

    def said(self, quoting: Quoting) -> str:
        """As it stands between GRANT and TO."""
        kind = f"{self.kind}{_IN_SCHEMA}" if self.of_schema else self.kind
        return f"{self.privilege} ON {kind} {quoting.dotted(self.name)}"


def parse_name(text: str) -> tuple[Name, ...]:
    """A name as SQL has it: parts in double quotes are exact.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name; put odd names in double quotes, as in SQL")
    return tuple(
        Name(part[1:-1].replace('""', '"'), exact=True) if part.startswith('"') else Name(part)
        for part in _PARTS.findall(text)
    )


def parse_grants(text: str) -> tuple[NeededGrant, ...]:
    """What stands between GRANT and TO, one for each privilege. ``{database}`` stands for the warehouse's own database.

    Raises:
        ValueError: it is nothing of the kind.
    """
    words = " ".join(text.split())
    found = _GRANT.fullmatch(words.replace("{database}", f'"{OWN_DATABASE}"'))
    if found is None:
        raise ValueError(f"{text!r} is no grant; write what stands between GRANT and TO, such as {EXAMPLES}")
    kind, name = found["kind"].upper(), found["name"]
    if kind.startswith(("ALL ", "FUTURE ")):
        if not kind.endswith(_IN_SCHEMA):
            raise ValueError(f"{text!r} is about a schema's objects; say ON {kind.split()[0]} TABLES IN SCHEMA name")
        kind = kind.removesuffix(_IN_SCHEMA)
    names = parse_name(name)
    privileges = [" ".join(one.upper().split()) for one in found["privileges"].split(",")]
    return tuple(NeededGrant(privilege, kind, names) for privilege in privileges)


def in_database(grant: NeededGrant, database: str) -> NeededGrant:
    """The grant with ``{database}`` filled in."""
    names = tuple(Name(database, exact=True) if part == Name(OWN_DATABASE, exact=True) else part for part in grant.name)
    return NeededGrant(grant.privilege, grant.kind, names)
