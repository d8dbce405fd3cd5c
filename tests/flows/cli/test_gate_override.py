"""``sluice gate override`` and ``revoke``: a person's word, recorded, bounded and shown."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.flows.cli.foreign import Answer, ForeignProject

FAILS = "expect_column_values_to_be_unique: {column: id}"


@pytest.fixture
def closed(project: ForeignProject) -> ForeignProject:
    """A project whose gate of the marts was closed by a verdict."""
    project.suite(FAILS)
    assert project.check("--ingest", "ingest-1").code == 1
    assert project.gate().code == 1
    return project


def override(project: ForeignProject, *more: str, load: str = "marts", **changed: str | None) -> Answer:
    options = {"reason": "finance agreed", "by": "Ada", "until": "4h", **changed}
    given = [part for name, value in options.items() if value is not None for part in (f"--{name}", value)]
    return project.sluice("gate", "override", load, *given, *more)


def recorded(project: ForeignProject) -> int:
    engine = sa.create_engine(f"sqlite:///{project.state / 'ledger.sqlite'}")
    with engine.connect() as connection:
        count = connection.execute(sa.text("select count(*) from overrides")).scalar_one()
    engine.dispose()
    return int(count)


def test_an_override_opens_the_gate_and_is_shown_wherever_one_asks(closed: ForeignProject) -> None:
    made = override(closed)
    assert made.code == 0
    for answer in (made, closed.gate(), closed.sluice("gate", "status")):
        assert answer.code == 0
        assert "gate marts        open" in answer.out
        assert "overridden by Ada until" in answer.out
        assert ": finance agreed" in answer.out
        assert "mycheck failed: shop.orders.id" in answer.out  # what it was against is not hidden
    document = closed.gate("--json").document
    assert (document["decision"], document["ingest_id"]) == ("open", "ingest-1")
    assert document["override"]["by"] == "Ada"
    assert document["override"]["reason"] == "finance agreed"
    assert document["override"]["until"].endswith("Z")
    assert [item["verdict"] for item in document["checkpoints"]] == ["failed"]


def test_a_revoked_override_is_over_and_there_is_nothing_to_revoke_twice(closed: ForeignProject) -> None:
    override(closed)
    revoked = closed.sluice("gate", "revoke", "marts", "--by", "Bob")
    assert revoked.code == 0
    assert "gate marts        closed" in revoked.out
    assert closed.gate().code == 1
    assert closed.gate("--json").document["override"] is None
    again = closed.sluice("gate", "revoke", "marts", "--by", "Bob")
    assert (again.code, "no override of marts is in force" in again.err) == (2, True)


def test_the_next_ingest_is_not_covered_unless_every_one_is_meant(closed: ForeignProject) -> None:
    override(closed)
    closed.check("--ingest", "ingest-2")
    assert closed.gate().code == 1
    assert override(closed, "--every-ingest").code == 0
    closed.check("--ingest", "ingest-3")
    assert closed.gate().code == 0


REFUSED: dict[str, tuple[dict[str, str | None], tuple[str, ...], str]] = {
    "no reason": ({"reason": None}, (), "Missing option '--reason'"),
    "an empty reason": ({"reason": " "}, (), "--reason is empty"),
    "no name": ({"by": None}, (), "Missing option '--by'"),
    "an empty name": ({"by": ""}, (), "--by is empty"),
    "no end": ({"until": None}, (), "Missing option '--until'"),
    "an end in the past": ({"until": "2025-01-01T00:00Z"}, (), "is past; it is"),
    "an end without a zone": ({"until": "2999-01-01T00:00"}, (), "does not say in which zone"),
    "an end too far away": ({"until": "8d"}, (), "at most 7 days"),
    "no end at all": ({"until": "for ever"}, (), "neither a time"),
    "an unknown load": ({"load": "mart"}, (), "no checkpoint gates a load 'mart' (did you mean 'marts'?)"),
    "an ingest that is not the last": ({}, ("--ingest", "ingest-0"), "the ingest that began last is ingest-1"),
    "an ingest without a name": ({}, ("--ingest", ""), "1 to 200 printable characters"),
    "one ingest and every one": ({}, ("--ingest", "ingest-1", "--every-ingest"), "two different things"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_wrong_override_is_refused_and_the_gate_stays_closed(closed: ForeignProject, how: str) -> None:
    changed, more, problem = REFUSED[how]
    answer = override(closed, *more, **changed)  # type: ignore[arg-type]
    assert answer.code == 2
    assert problem in " ".join(answer.err.split())
    assert (recorded(closed), closed.gate().code) == (0, 1)


def test_there_is_nothing_to_override_before_anything_was_ingested(project: ForeignProject) -> None:
    project.suite(FAILS)
    answer = override(project, "--json")
    assert (answer.code, answer.document["decision"]) == (2, "closed")
    assert "nothing has been ingested" in answer.document["error"]


def test_an_override_does_not_open_a_gate_whose_run_has_not_finished(closed: ForeignProject) -> None:
    engine = sa.create_engine(f"sqlite:///{closed.state / 'ledger.sqlite'}")
    with engine.begin() as connection:
        connection.execute(sa.text("update gate_decisions set verdict = 'pending'"))
    engine.dispose()
    answer = override(closed)
    assert answer.code == 1
    assert "but that opens nothing meanwhile" in answer.out


def test_data_docs_show_it_after_the_next_publish_until_it_ends(closed: ForeignProject) -> None:
    index = closed.state / "data_docs" / "index.html"
    assert "Closed</span>" in index.read_text(encoding="utf-8")
    override(closed, "--every-ingest")
    closed.check("--ingest", "ingest-2")
    page = index.read_text(encoding="utf-8")
    assert "overridden by Ada until" in page
    assert ": finance agreed" in page
    assert 'class="gate open" data-until="' in page  # from then on its script says that it is closed
    (run,) = [path for path in (closed.state / "data_docs" / "validations").rglob("*.html") if "ingest-2" in str(path)]
    assert "by override of Ada until" in run.read_text(encoding="utf-8")
    closed.sluice("gate", "revoke", "marts", "--by", "Bob")
    closed.check("--ingest", "ingest-3")
    assert "overridden by" not in index.read_text(encoding="utf-8")
