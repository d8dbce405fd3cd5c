"""List endpoints as Stripe answers them: newest first, any window of `created`, an error for a wrong
parameter.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from aiohttp import web
from localstripe import resources
from localstripe.errors import UserError
from localstripe.server import unflatten_data

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_ENDED = ("canceled", "incomplete_expired")
_MOST = 100
LISTED: dict[str, tuple[type[resources.StripeObject], tuple[str, ...]]] = {
    "/v1/charges": (resources.Charge, ("customer",)),
    "/v1/customers": (resources.Customer, ("email",)),
    "/v1/subscriptions": (resources.Subscription, ("customer", "status")),
    "/v1/plans": (resources.Plan, ("active", "product")),
}
"""The lists that are answered here, with their equality filters; localstripe answers everything else."""


def list_objects(request: web.Request) -> web.Response:
    """Answer one page of a list.

    Raises:
        UserError: a parameter is unknown or wrong; localstripe turns it into Stripe's error JSON.
    """
    kind, filters = LISTED[request.path]
    query = unflatten_data(request.query)
    expand = query.pop("expand", None)
    limit = _limit(query.pop("limit", None))
    after = query.pop("starting_after", None)
    created = query.pop("created", None)
    if unknown := sorted(set(query) - set(filters)):
        raise UserError(400, f"Received unknown parameters: {', '.join(unknown)}")

    # Store order is creation order, which breaks the ties of `created`.
    found = [value for key, value in resources.store.items() if key.startswith(f"{kind.object}:")]
    found.sort(key=lambda item: item.created)
    found.reverse()
    for test in (*_created_tests(created), *_filter_tests(kind, query)):
        found = [item for item in found if test(item)]
    if after is not None and not any(item.id == after for item in found):
        raise UserError(400, f"No such {kind.object}: '{after}'")

    page = resources.List(request.path, limit=limit, starting_after=after)
    page._list = found
    # localstripe indents its JSON, which takes Python's slow encoder.
    return web.json_response(page._export(expand=expand))


def _limit(given: str | None) -> int:
    limit = resources.try_convert_to_int(given) if given is not None else 10
    if not isinstance(limit, int) or not 1 <= limit <= _MOST:
        raise UserError(400, f"limit must be a whole number from 1 to {_MOST}")
    return limit


def _created_tests(created: Any) -> list[Callable[[Any], bool]]:
    bounds = {"eq": created} if isinstance(created, str) else created or {}
    tests: list[Callable[[Any], bool]] = []
    for name, given in bounds.items():
        compare = operator.eq if name == "eq" else _COMPARE.get(name)
        bound = resources.try_convert_to_int(given)
        if compare is None or not isinstance(bound, int):
            raise UserError(400, "created takes a number of seconds, or gt, gte, lt, lte of such")
        tests.append(lambda item, compare=compare, bound=bound: compare(item.created, bound))  # type: ignore[misc]
    return tests


def _filter_tests(kind: type[resources.StripeObject], query: dict[str, str]) -> list[Callable[[Any], bool]]:
    wanted = dict(query)
    tests: list[Callable[[Any], bool]] = []
    if kind is resources.Subscription:
        status = wanted.pop("status", None)
        if status is None:
            tests.append(lambda item: item.status not in _ENDED)
        elif status != "all":
            tests.append(lambda item: item.status == status)
    for name, value in wanted.items():
        expected = resources.try_convert_to_bool(value)
        tests.append(lambda item, name=name, expected=expected: getattr(item, name) == expected)  # type: ignore[misc]
    return tests
