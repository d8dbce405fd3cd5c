"""The service accounts: does each role exist, and has it what it needs?"""

from __future__ import annotations

from collections.abc import Iterator

from flows.preflight.accounts import REGISTRY, Registry, ServiceAccount
from flows.preflight.checks import Check
from flows.preflight.lines import Line, Status, line_of
from flows.preflight.plan import Plan
from flows.preflight.warehouse import RefusedError, access, refused
from gx.warehouse.access import Access
from gx.warehouse.access_opening import ACCESSES
from gx.warehouse.grants import NeededGrant, in_database

ACCOUNTS = "accounts"
_ROLE = "role"
_LOGIN = "login"
_WAREHOUSE = "warehouse"


def account_checks(plan: Plan) -> list[Check]:
    """One check for each account that this preflight is about."""
    registry = plan.registry
    if registry is None:
        return [_said(f"there is no {REGISTRY}: who needs which grants is not known, so none were checked")]
    accounts = registry.accounts if plan.account is None else (registry.account(plan.account),)
    if plan.warehouse.dialect_name not in ACCESSES:
        count = len(accounts)
        said = _said(
            "DuckDB has no grants: who can open the file can do everything; what "
            f"{'1 account needs' if count == 1 else f'{count} accounts need'} was not checked"
        )
        concerned = [account for account in accounts if not plan.run or account.stops_every_run]
        return [said, *(_lines(_age(plan, registry, account)) for account in concerned)]
    if not plan.run:
        return [_check(plan, registry, account) for account in accounts]
    own = [account for account in accounts if account.stops_every_run or _is_own(plan, account)]
    if own:
        return [_check(plan, registry, account) for account in own]
    user = plan.warehouse.url.username or "nobody"
    detail = f"the run connects as {user}, who is no account of {registry.file.name}; no grants were checked"
    return [_lines(Line(ACCOUNTS, "grants", Status.NOT_CHECKED, detail))]


def _said(detail: str) -> Check:
    return _lines(Line(ACCOUNTS, "grants", Status.NONE, detail))


def _lines(line: Line) -> Check:
    return Check(line.check, (line.what,), lambda: iter([line]), stops=False, patient=True)


def _is_own(plan: Plan, account: ServiceAccount) -> bool:
    """Whether the run's connection has the account's role, or is its user's."""
    url = plan.warehouse.url
    fold = str.upper if plan.warehouse.dialect_name == "snowflake" else str.lower
    role = url.query.get("role")
    names = {fold(name) if fold is str.upper else name for name in (url.username, role) if isinstance(name, str)}
    return bool(names & {name.folded(fold) for name in (account.role, account.login) if name is not None})


def _check(plan: Plan, registry: Registry, account: ServiceAccount) -> Check:
    check = f"account {account.name}"
    needed = account.needed(plan.warehouse.dialect_name)
    if needed is None:
        detail = (
            f"{registry.file.name} does not say what it needs on {plan.warehouse.dialect_name}; nothing was checked"
        )
        told = [Line(check, "grants", Status.NOT_CHECKED, detail), _age(plan, registry, account)]
        return Check(check, tuple(line.what for line in told), lambda: iter(told), stops=False)
    database = (plan.warehouse.url.database or "").partition("/")[0]
    if plan.warehouse.dialect_name == "snowflake":
        database = database.upper()
    grants = [in_database(grant, database) for grant in needed]
    kind = ACCESSES[plan.warehouse.dialect_name]
    quoting = kind.quoting_of(plan.warehouse)
    computes = account.warehouse if kind.has_virtual_warehouses else None
    own = [*([_LOGIN] if account.login else []), *([_WAREHOUSE] if computes else [])]
    expects = (_ROLE, *own, *(grant.said(quoting) for grant in grants), "last verified")

    def run() -> Iterator[Line]:
        yield _age(plan, registry, account)
        try:
            with access(plan, account.role, computes) as asked:
                role = asked.be(account.role, account.login)
                yield line_of(check, _ROLE, role, stops=True)
                if not role.holds:
                    return
                if account.login is not None:
                    yield line_of(check, _LOGIN, asked.has_role(account.login, account.role), stops=True)
                if computes is not None:
                    ready = asked.ready(computes)
                    about = computes.folded(asked.quoting.fold)
                    yield line_of(check, _WAREHOUSE, ready, stops=True, about_warehouse=about)
                yield from _granted(check, asked, grants)
        except RefusedError as error:
            yield refused(check, _ROLE, error)

    return Check(check, expects, run)


def _granted(check: str, asked: Access, grants: list[NeededGrant]) -> Iterator[Line]:
    for grant, answer in zip(grants, asked.held(grants), strict=True):
        about = grant.name[0].folded(asked.quoting.fold) if grant.kind == "WAREHOUSE" else None
        yield line_of(check, grant.said(asked.quoting), answer, stops=True, about_warehouse=about)


def _age(plan: Plan, registry: Registry, account: ServiceAccount) -> Line:
    check, days = f"account {account.name}", (plan.today - account.last_verified).days
    what = "last verified"
    if days > registry.verified_within_days:
        detail = (
            f"{account.last_verified}, {days} days ago (more than {registry.verified_within_days}); {account.owner} "
            f"should look whether {registry.file.name} is still true, and write today's date there"
        )
        return Line(check, what, Status.WARNING, detail)
    return Line(check, what, Status.FINE, f"{account.last_verified}, by {account.owner}")
