"""Which changes touch a registered account, and which do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.permissions.changes import Kind
from flows.permissions.review import Finding
from flows.permissions.review import review as review_all
from flows.preflight.accounts import REGISTRY, Registry, ServiceAccount, load_registry
from gx.errors import ConfigError
from gx.warehouse.grants import Name

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


def review(text: str, registry: Registry) -> list[Finding]:
    """The findings, where it was told of everything whose it is."""
    found, unread = review_all(text, registry)
    assert unread == []
    return found


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
        ("DROP TABLE raw.temporary, raw.charges CASCADE;", Kind.DROP, "table ANALYTICS.RAW.CHARGES"),
        ("DROP ROLE IF EXISTS interns, dbt_role;", Kind.DROP, "role DBT_ROLE"),
        ("REVOKE SELECT ON raw.temporary, raw.charges FROM PUBLIC;", Kind.REVOKE, "table ANALYTICS.RAW.CHARGES"),
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


@pytest.mark.parametrize("suffix", ["sql", "tf"])
def test_what_is_only_in_prose_any_more_is_gone(registry: Registry, suffix: str) -> None:
    text = "GRANT USAGE ON WAREHOUSE DBT_WH TO ROLE DBT_ROLE;" if suffix == "sql" else TERRAFORM
    both = diff(text, removed=text, file=f"a.{suffix}")

    assert review(both, registry) == []
    assert len(review(both.replace(f"+++ b/a.{suffix}", "+++ b/a.md"), registry)) == 1


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


@pytest.mark.parametrize(
    ("statement", "kind", "touches"),
    [
        ("REVOKE USAGE ON WAREHOUSE W FROM ROLE IDENTIFIER('dbt_role');", Kind.REVOKE, "role DBT_ROLE"),
        ("revoke role identifier ( $$dbt_role$$ ) from user x;", Kind.REVOKE, "role DBT_ROLE"),
        ("""REVOKE ALL ON SCHEMA raw FROM ROLE identifier('"DBT_ROLE"');""", Kind.REVOKE, "role DBT_ROLE"),
        ("DROP SCHEMA IDENTIFIER('analytics.raw');", Kind.DROP, "schema ANALYTICS.RAW"),
        ("EXECUTE IMMEDIATE 'drop role identifier(''dbt_role'')';", Kind.DROP, "role DBT_ROLE"),
        ("CREATE OR REPLACE TABLE raw.charges AS SELECT 1 AS id;", Kind.REPLACE, "table ANALYTICS.RAW.CHARGES"),
        ("create or replace transient table raw.charges (id int);", Kind.REPLACE, "table ANALYTICS.RAW.CHARGES"),
        ("CREATE OR REPLACE SECURE VIEW raw.charges AS SELECT 1;", Kind.REPLACE, "table ANALYTICS.RAW.CHARGES"),
        ("DROP MATERIALIZED VIEW raw.charges;", Kind.DROP, "table ANALYTICS.RAW.CHARGES"),
        ("ALTER TABLE raw.charges RENAME TO raw.old;", Kind.ALTER, "table ANALYTICS.RAW.CHARGES"),
        ("alter table if exists charges rename to old;", Kind.ALTER, "table ANALYTICS.RAW.CHARGES"),
        ("ALTER TABLE raw.charges SET SCHEMA attic;", Kind.ALTER, "table ANALYTICS.RAW.CHARGES"),
        ("ALTER TABLE raw.charges SWAP WITH raw.other;", Kind.ALTER, "table ANALYTICS.RAW.CHARGES"),
        ("ALTER TABLE raw.other SWAP WITH raw.charges;", Kind.ALTER, "table ANALYTICS.RAW.CHARGES"),
    ],
)
def test_a_name_in_identifier_and_a_table_that_is_no_longer_what_it_was_are_found(
    registry: Registry, statement: str, kind: Kind, touches: str
) -> None:
    (found,) = review(diff(statement), registry)
    assert (found.line, found.kind) == (11, kind)
    assert touches in found.touches


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE OR REPLACE TABLE raw.charges COPY GRANTS AS SELECT 1 AS id;",
        "CREATE OR REPLACE TEMPORARY TABLE charges AS SELECT 1 AS id;",
        "CREATE OR REPLACE TABLE raw.other AS SELECT * FROM raw.charges JOIN DBT_ROLE;",
        "CREATE TABLE raw.charges (id int);",
        "ALTER TABLE raw.charges RENAME COLUMN a TO b;",
        "ALTER TABLE raw.new RENAME TO raw.charges;",
        "REVOKE ROLE IDENTIFIER('interns') FROM USER IDENTIFIER('ann');",
    ],
)
def test_what_leaves_the_registered_table_as_it_is_is_not_found(registry: Registry, statement: str) -> None:
    assert review(diff(statement), registry) == []


def test_another_query_of_a_table_that_was_replaced_before_is_no_finding(registry: Registry) -> None:
    head = "CREATE OR REPLACE TABLE raw.charges"

    assert review(diff("AS SELECT 2 AS id;", removed="AS SELECT 1 AS id;", before=head), registry) == []
    (found,) = review(diff("AS SELECT 1;", removed="COPY GRANTS AS SELECT 1;", before=head), registry)
    assert found.kind is Kind.REPLACE


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DROP TABLE raw.anything;", True),
        ("CREATE OR REPLACE VIEW analytics.raw.anything AS SELECT 1;", True),
        ("ALTER TABLE raw.anything RENAME TO raw.other;", True),
        ("DROP TABLE other.anything;", False),
        ("DROP TABLE anything;", False),
    ],
)
def test_a_table_of_a_schema_whose_tables_are_registered_is_found(tmp_path: Path, statement: str, found: bool) -> None:
    registry = registered(tmp_path, "SELECT ON ALL TABLES IN SCHEMA RAW")

    assert bool(review(diff(statement), registry)) is found


def test_what_is_granted_on_tables_to_come_is_there_again_on_a_new_one(tmp_path: Path) -> None:
    registry = registered(tmp_path, "SELECT ON FUTURE TABLES IN SCHEMA RAW")

    assert review(diff("CREATE OR REPLACE TABLE raw.x AS SELECT 1;"), registry) == []
    assert len(review(diff("DROP TABLE raw.x;"), registry)) == 1


def registered(directory: Path, grant: str) -> Registry:
    (directory / REGISTRY).write_text(ACCOUNTS.replace("SELECT ON TABLE ANALYTICS.RAW.CHARGES", grant))
    found = load_registry(directory / REGISTRY)
    assert found is not None
    return found


NAMES_TO_COME = [
    "{{ r }}", "{{ var('r') }}", "$r", "${r}", "identifier($r)", "IDENTIFIER(:r)", "identifier('x' || $r)", "&r",
    "&{r}", "<% r %>", ':"r"', "dbt_{{ r }}", "${r}_role", "dbt_$r", '"{{ r }}"',
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_TO_COME)
@pytest.mark.parametrize(
    "statement", ["REVOKE SELECT ON TABLE x.y FROM ROLE {};", "DROP ROLE {};", "REVOKE ROLE other FROM ROLE {};"]
)
def test_whose_a_name_is_that_is_filled_in_later_cannot_be_told(registry: Registry, statement: str, name: str) -> None:
    found, (unread,) = review_all(diff(statement.format(name)), registry)

    assert found == []
    assert (unread.file, unread.line) == ("infra/access.sql", 11)
    assert "cannot tell whose" in unread.why


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE {{ this }};",
        "drop table if exists raw.{{ t }}",
        "DROP SCHEMA ${SCHEMA};",
        "DROP DATABASE IDENTIFIER($db);",
        "DROP WAREHOUSE {{ wh }};",
        "CREATE OR REPLACE TABLE {{ s }}.charges AS SELECT 1;",
        "ALTER TABLE {{ this }} RENAME TO old;",
        "ALTER USER {{ u }} SET DISABLED = TRUE;",
        "EXECUTE IMMEDIATE 'drop role ' || name;",
    ],
)
def test_which_object_it_is_cannot_be_told_either(registry: Registry, statement: str) -> None:
    found, unread = review_all(diff(statement), registry)

    assert (found, len(unread)) == ([], 1)


@pytest.mark.parametrize(
    "statement",
    [
        "REVOKE SELECT ON TABLE x.y FROM ROLE looker_{{ r }};",
        "REVOKE {{ privileges }} ON TABLE x.y FROM ROLE interns;",
        "DROP TABLE staging.{{ t }};",
        "CREATE OR REPLACE TABLE {{ s }}.orders AS SELECT {{ x }};",
        "CREATE TABLE {{ this }} AS SELECT 1;",
        "ALTER USER ann SET PASSWORD = {{ p }};",
        "GRANT OWNERSHIP ON SCHEMA x TO ROLE {{ r }};",
        "ALTER WAREHOUSE {{ wh }} RESUME;",
        "SELECT * FROM {{ ref('drop') }};",
    ],
)
def test_what_cannot_be_a_registered_accounts_whatever_is_filled_in_is_nothing(
    registry: Registry, statement: str
) -> None:
    assert review(diff(statement), registry) == []


@pytest.mark.parametrize(
    "line",
    [
        'snowsql -q "REVOKE ROLE $ROLE FROM USER x"',
        'execute(f"REVOKE ROLE {role} FROM USER x")',
        "execute('REVOKE ROLE %s FROM USER x' % role)",
        'execute("REVOKE ROLE " + role + " FROM USER x")',
        "snowsql -q 'drop role identifier($r)'",
    ],
)
def test_in_a_script_it_cannot_be_told_either(registry: Registry, line: str) -> None:
    found, unread = review_all(diff(line, file="cleanup.py"), registry)

    assert (found, len(unread)) == ([], 1)
    assert review(diff('f"revoke: no override of {load} is in force"', file="cleanup.py"), registry) == []
    (one,) = review(diff("run(\"drop role identifier('dbt_role')\")", file="cleanup.py"), registry)
    assert one.kind is Kind.DROP


def test_of_a_known_role_the_grants_are_told_that_what_is_filled_in_could_be(registry: Registry) -> None:
    (found,) = review(diff("REVOKE SELECT ON TABLE {{ t }} FROM ROLE DBT_ROLE;"), registry)

    assert found.lost == ("SELECT ON TABLE ANALYTICS.RAW.CHARGES",)


def test_the_role_taken_from_its_user_is_all_that_it_needs(registry: Registry) -> None:
    (found,) = review(diff("REVOKE ROLE DBT_ROLE FROM USER DBT_SVC;"), registry)

    assert len(found.lost) == 4


ACCOUNT = ServiceAccount(
    "the account", "Buck", (), "The daily run.", None, Name("R"), None, {}, date(2025, 12, 20), False, 3
)
NAME = st.text("abR_", min_size=1, max_size=4)


@settings(deadline=None)
@given(NAME, NAME, st.sampled_from(["{{{{ {} }}}}", "${{{}}}", "identifier(${})"]))
def test_no_name_to_come_hides_the_role_that_it_may_be(before: str, name: str, form: str) -> None:
    """Whatever part of a role's name stands in the text: it is found, or it is said that nobody can tell."""
    role = (before + name).upper()
    registry = Registry(Path(REGISTRY), (replace(ACCOUNT, role=Name(role)),), 90)
    known, open_ = before, form.format(name)
    written = open_ if form.startswith("identifier") else known + open_

    found, unread = review_all(diff(f"REVOKE USAGE ON WAREHOUSE w FROM ROLE {written};"), registry)
    assert found or unread
    found, _ = review_all(diff(f"REVOKE USAGE ON WAREHOUSE w FROM ROLE identifier('{role.lower()}');"), registry)
    assert [one.touches for one in found] == [(f"role {role}",)]
