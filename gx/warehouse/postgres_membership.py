"""Which login of PostgreSQL has what a role may do, without SET ROLE; and the statements that give it to one."""

from __future__ import annotations

import sqlalchemy as sa

from gx.warehouse.access import Answer
from gx.warehouse.grants import Name, Quoting

_ROLES = sa.table(
    "pg_roles", *(sa.column(name) for name in ("oid", "rolname", "rolcanlogin", "rolinherit")), schema="pg_catalog"
)
_SETTINGS = sa.table("pg_db_role_setting", sa.column("setrole"), sa.column("setconfig"), schema="pg_catalog")
_OWN_INHERIT = (16,)
"""Since this version each membership has its own INHERIT; before the member had one for all."""


class Membership:
    """Asks on one connection, as it was when it began."""

    def __init__(self, connection: sa.Connection, quoting: Quoting) -> None:
        self._connection = connection
        self._quoting = quoting
        self.user, self._acting_as = (
            str(name) for name in connection.execute(sa.select(sa.func.session_user(), sa.func.current_user())).one()
        )

    def exists(self, role: Name) -> bool:
        """Whether there is such a role."""
        return self._inherits(self._folded(role)) is not None

    def created(self, role: Name, login: Name | None) -> str:
        """What makes a role, its login where that is another and there is none yet, and gives it the role."""
        if login is None or self._folded(login) == self._folded(role):
            return f"CREATE ROLE {self._quoting.of(role)} LOGIN;"
        inherits = self._inherits(self._folded(login))
        made = [f"CREATE ROLE {self._quoting.of(role)};"]
        made += [f"CREATE ROLE {self._quoting.of(login)} LOGIN;"] if inherits is None else []
        return " ".join([*made, self._given(login, role, member=False, inherits=inherits is not False)])

    def answer(self, login: Name, role: Name) -> Answer:
        """Whether a login can log in, and has all that a role, which is there, may do."""
        user, name = self._folded(login), self._folded(role)
        inherits = self._inherits(user)
        if inherits is None:
            made = f"CREATE ROLE {self._quoting.of(login)} LOGIN;"
            return Answer(
                False, f"there is no login {user}", f"{made} {self._given(login, role, member=False, inherits=True)}"
            )
        if not self._connection.execute(sa.select(_ROLES.c.rolcanlogin).where(_ROLES.c.rolname == user)).scalar():
            return Answer(False, f"{user} may not log in", f"ALTER ROLE {self._quoting.of(login)} LOGIN;")
        if self._has(user, name, "USAGE"):
            return Answer(True, "it is the role itself" if user == name else f"{user} has all that {name} may do")
        if self._begins_as(user, name):
            return Answer(True, f"the connections of {user} act as {name} from their begin")
        member = self._has(user, name, "MEMBER")
        remedy = self._given(login, role, member=member, inherits=inherits)
        if member:
            detail = f"{user} has what {name} may do only after SET ROLE, which no checkpoint does: it does not inherit"
            return Answer(False, detail, remedy)
        return Answer(False, f"{user} is no member of {name}, and has nothing of what that may do", remedy)

    def _given(self, login: Name, role: Name, *, member: bool, inherits: bool) -> str:
        """What has a login inherit what a role may do, given whether it is a member and inherits by its attribute."""
        grant = f"GRANT {self._quoting.of(role)} TO {self._quoting.of(login)}"
        if (self._connection.dialect.server_version_info or (0,)) >= _OWN_INHERIT:
            return f"{grant} WITH INHERIT TRUE;" if member or not inherits else f"{grant};"
        if inherits:
            return f"{grant};"  # a member already: a role between the two does not inherit
        attribute = f"ALTER ROLE {self._quoting.of(login)} INHERIT;"
        return attribute if member else f"{grant}; {attribute}"

    def _folded(self, name: Name) -> str:
        return name.folded(self._quoting.fold)

    def _inherits(self, role: str) -> bool | None:
        """A role's own attribute; None where there is no such role."""
        found = self._connection.execute(sa.select(_ROLES.c.rolinherit).where(_ROLES.c.rolname == role)).scalar()
        return None if found is None else bool(found)

    def _has(self, user: str, role: str, how: str) -> bool:
        return bool(self._connection.execute(sa.select(sa.func.pg_has_role(user, role, how))).scalar())

    def _begins_as(self, user: str, role: str) -> bool:
        """By ALTER ROLE .. SET role, or by the options in the URL of this connection."""
        if user == self.user:
            return self._acting_as == role
        setting = sa.literal(f"role={role}") == sa.func.any(_SETTINGS.c.setconfig)
        settings = sa.select(sa.exists().where(_SETTINGS.c.setrole == _ROLES.c.oid, _ROLES.c.rolname == user, setting))
        return bool(self._connection.execute(settings).scalar())
