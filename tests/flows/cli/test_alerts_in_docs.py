"""Open alerts, and what nobody received, in Data Docs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from checkpoints.ledger import Ledger
from gx.settings import Settings
from tests.checkpoints.alerts.samples import message
from tests.flows.cli.foreign import ForeignProject

UNIQUE_ID = "expect_column_values_to_be_unique: {column: id}"
HOLDS = "expect_column_values_to_not_be_null: {column: id}"


def front_page(project: ForeignProject) -> str:
    return (project.state / "data_docs" / "index.html").read_text(encoding="utf-8")


def test_an_open_alert_is_on_the_front_page_and_its_tables_and_gone_when_it_is_over(project: ForeignProject) -> None:
    project.suite(UNIQUE_ID)
    answer = project.check()
    assert "alerts: nobody was told, for no channel is set up" in answer.out
    page = front_page(project)
    assert "<h2>Open alerts" in page
    assert "shop.orders: " in page.partition("<h2>Open alerts")[2]
    own = [
        file
        for file in (project.state / "data_docs").rglob("*.html")
        if "Open alerts of this table" in file.read_text()
    ]
    assert len(own) == 2  # the table's page and the run's

    project.suite(HOLDS)
    assert project.check().code == 0
    assert "Open alerts" not in front_page(project)


def test_what_nobody_received_is_on_the_front_page_and_no_text_of_it_is_markup(project: ForeignProject) -> None:
    (project.root / "checkpoints" / "_alerts.yml").write_text("channels:\n  people: {type: file, path: told.jsonl}\n")
    (project.state / "told.jsonl").mkdir(parents=True)  # so that nothing can be written there
    project.suite(f"{UNIQUE_ID}\n    notes: <script>alert(1)</script>")
    assert project.check().code == 1
    ledger = Ledger(Settings(project=project.root).ledger(), gate_valid_hours=24)
    late = datetime.now(UTC) + timedelta(days=2)
    claim = ledger.outbox.claim("people", late, timedelta(seconds=5))
    assert claim is not None
    ledger.outbox.undelivered(claim, "<b>refused</b>", late, {}, late)
    ledger.close()

    assert project.check().code == 1

    page = front_page(project)
    assert "Alerts that nobody received" in page
    assert "&lt;b&gt;refused&lt;/b&gt;" in page
    assert "<b>refused" not in page
    assert "<script>alert(1)" not in page


def test_what_has_waited_for_too_long_is_on_the_front_page_with_its_next_try(project: ForeignProject) -> None:
    (project.root / "checkpoints" / "_alerts.yml").write_text("channels:\n  people: {type: file, path: told.jsonl}\n")
    ledger = Ledger(Settings(project=project.root).ledger(), gate_valid_hours=24)
    now = datetime.now(UTC)
    for thread, age, due in (("old", 16, 5), ("old", 16, 5), ("due", 40, -1), ("new", 14, 5)):
        began = now - timedelta(minutes=age)
        said = message().model_copy(update={"headline": f"the {thread} one", "thread": thread})
        ledger.outbox.enqueue("pager", said, began, now + timedelta(hours=1))
        if claim := ledger.outbox.claim("pager", began, timedelta(seconds=5)):
            ledger.outbox.again(claim, "<b>no answer</b>", now + timedelta(minutes=due), maybe_sent=False)
    ledger.close()
    project.suite(HOLDS)

    assert project.check().code == 0

    (section,) = re.findall(r'<section class="broken" id="waiting">.*?</section>', front_page(project), re.DOTALL)
    lines = [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<li>.*?</li>", section)]
    assert len(lines) == 2
    assert lines[0].startswith("the old one for pager, waiting since ")
    assert f"next try {now + timedelta(minutes=5):%Y-%m-%d %H:%M}" in lines[0]
    assert "&lt;b&gt;no answer&lt;/b&gt;" in lines[0]
    assert "the due one for pager" in lines[1]
    assert "next try when the monitor runs next: " in lines[1]
