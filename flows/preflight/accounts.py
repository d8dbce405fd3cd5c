"""``service_accounts.yml``: who the accounts are that the pipeline lives by, whose they are, and what they need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from expectations.documents import Node, check_keys, read_document, suggest
from gx.errors import ConfigError
from gx.warehouse.access_opening import ACCESSES, DIALECTS
from gx.warehouse.grants import Name, NeededGrant, parse_grants, parse_name

REGISTRY = "service_accounts.yml"
VERIFIED_WITHIN_DAYS = 90
"""After how many days somebody should look again whether an account is still what the registry says."""

_TOP = ("accounts", "verified_within_days")
_KEYS = (
    *("name", "owner", "approvers", "purpose", "login", "role", "warehouse"),
    *("grants", "last_verified", "stops_every_run"),
)
_REQUIRED = ("name", "owner", "purpose", "role", "grants", "last_verified")
_LOGIN = re.compile(r"@?[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_ANY = ""


@dataclass(frozen=True)
class ServiceAccount:
    """One account.

    Attributes:
        owner: who answers for it; for people.
        approvers: GitHub users of whom one has to agree to a change of its permissions.
        login: the user it logs in as, where that is known.
        warehouse: the virtual warehouse it computes with, on Snowflake.
        grants: what it needs, by dialect; under ``""`` whatever the warehouse is.
        stops_every_run: whether a grant it lacks stops runs that do not connect as it, too.
        line: where it stands.
    """

    name: str
    owner: str
    approvers: tuple[str, ...]
    purpose: str
    login: Name | None
    role: Name
    warehouse: Name | None
    grants: Mapping[str, tuple[NeededGrant, ...]]
    last_verified: date
    stops_every_run: bool
    line: int

    def needed(self, dialect: str) -> tuple[NeededGrant, ...] | None:
        """What it needs in such a warehouse; None when the registry does not say."""
        return self.grants.get(dialect, self.grants.get(_ANY))

    def all_grants(self) -> tuple[NeededGrant, ...]:
        """What it needs anywhere."""
        return tuple(dict.fromkeys(grant for grants in self.grants.values() for grant in grants))


@dataclass(frozen=True)
class Registry:
    """The accounts of a project.

    Attributes:
        verified_within_days: how old ``last_verified`` may be.
    """

    file: Path
    accounts: tuple[ServiceAccount, ...]
    verified_within_days: int

    def account(self, name: str) -> ServiceAccount:
        """One of them.

        Raises:
            ConfigError: there is none of that name.
        """
        names = [account.name for account in self.accounts]
        if name not in names:
            raise ConfigError(
                f"there is no account {name!r}{suggest(name, names)}; there are: {', '.join(names)}", file=self.file
            )
        return self.accounts[names.index(name)]


def load_registry(file: Path, today: date | None = None) -> Registry | None:
    """Read a project's ``service_accounts.yml``; None when it has none.

    Args:
        file: where it may be.
        today: nobody can have verified anything after that; None where it does not matter.

    Raises:
        ConfigError: something in it is wrong, with its line.
    """
    if not file.exists():
        return None
    entries = read_document(file).mapping("the registry of service accounts")
    check_keys(entries, _TOP, "the registry of service accounts")
    if "accounts" not in entries:
        raise ConfigError("`accounts` is missing: the list of service accounts", file=file)
    days = entries.get("verified_within_days")
    within = VERIFIED_WITHIN_DAYS if days is None else _days(days)
    accounts = tuple(_account(node, today) for node in entries["accounts"].items("`accounts`"))
    for position, account in enumerate(accounts):
        if account.name in [earlier.name for earlier in accounts[:position]]:
            raise ConfigError(f"there is another account {account.name!r} above", file=file, line=account.line)
    return Registry(file, accounts, within)


def _account(node: Node, today: date | None) -> ServiceAccount:
    entries = node.mapping("an account")
    check_keys(entries, _KEYS, "an account")
    if missing := [key for key in _REQUIRED if key not in entries]:
        raise node.fail(f"an account needs {', '.join(_REQUIRED)}; {', '.join(missing)} is missing")
    return ServiceAccount(
        name=entries["name"].text("`name`"),
        owner=entries["owner"].text("`owner`"),
        approvers=_approvers(entries["approvers"]) if "approvers" in entries else (),
        purpose=entries["purpose"].text("`purpose`"),
        login=_name(entries["login"], "`login`") if "login" in entries else None,
        role=_name(entries["role"], "`role`"),
        warehouse=_name(entries["warehouse"], "`warehouse`") if "warehouse" in entries else None,
        grants=_grants(entries["grants"]),
        last_verified=_verified(entries["last_verified"], today),
        stops_every_run=_flag(entries["stops_every_run"]) if "stops_every_run" in entries else False,
        line=node.line,
    )


def _name(node: Node, what: str) -> Name:
    try:
        (name,) = parse_name(node.text(what))
    except ValueError:
        raise node.fail(
            f"{what} must be one name, as SQL has it: DBT_PROD_ROLE, or in double quotes; found {node.value!r}"
        ) from None
    return name


def _approvers(node: Node) -> tuple[str, ...]:
    found = []
    for one in [node] if isinstance(node.value, str) else node.items("`approvers`"):
        login = one.text("an entry of `approvers`")
        if "/" in login:
            raise one.fail(
                f"{login!r} is a team, whose members the workflow may not look up; name users here, and the team in "
                "CODEOWNERS"
            )
        if not _LOGIN.fullmatch(login):
            raise one.fail(f"`approvers` are GitHub users, such as @buck; found {login!r}")
        found.append(login.removeprefix("@"))
    if not found:
        raise node.fail(
            "`approvers` names nobody, so nobody could agree to a change; name GitHub users, such as @buck, or "
            "leave it out where no review is wanted"
        )
    return tuple(found)


def _grants(node: Node) -> dict[str, tuple[NeededGrant, ...]]:
    if isinstance(node.value, list):
        return {_ANY: _listed(node, _ANY)}
    entries = node.mapping("`grants`")
    check_keys(entries, [name for name in DIALECTS if name in ACCESSES], "`grants`")
    return {dialect: _listed(grants, dialect) for dialect, grants in entries.items()}


def _listed(node: Node, dialect: str) -> tuple[NeededGrant, ...]:
    found: list[NeededGrant] = []
    for item in node.items("`grants`"):
        try:
            grants = parse_grants(item.text("a grant"))
        except ValueError as error:
            raise item.fail(str(error)) from None
        for grant in grants:
            # Whatever the warehouse is, one of them has to know it.
            problems = [access.problem_with(grant) for name, access in ACCESSES.items() if dialect in (_ANY, name)]
            if all(problems):
                raise item.fail("; ".join(filter(None, problems)))
        found.extend(grants)
    return tuple(dict.fromkeys(found))


def _verified(node: Node, today: date | None) -> date:
    if type(node.value) is not date:
        raise node.fail(f"`last_verified` must be a date such as 2026-11-20; found {node.value!r}")
    # A day of grace: it may be tomorrow already where that was written.
    if today is not None and node.value > today + timedelta(days=1):
        raise node.fail(
            f"`last_verified` is {node.value}, which lies in the future; write the day on which somebody looked, at "
            f"the latest today, {today}"
        )
    return node.value


def _days(node: Node) -> int:
    if type(node.value) is not int or not 1 <= node.value <= 3_660:
        raise node.fail(f"`verified_within_days` must be a whole number from 1 to 3660; found {node.value!r}")
    return node.value


def _flag(node: Node) -> bool:
    if type(node.value) is not bool:
        raise node.fail(f"`stops_every_run` must be true or false; found {node.value!r}")
    return node.value
