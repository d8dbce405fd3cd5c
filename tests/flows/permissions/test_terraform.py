"""What a change of Terraform takes away, and what of it the account needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.permissions.changes import Kind
from flows.permissions.review import Finding, Unread, review
from flows.permissions.terraform import taken_out
from flows.preflight.accounts import REGISTRY, Registry, load_registry
from tests.flows.permissions.test_review import ACCOUNTS, diff


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / REGISTRY).write_text(ACCOUNTS)
    found = load_registry(tmp_path / REGISTRY)
    assert found is not None
    return found


def grant(privileges: str, on: str, role: str = '"DBT_ROLE"') -> str:
    return f"""\
resource "snowflake_grant_privileges_to_account_role" "reader" {{
  account_role_name = {role}
  {privileges}
  {on}
}}"""


WAREHOUSE = 'on_account_object {\n    object_type = "WAREHOUSE"\n    object_name = "DBT_WH"\n  }'
SCHEMA = 'on_schema {\n    schema_name = "\\"ANALYTICS\\".\\"RAW\\""\n  }'
TABLE = (
    'on_schema_object {\n    object_type = "TABLE"\n    object_name = "\\"ANALYTICS\\".\\"RAW\\".\\"CHARGES\\""\n  }'
)


def of(old: str, new: str, registry: Registry) -> tuple[list[Finding], list[Unread]]:
    """The review of one block that becomes another."""
    return review(diff(new, removed=old, file="grants.tf"), registry)


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ('privileges = ["USAGE", "OPERATE"]', 'privileges = ["USAGE"]', ("OPERATE ON WAREHOUSE DBT_WH",)),
        (
            'privileges = [\n    "USAGE",\n    "OPERATE",\n  ]',
            'privileges = [\n    "OPERATE",\n  ]',
            ("USAGE ON WAREHOUSE DBT_WH",),
        ),
        (
            "all_privileges = true",
            'privileges = ["MONITOR"]',
            ("USAGE ON WAREHOUSE DBT_WH", "OPERATE ON WAREHOUSE DBT_WH"),
        ),
        ('privileges = ["USAGE", "MONITOR"]', 'privileges = ["USAGE"]', ()),
    ],
)
def test_a_shorter_list_of_privileges_loses_what_is_no_longer_in_it(
    registry: Registry, old: str, new: str, lost: tuple[str, ...]
) -> None:
    (found,), unread = of(grant(old, WAREHOUSE), grant(new, WAREHOUSE), registry)

    assert (found.kind, found.lost, unread) == (Kind.REMOVED_RESOURCE, lost, [])
    assert ("although the registry does not list it" in found.breaks) is (not lost)


def test_a_longer_list_loses_nothing(registry: Registry) -> None:
    old, new = grant('privileges = ["USAGE"]', WAREHOUSE), grant('privileges = ["USAGE", "OPERATE"]', WAREHOUSE)

    assert of(old, new, registry) == ([], [])
    assert of(old, old.replace("  ", "    "), registry) == ([], [])


@pytest.mark.parametrize(
    ("on", "privileges", "lost"),
    [
        (WAREHOUSE, '["USAGE"]', ("USAGE ON WAREHOUSE DBT_WH",)),
        (SCHEMA, '["USAGE", "CREATE TABLE"]', ("USAGE ON SCHEMA ANALYTICS.RAW",)),
        (TABLE, '["SELECT"]', ("SELECT ON TABLE ANALYTICS.RAW.CHARGES",)),
        (TABLE, '["USAGE"]', ()),
    ],
)
def test_a_grant_that_goes_or_is_another_objects_now_loses_all_that_it_gave(
    registry: Registry, on: str, privileges: str, lost: tuple[str, ...]
) -> None:
    old = grant(f"privileges = {privileges}", on)
    for new in ("", old.replace("DBT_WH", "W2").replace("RAW", "R2")):
        (found,), _ = of(old, new, registry)
        assert found.lost == lost


def test_a_role_or_its_grant_to_the_user_that_goes_is_all_that_the_account_needs(registry: Registry) -> None:
    role = 'resource "snowflake_account_role" "dbt" {\n  name = "DBT_ROLE"\n}'
    given_to = 'resource "snowflake_grant_account_role" "dbt" {\n  role_name = "DBT_ROLE"\n  user_name = "DBT_SVC"\n}'
    for old in (role, given_to):
        (found,), _ = of(old, "", registry)
        assert len(found.lost) == 4
    user = 'resource "snowflake_user" "ann" {\n  name = "ANN"\n  default_role = "DBT_ROLE"\n}'
    assert of(user, "", registry) == ([], [])


def test_an_object_that_goes_or_is_called_otherwise_is_found_and_a_larger_one_is_not(registry: Registry) -> None:
    warehouse = 'resource "snowflake_warehouse" "dbt" {\n  name = "DBT_WH"\n  warehouse_size = "SMALL"\n}'
    schema = 'resource "snowflake_schema" "raw" {\n  database = "ANALYTICS"\n  name = "RAW"\n}'

    (found,), _ = of(warehouse, "", registry)
    assert found.lost == ("USAGE ON WAREHOUSE DBT_WH", "OPERATE ON WAREHOUSE DBT_WH")
    assert len(of(warehouse, warehouse.replace("DBT_WH", "OLD"), registry)[0]) == 1
    assert of(warehouse, warehouse.replace("SMALL", "LARGE"), registry) == ([], [])
    (found,), _ = of(schema, "", registry)
    assert found.lost == ("USAGE ON SCHEMA ANALYTICS.RAW", "SELECT ON TABLE ANALYTICS.RAW.CHARGES")
    assert of(schema.replace("RAW", "R2"), "", registry) == ([], [])


@pytest.mark.parametrize("role", ["snowflake_account_role.dbt.name", "var.role", '"${var.environment}_ROLE"'])
def test_whose_a_grant_was_cannot_be_told_where_terraform_fills_the_role_in(registry: Registry, role: str) -> None:
    found, (unread,) = of(grant('privileges = ["USAGE"]', WAREHOUSE, role), "", registry)

    assert (found, unread.file) == ([], "grants.tf")
    assert of(grant('privileges = ["USAGE"]', WAREHOUSE, '"${var.environment}_LOOKER"'), "", registry) == ([], [])


PRIVILEGES = st.frozensets(st.sampled_from(["USAGE", "OPERATE", "MONITOR", "MODIFY"]))


@given(PRIVILEGES, PRIVILEGES)
def test_what_is_gone_is_the_difference(old: frozenset[str], new: frozenset[str]) -> None:
    def block(privileges: frozenset[str]) -> str:
        return grant(f"privileges = [{', '.join(sorted(map(json.dumps, privileges)))}]", WAREHOUSE)

    gone = [change.privileges for change in taken_out(block(old), block(new))]

    assert gone == ([old - new] if old - new else [])
