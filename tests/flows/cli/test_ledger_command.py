"""``sluice ledger``: what is there, without secrets, and pruning it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from checkpoints.ledger.schema import VERSION
from tests.flows.cli.foreign import ForeignProject


@pytest.fixture
def checked(project: ForeignProject) -> ForeignProject:
    """Two ingests were checked, the first of them years ago."""
    project.suite("expect_column_values_to_not_be_null: {column: id}")
    for name in ("ingest-1", "ingest-2"):
        project.check("--ingest", name)
    engine = sa.create_engine(f"sqlite:///{project.state / 'ledger.sqlite'}")
    with engine.begin() as connection:
        first = "(select run_id from checkpoint_runs where ingest_id = 'ingest-1')"
        for change in (
            f"row_counts set measured_at = :long_ago where run_id in {first}",
            "ingests set started_at = :long_ago where ingest_id = 'ingest-1'",
            "checkpoint_runs set started_at = :long_ago, finished_at = :long_ago where ingest_id = 'ingest-1'",
            "gate_decisions set decided_at = :long_ago, valid_until = :long_ago where ingest_id = 'ingest-1'",
        ):
            connection.execute(sa.text(f"update {change}"), {"long_ago": "2020-01-01 00:00:00.000000"})
    engine.dispose()
    return project


def test_the_status_of_a_project_that_never_ran_makes_no_ledger(project: ForeignProject) -> None:
    answer = project.sluice("ledger", "status")
    assert (answer.code, "nothing was written yet" in answer.out) == (0, True)
    assert project.sluice("ledger", "status", "--json").document["version"] is None
    assert project.sluice("ledger", "prune").code == 0
    assert not (project.state / "ledger.sqlite").exists()


def test_the_status_tells_what_there_is(checked: ForeignProject) -> None:
    answer = checked.sluice("ledger", "status")
    assert answer.code == 0
    assert f"ledger.sqlite: version {VERSION}, " in answer.out
    assert "from 2020-01-01 00:00 UTC to 20" in answer.out
    assert "           2  checkpoint_runs" in answer.out
    document = checked.sluice("ledger", "status", "--json").document
    assert document["rows"]["ingests"] == 2
    assert document["oldest"] == "2020-01-01T00:00:00Z"
    assert document["bytes"] > 10_000


def test_pruning_deletes_what_is_old_after_a_dry_run_that_does_not(checked: ForeignProject) -> None:
    dry = checked.sluice("ledger", "prune", "--dry-run")
    assert "6 records older than 400 days would be deleted" in dry.out
    assert checked.sluice("ledger", "status", "--json").document["rows"]["ingests"] == 2
    assert "6 records older than 100 days deleted" in checked.sluice("ledger", "prune", "--older-than", "100").out
    assert checked.sluice("ledger", "status", "--json").document["rows"]["ingests"] == 1
    assert checked.gate().code == 0
    document = checked.sluice("ledger", "prune", "--json").document
    assert (document["older_than_days"], set(document["deleted"].values())) == (400, {0})


def test_how_long_records_are_kept_is_a_setting(checked: ForeignProject) -> None:
    checked.set("LEDGER_KEEP_DAYS", "36000")
    assert "0 records older than 36000 days" in checked.sluice("ledger", "prune").out
    checked.set("LEDGER_KEEP_DAYS", "0")
    assert checked.sluice("ledger", "prune").code == 2


@pytest.mark.parametrize("days", ["0", "-1", "nan", "all"])
def test_an_age_that_is_none_is_a_usage_error(checked: ForeignProject, days: str) -> None:
    assert checked.sluice("ledger", "prune", "--older-than", days).code == 2
    assert checked.sluice("ledger", "status", "--json").document["rows"]["ingests"] == 2


def test_no_secret_of_the_ledgers_url_is_shown(project: ForeignProject) -> None:
    project.set("LEDGER_URL", "postgresql://me:s3cr3t-marker@127.0.0.1:1/db")
    for arguments in (("status",), ("status", "--json"), ("prune",)):
        answer = project.sluice("ledger", *arguments)
        assert answer.code == 3
        assert "postgresql://me:***@127.0.0.1:1/db" in answer.out + answer.err
        assert "s3cr3t" not in answer.out + answer.err
