"""Whether a change touches an account, and which of the grants that it needs would go."""

from __future__ import annotations

from dataclasses import dataclass

from flows.permissions.changes import Change, Kind
from flows.preflight.accounts import ServiceAccount
from gx.warehouse.grants import NeededGrant, Quoting

_AS_WRITTEN = Quoting(str, ())
_ALL = ("ALL", "ALL PRIVILEGES")


@dataclass(frozen=True)
class Touched:
    """What of an account a change is about.

    Attributes:
        things: for people: ``role DBT_PROD_ROLE``, ``warehouse DBT_PROD``, ...
        lost: the grants that the registry says it needs, and that would be gone.
    """

    things: tuple[str, ...]
    lost: tuple[str, ...]


def touched(change: Change, account: ServiceAccount) -> Touched | None:
    """What of the account is touched; None when nothing is."""
    itself = _itself(change, account)
    about = [grant for grant in account.all_grants() if _is_about(change, grant)]
    if change.kind in (Kind.REVOKE, Kind.REMOVED_GRANT, Kind.REMOVED_RESOURCE):
        # What is taken from another role is that role's affair, whatever it is about.
        if not itself and not (change.from_everybody and about):
            return None
        lost = [grant for grant in about if change.kind is Kind.REMOVED_RESOURCE or _is_of(change, grant)]
    else:
        lost = about
        if itself and change.object_kind in ("ROLE", "USER", "GROUP"):
            lost = list(account.all_grants())
    objects = [_thing(grant) for grant in about]
    warehouse = account.warehouse.text if account.warehouse else None
    if warehouse and change.object_kind == "WAREHOUSE" and change.target == (warehouse.upper(),):
        objects.insert(0, f"warehouse {warehouse}")
    things = tuple(dict.fromkeys([*itself, *objects]))
    return Touched(things, tuple(dict.fromkeys(grant.said(_AS_WRITTEN) for grant in lost))) if things else None


def _itself(change: Change, account: ServiceAccount) -> list[str]:
    known = [
        (account.role.text, "role"),
        (account.login.text if account.login else "", "user"),
        (account.name, "account"),
    ]
    return [f"{kind} {name}" for name, kind in known if name and name.upper() in change.names]


def _thing(grant: NeededGrant) -> str:
    name = ".".join(part.text for part in grant.name)
    return f"{'schema' if grant.of_schema else grant.kind.lower()} {name}"


def _is_of(change: Change, grant: NeededGrant) -> bool:
    return grant.privilege in change.privileges or bool(change.privileges.intersection(_ALL))


def _is_about(change: Change, grant: NeededGrant) -> bool:
    """Whether the grant's object is the change's, or lies in it. Either may be named without what it lies in."""
    if not change.target:
        return False
    name = tuple(part.text.upper() for part in grant.name)
    in_schema, kind = grant.of_schema, change.object_kind
    if kind in (grant.kind, "") or (in_schema and kind == "SCHEMA") or {kind, grant.kind} <= _RELATIONS:
        shorter = min(len(name), len(change.target))
        if name[-shorter:] == change.target[-shorter:]:
            return True
    whole = name if in_schema or grant.kind == "SCHEMA" else name[:-1]  # the schema, with its database if it is named
    if kind == "SCHEMA" and grant.kind in _RELATIONS and whole:
        shorter = min(len(whole), len(change.target))
        return whole[-shorter:] == change.target[-shorter:]
    inside = {"SCHEMA": 2, "TABLE": 3, "VIEW": 3}.get(grant.kind, 2 if in_schema else 0)
    return kind == "DATABASE" and len(name) == inside and name[0] == change.target[-1]


_RELATIONS = {"TABLE", "TABLES", "VIEW", "VIEWS", ""}
