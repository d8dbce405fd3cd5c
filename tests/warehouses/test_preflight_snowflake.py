"""The preflight over Snowflake's real connector: virtual warehouses, grants, and the second warehouse.

Against the emulator with :mod:`tests.warehouses.snowflake_access`: what is asked of Snowflake and what comes of each
answer is shown here, not that Snowflake answers so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from flows.preflight.lines import Status
from flows.preflight.preflight import PreflightError
from flows.workspace import open_workspace
from gx.warehouse.opening import open_warehouse
from gx.warehouse.snowflake import SnowflakeWarehouse
from tests.warehouses.roles import Project, line, red

pytestmark = pytest.mark.snowflake

REGISTRY = """
accounts:
  - name: dbt
    owner: Buck
    purpose: the daily run
    role: {role}
    warehouse: {warehouse}
    last_verified: {today}
    grants:
      - USAGE, OPERATE ON WAREHOUSE {warehouse}
      - USAGE, CREATE SCHEMA ON DATABASE {{database}}
      - USAGE ON SCHEMA raw
      - SELECT ON TABLE raw.charges
      - SELECT ON FUTURE TABLES IN SCHEMA raw
"""
GRANTS = (
    "GRANT USAGE, OPERATE ON WAREHOUSE {warehouse} TO ROLE {role}",
    "GRANT USAGE, CREATE SCHEMA ON DATABASE SLUICE TO ROLE {role}",
    "GRANT USAGE ON SCHEMA SLUICE.RAW TO ROLE {role}",
    "GRANT SELECT ON TABLE SLUICE.RAW.CHARGES TO ROLE {role}",
    "GRANT SELECT ON FUTURE TABLES IN SCHEMA SLUICE.RAW TO ROLE {role}",
)


class Account:
    """A project whose account has a role and a virtual warehouse of its own."""

    def __init__(self, directory: Path, admin: URL, name: str) -> None:
        self.admin, self.role, self.warehouse = admin, f"{name}_ROLE", f"{name}_WH"
        self.do(f"CREATE ROLE {self.role}", f"CREATE WAREHOUSE {self.warehouse}")
        self.do(f"GRANT ROLE {self.role} TO USER SLUICE")
        for grant in GRANTS:
            self.do(grant.format(role=self.role, warehouse=self.warehouse))
        url = admin.update_query_dict({"role": self.role, "warehouse": self.warehouse})
        self.project = Project(directory, url)
        self.project.write(REGISTRY.format(role=self.role, warehouse=self.warehouse, today=datetime.now(UTC).date()))

    def do(self, *statements: str) -> None:
        warehouse = open_warehouse(self.admin, wait_seconds=1)
        with warehouse.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        warehouse.release()


@pytest.fixture(scope="module")
def raw(snowflake_url: URL) -> Iterator[URL]:
    warehouse = open_warehouse(snowflake_url, wait_seconds=1)
    with warehouse.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA SLUICE.RAW")
        connection.exec_driver_sql("CREATE TABLE SLUICE.RAW.CHARGES (ID INT)")
    yield snowflake_url
    with warehouse.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA SLUICE.RAW CASCADE")
    warehouse.release()


@pytest.fixture
def account(raw: URL, tmp_path: Path, request: pytest.FixtureRequest) -> Account:
    return Account(tmp_path, raw, f"A{abs(hash(request.node.name)) % 10**8}")


def test_everything_is_green_when_every_grant_is_there(account: Account) -> None:
    found = account.project.look()

    assert red(found) == []
    assert [one for one in found.lines if one.status is Status.NOT_CHECKED] == []
    assert line(found, "role").detail.endswith(f", acting as {account.role}")
    assert line(found, f"virtual warehouse {account.warehouse}").detail == f"{account.warehouse} is running"


@pytest.mark.parametrize(
    "grant",
    [
        "USAGE ON WAREHOUSE {warehouse}",
        "CREATE SCHEMA ON DATABASE SLUICE",
        "USAGE ON SCHEMA RAW",
        "SELECT ON TABLE RAW.CHARGES",
        "SELECT ON FUTURE TABLES IN SCHEMA RAW",
    ],
)
def test_a_revoked_grant_turns_one_line_red_and_the_grant_it_tells_turns_it_green(account: Account, grant: str) -> None:
    missing = grant.format(warehouse=account.warehouse)
    revoked = missing.replace(" RAW", " SLUICE.RAW")
    account.do(f"REVOKE {revoked} FROM ROLE {account.role}")

    (only,) = red(account.project.look())

    assert only.remedy == f"GRANT {missing} TO ROLE {account.role};"
    with pytest.raises(PreflightError, match="nothing was loaded"):
        account.project.look(run=True).require()
    account.do(f"GRANT {revoked} TO ROLE {account.role}")
    assert red(account.project.look()) == []


def test_a_role_that_the_user_may_not_take_is_told_with_its_grant(account: Account) -> None:
    account.do(f"REVOKE ROLE {account.role} FROM USER SLUICE")

    found = account.project.look()

    (only,) = red(found)
    assert only.remedy == f"GRANT ROLE {account.role} TO USER SLUICE;"
    assert line(found, "USAGE ON SCHEMA RAW").status is Status.NOT_CHECKED


def test_a_grant_through_another_role_counts(account: Account) -> None:
    account.do(
        f"REVOKE SELECT ON TABLE SLUICE.RAW.CHARGES FROM ROLE {account.role}",
        f"GRANT SELECT ON TABLE SLUICE.RAW.CHARGES TO ROLE READERS_OF_{account.role}",
        f"GRANT ROLE READERS_OF_{account.role} TO ROLE {account.role}",
    )

    assert red(account.project.look()) == []


def test_a_suspended_warehouse_is_resumed(account: Account) -> None:
    account.do(f"ALTER WAREHOUSE {account.warehouse} SUSPEND")

    account.project.look(run=True).require()

    assert line(account.project.look(), f"virtual warehouse {account.warehouse}").detail.endswith("is running")


def test_one_that_may_not_be_resumed_needs_operate_unless_it_resumes_itself(account: Account) -> None:
    name = f"LAZY_{account.warehouse}"
    account.do(
        f"CREATE WAREHOUSE {name} AUTO_RESUME = FALSE",
        f"GRANT USAGE ON WAREHOUSE {name} TO ROLE {account.role}",
        f"ALTER WAREHOUSE {name} SUSPEND",
    )
    url = account.project.url.update_query_dict({"warehouse": name})

    (only,) = red(Project(account.project.directory, url).look())

    assert only.remedy == f"GRANT OPERATE ON WAREHOUSE {name} TO ROLE {account.role};"


def test_where_grants_may_not_be_shown_they_are_tried_and_the_rest_is_not_called_fine(
    raw: URL, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    blind = Account(tmp_path, raw, "BLIND")
    found = blind.project.look()
    assert line(found, "SELECT ON TABLE RAW.CHARGES").detail == "held (tried)"
    assert line(found, "CREATE SCHEMA ON DATABASE SLUICE").status is Status.NOT_CHECKED
    assert red(found) == []

    blind.do("REVOKE SELECT ON TABLE SLUICE.RAW.CHARGES FROM ROLE BLIND_ROLE")

    assert [one.remedy for one in red(blind.project.look())] == [
        "GRANT SELECT ON TABLE RAW.CHARGES TO ROLE BLIND_ROLE;"
    ]


def test_the_second_warehouse_does_the_work_when_the_first_cannot_and_it_is_said(account: Account) -> None:
    second = f"SECOND_{account.warehouse}"
    account.do(
        f"CREATE WAREHOUSE {second}",
        f"GRANT USAGE ON WAREHOUSE {second} TO ROLE {account.role}",
        f"REVOKE USAGE, OPERATE ON WAREHOUSE {account.warehouse} FROM ROLE {account.role}",
    )

    found = account.project.look(run=True, failover_warehouse=second)

    found.require()
    assert found.failover == second
    assert f"{second} is used instead of {account.warehouse}" in line(found, "failover").detail
    assert any(one.remedy and "GRANT USAGE ON WAREHOUSE" in one.remedy for one in red(found))  # still to be mended
    with pytest.raises(PreflightError):
        account.project.look(run=True).require()


def test_a_run_and_its_dbt_compute_with_the_second_warehouse_and_the_log_says_so(account: Account) -> None:
    second = f"SECOND_{account.warehouse}"
    account.do(
        f"CREATE WAREHOUSE {second}",
        f"GRANT USAGE ON WAREHOUSE {second} TO ROLE {account.role}",
        f"REVOKE USAGE ON WAREHOUSE {account.warehouse} FROM ROLE {account.role}",
    )
    said: list[str] = []

    with open_workspace(
        account.project.settings(failover_warehouse=second), what="a run", progress=said.append
    ) as workspace:
        workspace.preflight()

        assert workspace.warehouse.url.query["warehouse"] == second
        assert workspace.settings.warehouse() == workspace.warehouse.url  # where dbt gets its own from
        workspace.warehouse.probe()
    assert any(f"failover: {second} is used instead of {account.warehouse}" in line for line in said)


def test_a_second_warehouse_that_cannot_be_used_either_stops_the_run_with_both(account: Account) -> None:
    account.do(f"REVOKE USAGE, OPERATE ON WAREHOUSE {account.warehouse} FROM ROLE {account.role}")

    with pytest.raises(PreflightError) as stopped:
        account.project.look(run=True, failover_warehouse="NOWHERE").require()

    assert f"GRANT USAGE ON WAREHOUSE {account.warehouse}" in str(stopped.value)
    assert "GRANT USAGE ON WAREHOUSE NOWHERE" in str(stopped.value)


def test_a_warehouse_whose_quota_is_spent_cannot_be_resumed_and_no_grant_would_help(account: Account) -> None:
    name = f"SPENT_{account.warehouse}"
    account.do(
        f"CREATE WAREHOUSE {name}",
        f"GRANT USAGE, OPERATE ON WAREHOUSE {name} TO ROLE {account.role}",
        f"ALTER WAREHOUSE {name} SUSPEND",
    )
    found = Project(account.project.directory, account.project.url.update_query_dict({"warehouse": name})).look()

    (only,) = red(found)
    assert "exceeded its quota" in only.detail
    assert only.remedy is None


def test_whoever_computes_elsewhere_says_so_in_its_url(raw: URL) -> None:
    warehouse = open_warehouse(raw, wait_seconds=1)
    assert isinstance(warehouse, SnowflakeWarehouse)

    warehouse.compute_with("OTHER_WH")

    assert warehouse.url.query["warehouse"] == "OTHER_WH"
    warehouse.probe()
    warehouse.release()


def test_another_login_of_the_account_is_looked_up_by_its_roles(account: Account) -> None:
    file = account.project.directory / "service_accounts.yml"
    file.write_text(file.read_text().replace("    role:", "    login: DBT_SVC\n    role:"))
    assert line(account.project.look(), "login").status is Status.NOT_CHECKED  # not there, or not to be seen

    account.do(
        f"GRANT ROLE OVER_{account.role} TO USER DBT_SVC", f"GRANT ROLE {account.role} TO ROLE OVER_{account.role}"
    )
    assert f"through OVER_{account.role}" in line(account.project.look(), "login").detail
    account.do(f"REVOKE ROLE OVER_{account.role} FROM USER DBT_SVC")
    (only,) = red(account.project.look())

    assert (only.what, only.remedy) == ("login", f"GRANT ROLE {account.role} TO USER DBT_SVC;")


def test_the_login_that_is_connected_has_its_role(account: Account) -> None:
    connected = line(account.project.look(), "role").detail.removeprefix("connected as ").partition(",")[0]
    file = account.project.directory / "service_accounts.yml"
    file.write_text(file.read_text().replace("    role:", f"    login: '\"{connected}\"'\n    role:"))

    assert line(account.project.look(), "login").detail == f"{connected} has logged in as {account.role}"


def test_who_may_not_look_up_grants_does_not_call_a_login_fine(raw: URL, tmp_path: Path) -> None:
    blind = Account(tmp_path, raw, "BLIND_LOGIN")
    file = tmp_path / "service_accounts.yml"
    file.write_text(file.read_text().replace("    role:", "    login: DBT_SVC\n    role:"))

    found = line(blind.project.look(), "login")

    assert found.status is Status.NOT_CHECKED
    assert "could not be looked up" in found.detail
