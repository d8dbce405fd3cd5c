"""``service_accounts.yml``: what it says, and every wrong word in it with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.preflight.accounts import REGISTRY, Registry, load_registry
from gx.errors import ConfigError
from gx.settings import REFERENCE_PROJECT
from gx.warehouse.grants import Name, NeededGrant

GOOD = """\
accounts:
  - name: dbt
    owner: Buck
    approvers: [buck, "@ann"]
    purpose: the daily run
    login: dbt_svc
    role: '"Odd Role"'
    warehouse: DBT_PROD
    last_verified: 2025-12-20
    grants:
      snowflake: ["USAGE, OPERATE ON WAREHOUSE DBT_PROD"]
      postgresql: ["CREATE ON DATABASE {database}"]
"""


def load(tmp_path: Path, text: str) -> Registry:
    (tmp_path / REGISTRY).write_text(text, encoding="utf-8")
    found = load_registry(tmp_path / REGISTRY, date(2026, 3, 4))
    assert found is not None
    return found


def test_an_account_has_what_the_file_says(tmp_path: Path) -> None:
    (account,) = load(tmp_path, GOOD).accounts

    assert (account.owner, account.approvers, account.last_verified) == ("Buck", ("buck", "ann"), date(2025, 12, 20))
    assert (account.role, account.warehouse) == (Name("Odd Role", exact=True), Name("DBT_PROD"))
    assert account.needed("snowflake") == (
        NeededGrant("USAGE", "WAREHOUSE", (Name("DBT_PROD"),)),
        NeededGrant("OPERATE", "WAREHOUSE", (Name("DBT_PROD"),)),
    )
    assert account.needed("duckdb") is None


def test_a_project_without_the_file_has_no_registry(tmp_path: Path) -> None:
    assert load_registry(tmp_path / REGISTRY) is None


def test_the_reference_has_the_documents_two_accounts() -> None:
    found = load_registry(REFERENCE_PROJECT / REGISTRY)

    assert found is not None
    assert [account.role.text for account in found.accounts] == ["DBT_PROD_ROLE", "FIVETRAN_ROLE"]
    assert [account.warehouse.text for account in found.accounts if account.warehouse] == ["DBT_PROD", "LOADING"]


@pytest.mark.parametrize(
    ("wrong", "by", "line", "problem"),
    [
        ("owner: Buck", "ownr: Buck", 3, r"no setting 'ownr' \(did you mean 'owner'\?\)"),
        ("    owner: Buck\n", "", 2, "owner is missing"),
        ("2025-12-20", "last week", 9, "must be a date such as"),
        ("2025-12-20", "2025-13-20", 9, "2025-13-20"),
        ("2025-12-20", "2025-12-20 10:00:00", 9, "must be a date such as"),
        ("CREATE ON DATABASE {database}", "access to everything", 12, "what stands between GRANT and TO"),
        ("CREATE ON DATABASE {database}", "FLY ON DATABASE x", 12, "no privilege FLY on DATABASE; it has CREATE"),
        ("CREATE ON DATABASE {database}", "USAGE ON WAREHOUSE x", 12, "WAREHOUSE is not looked at on PostgreSQL"),
        ("CREATE ON DATABASE {database}", "SELECT ON TABLE a.b.c.d", 12, "at most 3 part"),
        ("USAGE, OPERATE ON WAREHOUSE DBT_PROD", "SELECT ON ALL TABLES IN SCHEMA raw", 11, "name the tables"),
        ("snowflake:", "snowflak:", 11, "did you mean 'snowflake'"),
        ("role: '\"Odd Role\"'", "role: Odd Role", 7, "must be one name"),
        ("[buck, ", "[petforce/data, ", 4, "is a team"),
        ('[buck, "@ann"]', "[]", 4, "`approvers` names nobody"),
        ("2025-12-20", "2026-03-06", 9, "lies in the future; .* at the latest today, 2026-03-04"),
        (
            "USAGE, OPERATE ON",
            "USAGE, OPERAT ON",
            11,
            r"no privilege OPERAT on WAREHOUSE \(did you mean OPERATE",
        ),
        (
            "USAGE, OPERATE ON WAREHOUSE",
            "SELCT ON FUTURE TABLES IN SCHEMA",
            11,
            r"SELCT on TABLE \(did you mean SEL",
        ),
        ("USAGE, OPERATE ON WAREHOUSE", "CREATE TABEL ON SCHEMA", 11, r"did you mean CREATE TABLE\?"),
        (
            "USAGE, OPERATE ON WAREHOUSE",
            "USAGE ON WAREHOSE",
            11,
            r"no kind of object WAREHOSE \(did you mean WAR",
        ),
        ("accounts:\n", "verified_within_days: 0\naccounts:\n", 1, "whole number from 1"),
        ("accounts:\n", "account:\n", 1, "did you mean 'accounts'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, wrong: str, by: str, line: int, problem: str) -> None:
    assert wrong in GOOD

    with pytest.raises(ConfigError, match=problem) as error:
        load(tmp_path, GOOD.replace(wrong, by))

    assert error.value.line == line


def test_a_plain_list_of_grants_has_to_be_known_to_one_of_the_warehouses(tmp_path: Path) -> None:
    listed = GOOD[: GOOD.index("    grants:")] + "    grants: [SELECT ON ALL TABLES IN SCHEMA raw, {}]\n"
    (account,) = load(tmp_path, listed.format("CREATE DATASET ON SCHEMA raw")).accounts
    assert len(account.all_grants()) == 2
    with pytest.raises(ConfigError, match=r"PostgreSQL has no privilege SELCT .*; Snowflake has no privilege SELCT"):
        load(tmp_path, listed.format("SELCT ON TABLE raw.charges"))


def test_two_accounts_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another account 'dbt'") as error:
        load(tmp_path, GOOD + GOOD.removeprefix("accounts:\n"))

    assert error.value.line == 13
