"""Messages of every kind, as the reference warehouse would write them, and one of anything at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from checkpoints.alerts.message import Item, Link, Message, MessageKind
from expectations.suite import Severity

AT = datetime(2025, 10, 1, 14, 10, tzinfo=UTC)
BEGAN = AT - timedelta(hours=2, minutes=10)
DOCS = Link(label="Data Docs", url="https://docs.example.com/runs/raw-20251001")
PREFECT = Link(label="Prefect run", url="https://prefect.example.com/runs/flow-run/7f3a")
REPEATED = Item(
    key="raw/raw.stripe_charges/expect_column_values_to_be_unique/charge_id",
    severity=Severity.CRITICAL,
    title="raw.stripe_charges.charge_id: values must be unique",
    table="raw.stripe_charges",
    column="charge_id",
    layer="raw",
    expected="every charge_id once",
    observed="47 of 12,430 rows repeat a charge_id (0.38 %)",
    owner="payments",
    notes="A charge counted twice overstates revenue <by> its amount & its tax.",
    next_step="look at the sync of 02:00; then run: sluice check raw --ingest sync-42",
    since=BEGAN,
    failed_runs=3,
    links=(Link(label="the suite", url="https://docs.example.com/suites/raw.stripe_charges"),),
)
STALE = Item(
    key="raw/raw.stripe_refunds/freshness",
    severity=Severity.WARNING,
    title="raw.stripe_refunds: rows must be fresh",
    table="raw.stripe_refunds",
    layer="raw",
    expected="a row of the last 6 h",
    observed="the newest is 9 h 12 min old",
    owner="payments",
    since=BEGAN + timedelta(hours=1),
    failed_runs=2,
)


def message(kind: MessageKind = MessageKind.PROBLEM, items: tuple[Item, ...] = (REPEATED, STALE)) -> Message:
    """One run's message."""
    over = kind is MessageKind.RESOLVED
    told = tuple(item.model_copy(update={"resolved_at": AT}) for item in items) if over else items
    if kind is MessageKind.UPDATE:
        told = (*told[:1], *(item.model_copy(update={"resolved_at": AT}) for item in told[1:]))
    headlines = {
        MessageKind.RESOLVED: "raw holds again: 2 problems are over",
        MessageKind.ACKNOWLEDGED: "Ada looks into it: raw failed, 2 problems",
        MessageKind.TEST: "A test of this channel, asked for by Ada",
    }
    remarks = {
        MessageKind.REMINDER: ("It came and went 3 times in 24 h.",),
        MessageKind.WORSE: (f"{REPEATED.title}: was warning, is critical now",),
    }
    return Message(
        kind=kind,
        thread="raw/2025-10-01T12:00",
        severity=Severity.INFO if kind is MessageKind.TEST else Severity.CRITICAL,
        headline=headlines.get(kind, "raw failed: 2 problems, staging stays closed"),
        project="reference",
        items=() if kind is MessageKind.TEST else told,
        checkpoint=None if kind is MessageKind.TEST else "raw",
        ingest_id=None if kind is MessageKind.TEST else "sync-42",
        blocks=() if kind is MessageKind.TEST else ("staging", "marts", "dashboards"),
        remarks=remarks.get(kind, ()),
        next_step=None if kind in (MessageKind.RESOLVED, MessageKind.TEST) else "mend the data, then: sluice run",
        links=(DOCS, PREFECT),
        at=AT,
    )


def many(count: int = 47, kind: MessageKind = MessageKind.PROBLEM) -> Message:
    """A run with so many failures, most of them warnings; the critical ones are not the first."""
    items = tuple(
        STALE.model_copy(
            update={
                "key": f"raw/raw.table_{number}/freshness",
                "title": f"raw.table_{number}: rows must be fresh",
                "table": f"raw.table_{number}",
                "severity": Severity.CRITICAL if number % 10 == 9 else Severity.WARNING,
            }
        )
        for number in range(count)
    )
    return message(kind, items).model_copy(update={"headline": f"raw failed: {count} problems"})


_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="<>&|!@#*_`~\n\r\t\x1b\u202e€😀", max_size=400),
    st.sampled_from(
        ["<!channel>", "<@U123>", "<https://evil.example|click>", "@here", "a" * 5_000, "&" * 4_000, "", " "]
    ),
)
_MAYBE = st.none() | _TEXTS
_TIMES = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
_LINKS = st.lists(
    st.builds(Link, label=_TEXTS, url=_TEXTS | st.just("https://x.example/?a=1&b=<2>|c " + "d" * 300)), max_size=7
).map(tuple)
_ITEMS = st.builds(
    Item,
    key=_TEXTS,
    severity=st.sampled_from(Severity),
    title=_TEXTS,
    table=_MAYBE,
    column=_MAYBE,
    layer=_MAYBE,
    expected=_MAYBE,
    observed=_MAYBE,
    owner=_MAYBE,
    notes=_MAYBE,
    next_step=_MAYBE,
    since=_TIMES,
    failed_runs=st.integers(0, 10_000),
    resolved_at=st.none() | _TIMES,
    links=_LINKS,
)
ANY_MESSAGE = st.builds(
    Message,
    kind=st.sampled_from(MessageKind),
    thread=_TEXTS,
    severity=st.sampled_from(Severity),
    headline=_TEXTS,
    project=_TEXTS,
    items=st.lists(_ITEMS, max_size=3).flatmap(
        lambda items: st.integers(1, 40).map(lambda times: tuple(items * times)[:60])
    ),
    checkpoint=_MAYBE,
    ingest_id=_MAYBE,
    blocks=st.lists(_TEXTS, max_size=12).map(tuple),
    remarks=st.lists(_TEXTS, max_size=12).map(tuple),
    next_step=_MAYBE,
    links=_LINKS,
    at=_TIMES,
)
"""Whatever data may make of a message."""
