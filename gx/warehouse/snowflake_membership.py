"""Whether a user of Snowflake has a role, itself or through others; asked only of what the session's role may see."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.access import Answer
from gx.warehouse.ddl_access import ShowGrantsOfRole, ShowGrantsToUser
from gx.warehouse.grants import Name, Quoting

_MOST_ROLES = 50


def role_of_user(
    connection: sa.Connection,
    user: str,
    role: str,
    quoting: Quoting,
    reason: Callable[[SQLAlchemyError], str],
    remedy: str,
) -> Answer:
    """The answer; None as what holds where it cannot be seen.

    Args:
        connection: whose role looks.
        user: as the catalog has it.
        role: likewise.
        quoting: of names.
        reason: what an error says, without secrets.
        remedy: gives the user the role.
    """
    waiting, seen = [role], set[str]()
    try:
        while waiting and len(seen) < _MOST_ROLES:
            one = waiting.pop(0)
            seen.add(one)
            shown = connection.execute(ShowGrantsOfRole(quoting.of(Name(one, exact=True)))).mappings().all()
            grantees = {(str(row["granted_to"]), str(row["grantee_name"])) for row in shown}
            if ("USER", user) in grantees:
                return Answer(True, f"{user} has {role}" + ("" if one == role else f", through {one}"))
            waiting += [name for kind, name in sorted(grantees) if kind == "ROLE" and name not in seen]
        if waiting:
            return Answer(
                None, f"{role} is granted to more than {_MOST_ROLES} roles, and whether to {user} was not seen"
            )
        # No row means nothing of a user who may not be seen, or is not there: Snowflake does not tell these apart.
        connection.execute(ShowGrantsToUser(quoting.of(Name(user, exact=True))))
    except SQLAlchemyError as error:
        return Answer(None, f"whether {user} has {role} could not be looked up: {reason(error)}")
    return Answer(False, f"{user} does not have {role}", remedy)
