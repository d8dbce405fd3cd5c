"""Whether the login that a job uses has, by itself, what its role may do: on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from flows.preflight.lines import Status
from tests.warehouses.roles import Project, execute, line, red

pytestmark = pytest.mark.postgres

REGISTRY = """
accounts:
  - name: dbt
    owner: Buck
    purpose: the daily run
    login: {login}
    role: {role}
    last_verified: {today}
    grants: [{grants}]
"""
ROLES = ("login_svc", "other_svc", "login_role", "between_role", "ghost_svc", "ghost_role")


def registry(*, login: str = "login_svc", role: str = "login_role", grants: str = "SELECT ON TABLE raw.charges") -> str:
    return REGISTRY.format(login=login, role=role, grants=grants, today=datetime.now(UTC).date())


@pytest.fixture
def admin(postgres_url: URL) -> Iterator[URL]:
    execute(
        postgres_url,
        "DROP DATABASE IF EXISTS logins",
        "CREATE DATABASE logins",
        *(f"CREATE ROLE {name} LOGIN" for name in ("login_svc", "other_svc")),
        "CREATE ROLE login_role",
        "CREATE ROLE between_role NOINHERIT",
        "GRANT login_role TO login_svc",
    )
    inside = postgres_url.set(database="logins")
    execute(
        inside,
        "CREATE SCHEMA raw",
        *(f"CREATE TABLE raw.{name} (id int)" for name in ("charges", "refunds", "customers")),
        "CREATE VIEW raw.latest AS SELECT * FROM raw.charges",
        "CREATE SEQUENCE raw.numbers",
        "GRANT USAGE ON SCHEMA raw TO login_role",
        "GRANT SELECT ON ALL TABLES IN SCHEMA raw TO login_role",
    )
    yield inside
    execute(postgres_url, "DROP DATABASE logins WITH (FORCE)", *(f"DROP ROLE IF EXISTS {name}" for name in ROLES))


@pytest.fixture
def project(admin: URL, tmp_path: Path) -> Project:
    found = Project(tmp_path, admin.set(username="login_svc"))
    found.write(registry())
    return found


def is_new(admin: URL) -> bool:
    """Whether each membership has its own INHERIT (PostgreSQL 16)."""
    import sqlalchemy as sa

    engine = sa.create_engine(admin, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("SHOW server_version_num").scalar_one() >= "160000")


def test_a_login_that_has_what_its_role_may_do_is_fine(project: Project) -> None:
    found = project.look()

    assert red(found) == []
    assert line(found, "login").detail == "login_svc has all that login_role may do"


@pytest.mark.parametrize("who", ["login_svc", "postgres"])
def test_a_login_that_lost_its_role_is_red_with_the_grant_whoever_looks(project: Project, admin: URL, who: str) -> None:
    execute(admin, "REVOKE login_role FROM login_svc")
    looking = Project(project.directory, admin.set(username=who))

    (only,) = red(looking.look())

    remedy = "GRANT login_role TO login_svc;"
    assert (only.what, only.remedy) == ("login", remedy)
    assert "login_svc is no member of login_role" in only.detail
    execute(admin, remedy)
    assert red(looking.look()) == []


@pytest.mark.parametrize("who", ["login_svc", "postgres"])
def test_a_login_that_does_not_inherit_is_red_for_no_checkpoint_sets_its_role(
    project: Project, admin: URL, who: str
) -> None:
    execute(
        admin, "REVOKE login_role FROM login_svc", "ALTER ROLE login_svc NOINHERIT", "GRANT login_role TO login_svc"
    )
    looking = Project(project.directory, admin.set(username=who))

    (only,) = red(looking.look())

    assert "only after SET ROLE" in only.detail
    new = "GRANT login_role TO login_svc WITH INHERIT TRUE;"
    assert only.remedy == (new if is_new(admin) else "ALTER ROLE login_svc INHERIT;")
    execute(admin, only.remedy)
    assert red(looking.look()) == []


def test_a_login_that_neither_inherits_nor_is_a_member_needs_one_remedy(project: Project, admin: URL) -> None:
    execute(admin, "REVOKE login_role FROM login_svc", "ALTER ROLE login_svc NOINHERIT")

    (only,) = red(project.look())

    assert only.remedy is not None
    execute(admin, only.remedy)
    assert red(project.look()) == []


def test_a_role_between_the_two_that_does_not_inherit_is_gone_round(project: Project, admin: URL) -> None:
    execute(
        admin, "REVOKE login_role FROM login_svc", "GRANT login_role TO between_role", "GRANT between_role TO login_svc"
    )

    (only,) = red(project.look())

    assert only.remedy is not None
    execute(admin, only.remedy)
    assert red(project.look()) == []


@pytest.mark.parametrize("who", ["login_svc", "postgres"])
def test_a_login_whose_connections_act_as_the_role_from_their_begin_is_fine(
    project: Project, admin: URL, who: str
) -> None:
    execute(
        admin,
        "REVOKE login_role FROM login_svc",
        "ALTER ROLE login_svc NOINHERIT",
        "GRANT login_role TO login_svc",
        "ALTER ROLE login_svc SET role TO login_role",
    )

    found = Project(project.directory, admin.set(username=who)).look()

    assert red(found) == []
    assert "act as login_role from their begin" in line(found, "login").detail


@pytest.mark.parametrize(
    ("login", "role", "what", "remedy"),
    [
        ("ghost_svc", "login_role", "login", "CREATE ROLE ghost_svc LOGIN; GRANT login_role TO ghost_svc;"),
        (
            "ghost_svc",
            "ghost_role",
            "role",
            "CREATE ROLE ghost_role; CREATE ROLE ghost_svc LOGIN; GRANT ghost_role TO ghost_svc;",
        ),
        ("login_svc", "ghost_role", "role", "CREATE ROLE ghost_role; GRANT ghost_role TO login_svc;"),
        ("ghost_svc", "ghost_svc", "role", "CREATE ROLE ghost_svc LOGIN;"),
        ("login_role", "login_role", "login", "ALTER ROLE login_role LOGIN;"),
    ],
)
def test_what_is_not_there_is_made_by_the_remedy_and_nothing_else(
    project: Project, admin: URL, login: str, role: str, what: str, remedy: str
) -> None:
    project.write(registry(login=login, role=role, grants=""))

    (only,) = red(project.look())

    assert (only.what, only.remedy) == (what, remedy)
    execute(admin, *filter(str.strip, remedy.split(";")))
    assert red(project.look()) == []


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        ("SELECT ON FUTURE TABLES IN SCHEMA raw", "FUTURE TABLES IN SCHEMA is not looked at on PostgreSQL"),
        ("SELECT ON FUTURE VIEWS IN SCHEMA raw", "FUTURE VIEWS IN SCHEMA is not looked at on PostgreSQL"),
        ("USAGE ON WAREHOUSE w", "WAREHOUSE is not looked at on PostgreSQL"),
        ("USAGE ON FILE FORMAT raw.csv", "FILE FORMAT is not looked at on PostgreSQL"),
        ("OWNERSHIP ON TABLE raw.charges", "PostgreSQL has no privilege OWNERSHIP on TABLE"),
        ("SELECT ON TABLE elsewhere.raw.charges", "it lies in elsewhere, and this connection sees only logins"),
        ("USAGE ON SCHEMA elsewhere.raw", "it lies in elsewhere, and this connection sees only logins"),
    ],
)
def test_what_is_not_looked_at_is_never_called_held(project: Project, grant: str, said: str) -> None:
    project.write(registry(grants=grant))

    found = line(project.look(), grant)

    assert found.status is Status.NOT_CHECKED
    assert said in found.detail


@pytest.mark.parametrize(
    "grant",
    [
        "SELECT ON VIEW raw.latest",
        "SELECT ON VIEW {database}.raw.latest",
        "SELECT ON TABLE logins.raw.charges",
        "SELECT ON ALL TABLES IN SCHEMA raw",
        "USAGE ON SCHEMA logins.raw",
    ],
)
def test_views_and_names_with_their_database_are_looked_at(project: Project, grant: str) -> None:
    project.write(registry(grants=f"'{grant}'"))

    found = line(project.look(), grant.replace("{database}", "logins"))

    assert found.detail.startswith("held")


@pytest.mark.parametrize(
    ("grant", "detail"),
    [
        ("SELECT ON VIEW raw.no_such_view", "there is no view raw.no_such_view"),
        ("SELECT ON TABLE raw.numbers", "there is no table raw.numbers"),
        ("USAGE ON SEQUENCE raw.charges", "there is no sequence raw.charges"),
    ],
)
def test_what_is_not_there_is_not_held(project: Project, grant: str, detail: str) -> None:
    project.write(registry(grants=grant))

    assert [one.detail for one in red(project.look())] == [detail]


@pytest.mark.parametrize(
    ("grant", "revoked", "remedy"),
    [
        ("USAGE ON SEQUENCE raw.numbers", None, "GRANT USAGE ON SEQUENCE raw.numbers TO login_role;"),
        ("SELECT ON VIEW raw.latest", "raw.latest", "GRANT SELECT ON TABLE raw.latest TO login_role;"),
        ("SELECT ON TABLE logins.raw.charges", "raw.charges", "GRANT SELECT ON TABLE raw.charges TO login_role;"),
        (
            "SELECT ON ALL TABLES IN SCHEMA raw",
            "raw.charges, raw.refunds",
            "GRANT SELECT ON TABLE raw.charges, raw.refunds TO login_role;",
        ),
        (
            "SELECT ON ALL TABLES IN SCHEMA raw",
            "ALL TABLES IN SCHEMA raw",
            "GRANT SELECT ON ALL TABLES IN SCHEMA raw TO login_role;",
        ),
    ],
)
def test_the_remedy_gives_what_is_missing_and_no_more(
    project: Project, admin: URL, grant: str, revoked: str | None, remedy: str
) -> None:
    project.write(registry(grants=grant))
    if revoked is not None:
        execute(admin, f"REVOKE SELECT ON {revoked} FROM login_role")

    assert [one.remedy for one in red(project.look())] == [remedy]
    execute(admin, remedy)
    assert red(project.look()) == []
