"""Names of problems: stable, distinct, and never too long for the ledger."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints.alerts.keys import configuration_key, expectation_keys, run_key, table_key
from expectations.suite import ExpectationSpec, Severity, SuiteSpec
from gx.warehouse.table import TableName

NAMES = st.builds(
    lambda text, times: (text * times)[:200], st.text(min_size=1, max_size=4), st.sampled_from([1, 60, 200])
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5), st.none()), max_size=3)


def suite(name: str, *specs: ExpectationSpec) -> SuiteSpec:
    return SuiteSpec(name, TableName(("shop", "orders")), specs, Path("orders.yml"))


def spec(kind: str, kwargs: dict[str, object], severity: Severity = Severity.CRITICAL) -> ExpectationSpec:
    return ExpectationSpec(kind, kwargs, severity, severity is Severity.CRITICAL, None, 1)


@settings(max_examples=40, deadline=None)
@given(NAMES, st.lists(st.tuples(NAMES, ARGUMENTS), min_size=1, max_size=6), st.randoms())
def test_in_another_order_and_of_another_severity_each_keeps_its_key(name, described, chance) -> None:
    specs = [spec(kind, kwargs) for kind, kwargs in described]
    keys = expectation_keys(suite(name, *specs))
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= 200 for key in keys)
    turned = [spec(each.type, dict(each.kwargs), Severity.WARNING) for each in specs]
    chance.shuffle(turned)
    assert set(expectation_keys(suite(name, *turned))) == set(keys)


def test_what_differs_has_another_key() -> None:
    unique = spec("expect_column_values_to_be_unique", {"column": "id"})
    other = spec("expect_column_values_to_be_unique", {"column": "email"})
    (first,) = expectation_keys(suite("orders", unique))
    assert first not in expectation_keys(suite("orders", other))
    assert first not in expectation_keys(suite("refunds", unique))


@settings(max_examples=40, deadline=None)
@given(NAMES)
def test_keys_of_tables_runs_and_files_fit(name: str) -> None:
    file = Path("project") / "expectations" / name.replace("\0", "").replace("/", "_")
    assert len(table_key(name, "quarantine")) <= 200
    assert len(configuration_key(file, Path("project"))) <= 200
    assert len(run_key("c" * 100)) <= 200
