"""Which changes touch a registered account, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.permissions.changes import Kind
from flows.permissions.review import Finding, review
from flows.preflight.accounts import REGISTRY, Registry, load_registry
from gx.errors import ConfigError

ACCOUNTS = """\
accounts:
  - name: dbt
    owner: Buck
    approvers: [buck]
    purpose: The daily run.
    login: DBT_SVC
    role: DBT_ROLE
    warehouse: DBT_WH
    last_verified: 2025-12-20
    grants:
      - USAGE, OPERATE ON WAREHOUSE DBT_WH
      - USAGE ON SCHEMA ANALYTICS.RAW
      - SELECT ON TABLE ANALYTICS.RAW.CHARGES
"""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / REGISTRY).write_text(ACCOUNTS)
    found = load_registry(tmp_path / REGISTRY)
    assert found is not None
    return found


def diff(added: str, *, removed: str = "", file: str = "infra/access.sql", before: str = "-- access") -> str:
    """A hunk after one line of context."""
    gone, new = removed.splitlines(), added.splitlines()
    lines = [f" {before}", *(f"-{line}" for line in gone), *(f"+{line}" for line in new)]
    head = f"--- a/{file}\n+++ b/{file}\n@@ -10,{1 + len(gone)} +10,{1 + len(new)} @@\n"
    return head + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("statement", "kind", "touches"),
    [
        ("REVOKE USAGE ON WAREHOUSE DBT_WH FROM ROLE DBT_ROLE;", Kind.REVOKE, "role DBT_ROLE"),
        ("revoke select on all tables in schema analytics.raw from role dbt_role", Kind.REVOKE, "schema ANALYTICS.RAW"),
        ("REVOKE ROLE DBT_ROLE FROM USER DBT_SVC;", Kind.REVOKE, "user DBT_SVC"),
        ("REVOKE dbt_role FROM dbt_svc;", Kind.REVOKE, "user DBT_SVC"),
        ('REVOKE GRANT OPTION FOR ALL ON SCHEMA raw FROM "DBT_ROLE";', Kind.REVOKE, "role DBT_ROLE"),
        ("REVOKE SELECT ON TABLE raw.charges FROM PUBLIC;", Kind.REVOKE, "table ANALYTICS.RAW.CHARGES"),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA raw REVOKE SELECT ON TABLES FROM dbt_role;", Kind.REVOKE, "role DBT_ROLE"),
        ("DROP WAREHOUSE IF EXISTS dbt_wh;", Kind.DROP, "warehouse DBT_WH"),
        ("DROP ROLE DBT_ROLE;", Kind.DROP, "role DBT_ROLE"),
        ("DROP USER dbt_svc;", Kind.DROP, "user DBT_SVC"),
        ("DROP OWNED BY dbt_role;", Kind.DROP, "role DBT_ROLE"),
        ("DROP SCHEMA ANALYTICS.RAW CASCADE;", Kind.DROP, "schema ANALYTICS.RAW"),
        ("DROP DATABASE analytics;", Kind.DROP, "table ANALYTICS.RAW.CHARGES"),
        ("DROP TABLE raw.charges;", Kind.DROP, "table ANALYTICS.RAW.CHARGES"),
        ("create or replace role dbt_role;", Kind.DROP, "role DBT_ROLE"),
        ("CREATE OR REPLACE SCHEMA analytics.raw;", Kind.DROP, "schema ANALYTICS.RAW"),
        ("GRANT OWNERSHIP ON SCHEMA raw TO ROLE OTHER REVOKE CURRENT GRANTS;", Kind.OWNER, "schema ANALYTICS.RAW"),
        ("GRANT OWNERSHIP ON ALL TABLES IN SCHEMA raw TO ROLE OTHER;", Kind.OWNER, "table ANALYTICS.RAW.CHARGES"),
        ("ALTER SCHEMA raw OWNER TO other;", Kind.OWNER, "schema ANALYTICS.RAW"),
        ("ALTER TABLE raw.charges OWNER TO other;", Kind.OWNER, "table ANALYTICS.RAW.CHARGES"),
        ("REASSIGN OWNED BY dbt_role TO other;", Kind.OWNER, "role DBT_ROLE"),
        ("ALTER USER DBT_SVC SET DISABLED = TRUE;", Kind.ALTER, "user DBT_SVC"),
        ("ALTER ROLE dbt_role NOLOGIN;", Kind.ALTER, "role DBT_ROLE"),
        ("ALTER WAREHOUSE DBT_WH RENAME TO OLD_WH;", Kind.ALTER, "warehouse DBT_WH"),
        ("EXECUTE IMMEDIATE $$ BEGIN REVOKE ROLE DBT_ROLE FROM USER DBT_SVC; END $$;", Kind.REVOKE, "role DBT_ROLE"),
        ("EXECUTE IMMEDIATE 'drop role dbt_role';", Kind.DROP, "role DBT_ROLE"),
        ("{% if x %} REVOKE ROLE DBT_ROLE FROM USER {{ who }}; {% endif %}", Kind.REVOKE, "role DBT_ROLE"),
        ("BEGIN; REVOKE ALL ON WAREHOUSE DBT_WH FROM ROLE DBT_ROLE; COMMIT;", Kind.REVOKE, "warehouse DBT_WH"),
    ],
)
def test_what_takes_something_from_the_account_is_found(
    registry: Registry, statement: str, kind: Kind, touches: str
) -> None:
    (found,) = review(diff(statement), registry)

    assert (found.file, found.line, found.kind) == ("infra/access.sql", 11, kind)
    assert touches in found.touches
    assert (found.account, found.owner) == ("dbt", "Buck")


@pytest.mark.parametrize(
    "statement",
    [
        "GRANT USAGE ON WAREHOUSE DBT_WH TO ROLE DBT_ROLE;",
        "REVOKE USAGE ON WAREHOUSE DBT_WH FROM ROLE INTERNS;",
        "REVOKE SELECT ON DBT_SVC.notes FROM ROLE INTERNS;",
        "-- REVOKE ROLE DBT_ROLE FROM USER DBT_SVC;",
        "/* DROP ROLE DBT_ROLE; */",
        "SELECT 'dbt_role' AS role_name;",
        "DROP TABLE raw.temporary;",
        "DROP SCHEMA ANALYTICS.RAW_OLD;",
        "DROP WAREHOUSE DBT_WH_OLD;",
        "ALTER WAREHOUSE DBT_WH RESUME IF SUSPENDED;",
        "ALTER WAREHOUSE DBT_WH SET WAREHOUSE_SIZE = 'LARGE';",
        "ALTER TABLE raw.charges ADD COLUMN x INT;",
        "CREATE ROLE DBT_ROLE_READER;",
    ],
)
def test_what_takes_nothing_from_the_account_is_not_found(registry: Registry, statement: str) -> None:
    assert review(diff(statement), registry) == []


def test_it_tells_what_would_break(registry: Registry) -> None:
    (found,) = review(diff("REVOKE OPERATE\n  ON WAREHOUSE DBT_WH\n  FROM ROLE DBT_ROLE;"), registry)

    assert found.lost == ("OPERATE ON WAREHOUSE DBT_WH",)
    assert found.breaks == "dbt needs OPERATE ON WAREHOUSE DBT_WH. The daily run."


def test_a_statement_of_several_lines_counts_when_one_of_them_changed(registry: Registry) -> None:
    (found,) = review(diff("  FROM ROLE DBT_ROLE;", before="REVOKE USAGE ON WAREHOUSE DBT_WH"), registry)

    assert found.line == 11


def test_what_stood_there_before_and_was_only_set_in_other_lines_is_not_found(registry: Registry) -> None:
    both = diff(
        "REVOKE USAGE ON WAREHOUSE W\nFROM ROLE DBT_ROLE;", removed="REVOKE USAGE ON WAREHOUSE W FROM ROLE DBT_ROLE;"
    )

    assert review(both, registry) == []


def test_a_grant_that_is_taken_out_of_a_file_is_found_in_the_old_one(registry: Registry) -> None:
    gone = diff("", removed="GRANT USAGE ON WAREHOUSE DBT_WH TO ROLE DBT_ROLE;")
    moved = diff(
        "GRANT USAGE ON WAREHOUSE DBT_WH\n  TO ROLE DBT_ROLE;",
        removed="GRANT USAGE ON WAREHOUSE DBT_WH TO ROLE DBT_ROLE;",
    )

    (found,) = review(gone, registry)

    assert (found.kind, found.line, found.lost) == (Kind.REMOVED_GRANT, 11, ("USAGE ON WAREHOUSE DBT_WH",))
    assert review(moved, registry) == []


TERRAFORM = """\
resource "snowflake_grant_privileges_to_account_role" "dbt" {
  privileges        = ["USAGE"]
  account_role_name = "DBT_ROLE"
  on_account_object {
    object_type = "WAREHOUSE"
    object_name = "DBT_WH"
  }
}"""


def test_a_terraform_grant_that_is_taken_out_is_found_and_one_that_comes_is_not(registry: Registry) -> None:
    (found,) = review(diff("", removed=TERRAFORM, file="infra/grants.tf"), registry)

    assert (found.kind, found.file) == (Kind.REMOVED_RESOURCE, "infra/grants.tf")
    assert "role DBT_ROLE" in found.touches
    assert review(diff(TERRAFORM, file="infra/grants.tf"), registry) == []


def test_sql_in_a_script_is_found_and_in_prose_it_is_not(registry: Registry) -> None:
    line = 'snowsql -q "REVOKE USAGE ON WAREHOUSE DBT_WH FROM ROLE DBT_ROLE"'

    assert [found.kind for found in review(diff(line, file="cleanup.sh"), registry)] == [Kind.REVOKE]
    assert review(diff(line, file="notes.md"), registry) == []


def test_a_whole_file_that_goes_and_one_that_comes_are_read(registry: Registry) -> None:
    gone = "--- a/g.sql\n+++ /dev/null\n@@ -1 +0,0 @@\n-GRANT ROLE DBT_ROLE TO USER DBT_SVC;\n"
    new = "--- /dev/null\n+++ b/d.sql\n@@ -0,0 +1 @@\n+DROP ROLE DBT_ROLE;\n\\ No newline at end of file\n"

    found: list[Finding] = review(gone + new, registry)

    assert [(one.file, one.line, one.kind) for one in found] == [
        ("g.sql", 1, Kind.REMOVED_GRANT),
        ("d.sql", 1, Kind.DROP),
    ]


def test_a_text_that_is_no_diff_is_refused_and_no_change_is_no_finding(registry: Registry) -> None:
    with pytest.raises(ConfigError, match="no unified diff"):
        review("REVOKE ROLE DBT_ROLE FROM USER DBT_SVC;", registry)
    assert review("", registry) == []


@pytest.mark.parametrize(
    "rest", ["'", '"', "$$", "/*", "{{", "REVOKE", "DROP", "GRANT OWNERSHIP ON", "ALTER ROLE", ";;("]
)
def test_half_a_statement_is_no_error(registry: Registry, rest: str) -> None:
    found = review(diff(f"DROP ROLE DBT_ROLE; {rest}"), registry)

    assert [one.kind for one in found][:1] == [Kind.DROP]
