"""The preflight on a real PostgreSQL: real roles, real REVOKEs, and the GRANT that it tells put to use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from flows.preflight.lines import Status
from flows.preflight.preflight import Preflight, PreflightError
from flows.preflight.scheduled import look_ahead
from tests.warehouses.roles import Project, execute, line, red

pytestmark = pytest.mark.postgres

ROLE = '"odd Role"'
REGISTRY = """
accounts:
  - name: dbt
    owner: Buck
    purpose: the daily run
    role: '"odd Role"'
    last_verified: {today}
    grants:
      - CONNECT, CREATE ON DATABASE {{database}}
      - USAGE ON SCHEMA "order"
      - SELECT, INSERT ON TABLE "order".Items
      - SELECT ON ALL TABLES IN SCHEMA "order"
"""


def registry(**_: object) -> str:
    return REGISTRY.format(today=datetime.now(UTC).date())


@pytest.fixture
def project(postgres_url: URL, tmp_path: Path) -> Iterator[Project]:
    execute(
        postgres_url,
        "DROP DATABASE IF EXISTS access",
        "CREATE DATABASE access",
        "REVOKE CONNECT ON DATABASE access FROM PUBLIC",
        f"CREATE ROLE {ROLE} LOGIN",
        f"GRANT CONNECT, CREATE ON DATABASE access TO {ROLE}",
    )
    admin = postgres_url.set(database="access")
    execute(
        admin,
        'CREATE SCHEMA "order"',
        'CREATE TABLE "order".items (id int)',
        'CREATE TABLE "order".others (id int)',
        f'GRANT USAGE ON SCHEMA "order" TO {ROLE}',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "order" TO {ROLE}',
        f'GRANT INSERT ON "order".items TO {ROLE}',
    )
    found = Project(tmp_path, admin.set(username="odd Role"))
    found.write(registry())
    yield found
    execute(postgres_url, "DROP DATABASE access WITH (FORCE)", f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def admin_of(project: Project) -> URL:
    return project.url.set(username="postgres")


def test_everything_is_green_when_every_grant_is_there(project: Project) -> None:
    found = project.look()

    assert red(found) == []
    assert [one for one in found.lines if one.status is Status.NOT_CHECKED] == []
    assert line(found, "role").detail == "connected as odd Role"
    assert line(found, 'SELECT ON ALL TABLES IN SCHEMA "order"').detail == "held on 2 tables"


@pytest.mark.parametrize(
    ("revoke", "remedy"),
    [
        ('REVOKE USAGE ON SCHEMA "order" FROM {role}', 'GRANT USAGE ON SCHEMA "order" TO "odd Role";'),
        ('REVOKE INSERT ON "order".items FROM {role}', 'GRANT INSERT ON TABLE "order".items TO "odd Role";'),
        ("REVOKE CREATE ON DATABASE access FROM {role}", 'GRANT CREATE ON DATABASE access TO "odd Role";'),
        (
            'REVOKE SELECT ON "order".others FROM {role}',
            'GRANT SELECT ON TABLE "order".others TO "odd Role";',
        ),
    ],
)
def test_a_revoked_grant_turns_one_line_red_and_the_grant_it_tells_turns_it_green(
    project: Project, revoke: str, remedy: str
) -> None:
    execute(admin_of(project), revoke.format(role=ROLE))

    found = project.look()

    assert [one.remedy for one in red(found)] == [remedy]
    with pytest.raises(PreflightError, match="nothing was loaded") as stopped:
        project.look(run=True).require()
    assert remedy in str(stopped.value)
    assert not stopped.value.transient
    execute(admin_of(project), remedy)
    assert red(project.look()) == []
    project.look(run=True).require()


def test_whoever_may_not_even_connect_is_told_so_once_with_the_grant(project: Project) -> None:
    execute(admin_of(project), f"REVOKE CONNECT ON DATABASE access FROM {ROLE}")

    found = project.look()

    (only,) = red(found)
    assert only.remedy == 'GRANT CONNECT ON DATABASE access TO "odd Role";'
    assert line(found, 'USAGE ON SCHEMA "order"').status is Status.NOT_CHECKED
    execute(admin_of(project), only.remedy)
    assert red(project.look()) == []


def test_a_grant_revoked_in_the_afternoon_is_an_alert_before_any_run_and_over_once_it_is_back(project: Project) -> None:
    def open_alerts() -> list[tuple[str, str | None]]:
        with closing(Ledger(project.settings().ledger(), gate_valid_hours=24)) as ledger:
            return [(alert.problem.severity, alert.problem.next_step) for alert in ledger.alerts.unresolved()]

    look_ahead(project.settings(), pauses=())
    assert open_alerts() == []
    execute(admin_of(project), f'REVOKE INSERT ON "order".items FROM {ROLE}')
    look_ahead(project.settings(), pauses=())
    remedy = 'GRANT INSERT ON TABLE "order".items TO "odd Role";'
    assert open_alerts() == [("critical", f"Execute this, then run `sluice preflight`: {remedy}")]
    execute(admin_of(project), remedy)
    look_ahead(project.settings(), pauses=())
    assert open_alerts() == []


def test_all_that_is_missing_is_told_at_once(project: Project) -> None:
    execute(
        admin_of(project),
        f'REVOKE USAGE ON SCHEMA "order" FROM {ROLE}',
        f"REVOKE CREATE ON DATABASE access FROM {ROLE}",
    )

    with pytest.raises(PreflightError, match="2 problems") as stopped:
        project.look(run=True).require()

    assert "GRANT USAGE ON SCHEMA" in str(stopped.value)
    assert "GRANT CREATE ON DATABASE" in str(stopped.value)


def test_an_account_that_does_not_exist_is_told_and_the_other_one_is_checked(project: Project) -> None:
    more = "  - {name: gone, owner: Ann, purpose: x, role: gone_role, last_verified: 2020-01-01, grants: []}\n"
    project.write(registry() + more)

    found = project.look()

    (missing,) = red(found)
    assert (missing.check, missing.what, missing.remedy) == ("account gone", "role", "CREATE ROLE gone_role LOGIN;")
    assert line(found, 'USAGE ON SCHEMA "order"').status is Status.FINE
    assert "more than 90" in line(found, "last verified", "account gone").detail
    project.look(run=True).require()  # a run that connects as another account is not kept by this one


def test_the_grants_of_a_role_that_the_user_cannot_become_are_looked_up_by_name(project: Project) -> None:
    execute(admin_of(project), "CREATE ROLE onlooker LOGIN", "GRANT CONNECT ON DATABASE access TO onlooker")
    try:
        watching = Project(project.directory, project.url.set(username="onlooker"))
        execute(admin_of(project), f'REVOKE USAGE ON SCHEMA "order" FROM {ROLE}')

        found = watching.look()

        assert "looked up by name" in line(found, "role").detail
        assert [one.remedy for one in red(found)] == ['GRANT USAGE ON SCHEMA "order" TO "odd Role";']
    finally:
        execute(admin_of(project), "DROP OWNED BY onlooker", "DROP ROLE onlooker")


def test_a_user_who_is_no_account_is_said_to_be_unchecked(project: Project) -> None:
    found = Project(project.directory, admin_of(project)).look(run=True)

    told = line(found, "grants")
    assert told.status is Status.NOT_CHECKED
    assert "postgres, who is no account" in told.detail
    found.require()


def test_a_schema_that_the_role_may_make_is_no_fault_and_one_it_may_not_is(project: Project) -> None:
    project.write(registry().replace('USAGE ON SCHEMA "order"', "USAGE ON SCHEMA yet_to_come"))

    assert "the role may make it" in line(project.look(), "USAGE ON SCHEMA yet_to_come").detail
    execute(admin_of(project), f"REVOKE CREATE ON DATABASE access FROM {ROLE}")
    assert [one.remedy for one in red(project.look())] == ['GRANT CREATE ON DATABASE access TO "odd Role";']


def test_the_schema_for_the_copy_of_gates_has_to_be_writable(project: Project) -> None:
    execute(admin_of(project), "CREATE SCHEMA data_quality")

    found = project.look(data_quality_schema="data_quality")

    (only,) = red(found)
    assert only.remedy == 'GRANT CREATE ON SCHEMA data_quality TO "odd Role";'
    execute(admin_of(project), only.remedy)
    assert red(project.look(data_quality_schema="data_quality")) == []


def test_a_warehouse_that_does_not_answer_is_told_in_time_and_nothing_of_it_is_fine(
    project: Project, tmp_path: Path
) -> None:
    elsewhere = URL.create("postgresql+psycopg2", "odd Role", host="192.0.2.1", database="access")  # nobody is there

    began = time.monotonic()
    found: Preflight = Project(project.directory, elsewhere).look(preflight_seconds=2)

    assert time.monotonic() - began < 8
    about = [one for one in found.lines if one.check in ("warehouse", "account dbt")]
    assert {one.status for one in about if one.what != "last verified"} <= {Status.FAILED, Status.NOT_CHECKED}
    with pytest.raises(Exception, match=r"192\.0\.2\.1|no answer"):
        Project(project.directory, elsewhere).look(run=True, preflight_seconds=2).require()
