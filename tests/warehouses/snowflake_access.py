"""Roles and virtual warehouses for the Snowflake emulator, which knows neither: as Snowflake's reference has them.

What is emulated: ``SHOW GRANTS TO ROLE``, ``SHOW FUTURE GRANTS TO ROLE``, ``SHOW GRANTS OF ROLE``, ``SHOW GRANTS TO
USER`` (of users that were granted a role once), ``SHOW WAREHOUSES`` (only those that the
role has a privilege on), ``USE WAREHOUSE`` (USAGE), ``ALTER WAREHOUSE .. RESUME IF SUSPENDED`` (OPERATE). A role whose
name begins with BLIND may not SHOW, and is refused what it has no USAGE or SELECT on. SYSADMIN may do everything. A
role must be granted to the user to log in with it. No other statement is refused for want of a grant.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

_NAME = r'(?:"[^"]+"|[\w$]+)'
_PATH = rf"({_NAME}(?:\.{_NAME})*)"
_ROLES = re.compile(rf"(GRANT|REVOKE) ROLE ({_NAME}) (?:TO|FROM) (USER|ROLE) ({_NAME})$", re.IGNORECASE)
_GRANT = re.compile(
    rf"(GRANT|REVOKE) ([A-Z ,]+) ON (FUTURE TABLES IN SCHEMA|[A-Z]+) {_PATH} (?:TO|FROM) ROLE ({_NAME});?$",
    re.IGNORECASE,
)
_MAKE = re.compile(rf"CREATE (ROLE|WAREHOUSE) ({_NAME})( AUTO_RESUME = FALSE)?$", re.IGNORECASE)
_SUSPEND = re.compile(rf"ALTER WAREHOUSE ({_NAME}) SUSPEND$", re.IGNORECASE)
_RESUME = re.compile(rf"ALTER WAREHOUSE ({_NAME}) RESUME IF SUSPENDED$", re.IGNORECASE)
_SHOW = re.compile(rf"SHOW (FUTURE )?GRANTS TO ROLE ({_NAME})$", re.IGNORECASE)
_SHOW_OF = re.compile(rf"SHOW GRANTS (OF ROLE|TO USER) ({_NAME})$", re.IGNORECASE)
_WAREHOUSES = re.compile(r"SHOW WAREHOUSES LIKE '([^']+)'$", re.IGNORECASE)
_USE = re.compile(rf"USE (WAREHOUSE|DATABASE|SCHEMA) {_PATH}$", re.IGNORECASE)
_READ = re.compile(rf"SELECT 1 FROM {_PATH} WHERE FALSE$", re.IGNORECASE)
_ROLE = re.compile(r"\bcurrent_role\(\)", re.IGNORECASE)
_DONE = "SELECT 'Statement executed successfully.' AS status"
_USER = "SLUICE"  # who logs in
_OWNERS = ("SYSADMIN", "ACCOUNTADMIN")

ABSENT = ("002043", "02000", "SQL compilation error:\nObject does not exist, or operation cannot be performed.")
DENIED = ("003001", "42501", "SQL access control error:\nInsufficient privileges to operate on {}")
SPENT = ("090073", "22000", "Warehouse '{}' cannot be resumed because resource monitor has exceeded its quota.")


class RefusedError(Exception):
    """Snowflake's number, SQLSTATE and words."""

    def __init__(self, error: tuple[str, str, str], about: str = "") -> None:
        self.number, self.state, message = error
        super().__init__(message.format(about))


