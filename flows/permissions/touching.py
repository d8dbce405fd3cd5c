"""Whether a change touches an account, and which of the grants that it needs would go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.permissions.changes import Change, Kind
from flows.permissions.tokens import UNKNOWN
from flows.preflight.accounts import ServiceAccount
from gx.warehouse.grants import OWN_DATABASE, NeededGrant, Quoting

_AS_WRITTEN = Quoting(str, ())
_ALL = ("ALL", "ALL PRIVILEGES")
_Fits = Callable[[Sequence[str], Sequence[str]], bool]
"""Whether the parts of a name are those of another."""


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
    """What of the account is touched; None when nothing is, as far as the text tells."""
    itself = _itself(change, account)
    about = [grant for grant in account.all_grants() if _is_about(change, grant, _same)]
    lost = [grant for grant in account.all_grants() if _is_about(change, grant, _may_be)]
    if _takes_from_a_role(change):
        # What is taken from another role is that role's affair, whatever it is about.
        if not itself and not (change.from_everybody and about):
            return None
        lost = [grant for grant in lost if _is_of(change, grant)]
    if itself and _is_of_the_account_itself(change, account):
        lost = list(account.all_grants())
    objects = [*_warehouse(change, account, _same), *(_thing(grant) for grant in about)]
    things = tuple(dict.fromkeys([*itself, *objects]))
    return Touched(things, tuple(dict.fromkeys(grant.said(_AS_WRITTEN) for grant in lost))) if things else None


def may_touch(change: Change, account: ServiceAccount) -> bool:
    """Whether it could touch the account, were what is filled in later a name of the account's."""
    names = [name for name, _ in _names(account)]
    if any(_may_be((name,), (unknown,)) for name in names for unknown in change.unknown):
        return True
    about = any(_is_about(change, grant, _may_be) for grant in account.all_grants())
    if _takes_from_a_role(change):
        return change.from_everybody and about
    return about or bool(_warehouse(change, account, _may_be))


def _takes_from_a_role(change: Change) -> bool:
    is_object = change.kind is Kind.REMOVED_RESOURCE and change.target
    return change.kind in (Kind.REVOKE, Kind.REMOVED_GRANT, Kind.REMOVED_RESOURCE) and not is_object


def _is_of_the_account_itself(change: Change, account: ServiceAccount) -> bool:
    """Whether the role or user goes with all it may do, or the one is taken from the other."""
    if change.kind not in (Kind.REVOKE, Kind.REMOVED_GRANT) and change.object_kind in ("ROLE", "USER", "GROUP"):
        return True
    both = {account.role.text.upper(), account.login.text.upper()} if account.login else set()
    return bool(both) and both <= change.names and not change.privileges and _takes_from_a_role(change)


def _names(account: ServiceAccount) -> list[tuple[str, str]]:
    """Its names, in upper case, and what each is."""
    login = account.login.text if account.login else ""
    known = [(account.role.text, "role"), (login, "user"), (account.name, "account")]
    return [(name.upper(), f"{kind} {name}") for name, kind in known if name]


def _itself(change: Change, account: ServiceAccount) -> list[str]:
    return [said for name, said in _names(account) if name in change.names]


def _warehouse(change: Change, account: ServiceAccount, fits: _Fits) -> list[str]:
    name = account.warehouse.text if account.warehouse else None
    is_it = name and change.object_kind == "WAREHOUSE" and fits((name.upper(),), change.target)
    return [f"warehouse {name}"] if is_it else []


def _thing(grant: NeededGrant) -> str:
    name = ".".join(part.text for part in grant.name)
    return f"{'schema' if grant.of_schema else grant.kind.lower()} {name}"


def _is_of(change: Change, grant: NeededGrant) -> bool:
    return grant.privilege in change.privileges or bool(change.privileges.intersection(_ALL))


def _same(name: Sequence[str], target: Sequence[str]) -> bool:
    return tuple(name) == tuple(target)


def _may_be(name: Sequence[str], target: Sequence[str]) -> bool:
    """Whether a name fits what is known of another."""
    return len(name) == len(target) and all(
        re.fullmatch(".*".join(map(re.escape, part.split(UNKNOWN))), one, re.DOTALL)
        for one, part in zip(name, target, strict=True)
    )


def _is_about(change: Change, grant: NeededGrant, fits: _Fits) -> bool:
    """Whether the grant's object is the change's, or lies in it. Either may be named without what it lies in."""
    if change.kind is Kind.REMOVED_RESOURCE and not change.target:
        return _is_named(change, grant)
    if not change.target:
        return False
    name = tuple(part.text.upper() for part in grant.name)
    in_schema, kind = grant.of_schema, change.object_kind
    is_kind = kind in (grant.kind, "") or (in_schema and kind == "SCHEMA") or {kind, grant.kind} <= _RELATIONS
    if is_kind and _ends_alike(name, change.target, fits):
        return True
    whole = name if in_schema or grant.kind == "SCHEMA" else name[:-1]  # the schema, with its database if it is named
    if kind == "SCHEMA" and grant.kind in _RELATIONS and whole:
        return _ends_alike(whole, change.target, fits)
    if kind in ("TABLE", "VIEW") and grant.kind.endswith((" TABLES", " VIEWS")) and not _comes_back(change, grant):
        # What is filled in for a name as a whole may name the schema, too; a bare name says nothing of it.
        schema = change.target if change.target == (UNKNOWN,) else change.target[:-1]
        return bool(schema) and _ends_alike(name, schema, fits)
    inside = {"SCHEMA": 2, "TABLE": 3, "VIEW": 3}.get(grant.kind, 2 if in_schema else 0)
    return kind == "DATABASE" and len(name) == inside and fits(name[:1], change.target[-1:])


def _is_named(change: Change, grant: NeededGrant) -> bool:
    """Whether a resource, of which all that is known is what stands in quotes in it, is about the grant's object."""
    is_kind = change.object_kind in ("", grant.kind.split()[-1])
    return is_kind and all(part.text.upper() in change.names for part in grant.name if part.text != OWN_DATABASE)


def _ends_alike(name: Sequence[str], target: Sequence[str], fits: _Fits) -> bool:
    shorter = min(len(name), len(target))
    return fits(name[-shorter:], target[-shorter:])


def _comes_back(change: Change, grant: NeededGrant) -> bool:
    """Whether a new table has the grant again, as a table to come."""
    return change.kind is Kind.REPLACE and grant.kind.startswith("FUTURE ")


_RELATIONS = {"TABLE", "TABLES", "VIEW", "VIEWS", ""}