@dataclass
class Access:
    """Who may do what in the account."""

    database: str
    grants: dict[str, set[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(set))
    states: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of each virtual warehouse: its state, and whether it resumes itself."""
    users: dict[str, set[str]] = field(default_factory=dict)
    """The roles of each user."""
    logins: set[str] = field(default_factory=lambda: {*_OWNERS, "PUBLIC", ""})

    def may_log_in(self, role: str) -> bool:
        return role.upper() in self.logins

    def answer(self, statement: str, role: str) -> str:
        """The statement for the emulator, or in place of it; one that it is not about is left alone.

        Raises:
            RefusedError: Snowflake would refuse it to this role.
        """
        self._record(statement)
        if found := _MAKE.match(statement):
            if found[1].upper() == "WAREHOUSE":
                self.states[_plain(found[2])] = ("STARTED", "false" if found[3] else "true")
            return _DONE
        if found := _SUSPEND.match(statement):
            self.states[_plain(found[1])] = ("SUSPENDED", self.states[_plain(found[1])][1])
            return _DONE
        if found := _RESUME.match(statement):
            return self._resume(_plain(found[1]), role)
        if found := _WAREHOUSES.match(statement):
            return self._warehouses(found[1], role)
        if found := _SHOW.match(statement):
            if role.startswith("BLIND"):
                raise RefusedError(DENIED, f"role '{_plain(found[2])}'")
            return self._shown(_plain(found[2]), future=bool(found[1]))
        if found := _SHOW_OF.match(statement):
            if role.startswith("BLIND"):
                raise RefusedError(DENIED, f"{found[1][3:].lower()} '{_plain(found[2])}'")
            return self._grantees(_plain(found[2])) if found[1].upper() == "OF ROLE" else self._roles(_plain(found[2]))
        if found := _USE.match(statement):
            return self._use(found[1].upper(), _whole(found[2]), statement, role)
        if (found := _READ.match(statement)) and not self._has(role, "SELECT", "TABLE", _whole(found[1])):
            raise RefusedError(ABSENT)
        return _ROLE.sub(f"'{role}'", statement)

    def _record(self, statement: str) -> None:
        if found := _ROLES.match(statement):
            name, to_user, grantee = _plain(found[2]), found[3].upper() == "USER", _plain(found[4])
            add = found[1].upper() == "GRANT"
            if to_user:
                held_by = self.users.setdefault(grantee, set())
                (held_by.add if add else held_by.discard)(name)
            if to_user and grantee == _USER:
                (self.logins.add if add else self.logins.discard)(name)
            elif not to_user:
                held = self.grants[grantee]
                (held.add if add else held.discard)(("USAGE", "ROLE", name))
        elif found := _GRANT.match(statement):
            kind = "FUTURE" if found[3].upper().startswith("FUTURE") else found[3].upper()
            held = self.grants[_plain(found[5])]
            for privilege in found[2].upper().split(","):
                one = (privilege.strip(), kind, _whole(found[4]))
                (held.add if found[1].upper() == "GRANT" else held.discard)(one)

    def _has(self, role: str, privilege: str, kind: str, name: str) -> bool:
        return role in _OWNERS or (privilege, kind, name) in self.grants[role] or not role.startswith("BLIND")

    def _on_warehouse(self, role: str, name: str) -> set[str]:
        if role in _OWNERS:
            return {"USAGE", "OPERATE"}
        return {privilege for privilege, kind, about in self.grants[role] if (kind, about) == ("WAREHOUSE", name)}

    def _resume(self, name: str, role: str) -> str:
        if name not in self.states or not self._on_warehouse(role, name):
            raise RefusedError(ABSENT)
        if "OPERATE" not in self._on_warehouse(role, name):
            raise RefusedError(DENIED, f"warehouse '{name}'")
        if name.startswith("SPENT"):
            raise RefusedError(SPENT, name)
        self.states[name] = ("STARTED", self.states[name][1])
        return _DONE

    def _use(self, kind: str, name: str, statement: str, role: str) -> str:
        if kind != "WAREHOUSE":
            if not self._has(role, "USAGE", kind, name):
                raise RefusedError(ABSENT)
            return statement
        if name in self.states and "USAGE" not in self._on_warehouse(role, name):
            raise RefusedError(ABSENT)
        return _DONE

    def _warehouses(self, pattern: str, role: str) -> str:
        rows = [
            {"name": name, "state": state, "auto_resume": resumes}
            for name, (state, resumes) in self.states.items()
            if name == pattern.upper() and self._on_warehouse(role, name)
        ]
        return _rows(("name", "state", "auto_resume"), rows)

    def _grantees(self, role: str) -> str:
        users = [("USER", user) for user, roles in self.users.items() if role in roles]
        roles = [("ROLE", other) for other, held in self.grants.items() if ("USAGE", "ROLE", role) in held]
        columns = ("role", "granted_to", "grantee_name")
        return _rows(columns, [dict(zip(columns, (role, *one), strict=True)) for one in (*users, *roles)])

    def _roles(self, user: str) -> str:
        if user not in self.users:
            raise RefusedError(ABSENT)
        columns = ("role", "granted_to", "grantee_name")
        return _rows(columns, [dict(zip(columns, (one, "USER", user), strict=True)) for one in self.users[user]])

    def _shown(self, role: str, *, future: bool) -> str:
        columns = ("privilege", "grant_on" if future else "granted_on", "name")
        rows = [
            dict(
                zip(
                    columns, (privilege, "TABLE", f"{name}.<TABLE>") if future else (privilege, kind, name), strict=True
                )
            )
            for privilege, kind, name in sorted(self.grants[role])
            if (kind == "FUTURE") == future
        ]
        return _rows(columns, rows)


def _rows(columns: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    def select(row: dict[str, str]) -> str:
        values = ", ".join(f"'{row[column]}' AS \"{column}\"" for column in columns)
        return f"SELECT {values}"

    if not rows:
        return f"{select(dict.fromkeys(columns, ''))} WHERE 1 = 0"
    return " UNION ALL ".join(map(select, rows))


def _plain(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.upper()


def _whole(path: str) -> str:
    return ".".join(_plain(part) for part in re.findall(_NAME, path))
