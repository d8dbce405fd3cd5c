from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from pydantic import SecretStr

from expectations.facts import Measure
from flows.child import ChildServer
from flows.sources.catalog import StripeFigures
from flows.sources.emulators.embedded import EmbeddedSources, StripeControl
from flows.sources.errors import IngestError, SourceError
from flows.sources.generator_stripe import september
from flows.sources.raw_tables import CHARGES, CUSTOMERS, PLANS, STRIPE_TABLES, SUBSCRIPTIONS, RawTable
from flows.sources.stripe import StripeMeasure, StripeSource
from tests.flows.sources.conftest import SEED

SEPTEMBER_15 = datetime(2025, 9, 15)  # noqa: DTZ001 - UTC as stored


def pulled(source: StripeSource, table: RawTable, **window: datetime | int) -> pa.Table:
    return pa.Table.from_batches(source.batches(table, **window), schema=table.source_schema)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", STRIPE_TABLES, ids=lambda table: table.name)
def test_what_the_api_gives_is_what_was_generated(stripe_source: StripeSource, table: RawTable) -> None:
    found = pulled(stripe_source, table).sort_by("id")
    assert found == september(SEED).latest.table(table.name).sort_by("id")


def test_lists_come_newest_first_in_pages_of_a_hundred(stripe_source: StripeSource) -> None:
    batches = list(stripe_source.batches(CHARGES))
    assert [batch.num_rows for batch in batches] == [100] * 14 + [23]
    created = [moment for batch in batches for moment in batch["created"].to_pylist()]
    assert created == sorted(created, reverse=True)


def test_a_window_of_created_is_half_open(stripe_source: StripeSource) -> None:
    before = pulled(stripe_source, CHARGES, created_before=SEPTEMBER_15)
    after = pulled(stripe_source, CHARGES, created_from=SEPTEMBER_15)
    assert before.num_rows + after.num_rows == 1_423
    assert 0 < before.num_rows < 1_423
    assert max(before["created"].to_pylist()) < SEPTEMBER_15 <= min(after["created"].to_pylist())


def test_only_the_newest_are_read_when_so_many_are_asked_for(stripe_source: StripeSource) -> None:
    expected = september(SEED).latest.subscriptions["id"].to_pylist()[-150:]
    assert pulled(stripe_source, SUBSCRIPTIONS, newest=150)["id"].to_pylist() == expected[::-1]


def test_measures_are_read_at_stripe(stripe_source: StripeSource) -> None:
    succeeded = StripeMeasure("charges", "amount", {"status": "succeeded"})
    assert stripe_source.measure(succeeded) == 412_184_00
    assert stripe_source.measure(StripeMeasure("charges", "amount", {"status": "failed"})) == 0
    assert stripe_source.measure(StripeMeasure("customers")) == 1_423
    assert stripe_source.measure(StripeMeasure("subscriptions", where={"status": "canceled"})) == 34
    first_half = StripeMeasure("charges", "amount", created_before=SEPTEMBER_15)
    second_half = StripeMeasure("charges", "amount", created_from=SEPTEMBER_15)
    assert stripe_source.measure(first_half) + stripe_source.measure(second_half) == 412_184_00


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (StripeMeasure("invoices"), "no table 'invoices' at Stripe; there are charges, customers"),
        (StripeMeasure("charges", "amonut"), "charges has no column 'amonut'; it has id, amount"),
        (StripeMeasure("charges", where={"state": "x"}), "charges has no column 'state'"),
        (StripeMeasure("charges", "currency"), "cannot be summed; amount, amount_refunded can"),
    ],
)
def test_a_measure_of_what_there_is_not_says_what_there_is(
    stripe_source: StripeSource, measure: StripeMeasure, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        stripe_source.measure(measure)
    assert not caught.value.transient


def test_figures_take_a_window_on_created(stripe_source: StripeSource) -> None:
    figures = StripeFigures(stripe_source)
    first = figures.read(Measure("charges", "amount", since_column="created", until=SEPTEMBER_15))
    second = figures.read(Measure("charges", "amount", since_column="created", since=SEPTEMBER_15))
    assert 0 < first < 412_184_00
    assert first + second == 412_184_00


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (Measure("charges", distinct="customer_id"), "cannot count the distinct values of 'customer_id'"),
        (
            Measure("subscriptions", since_column="canceled_at", since=SEPTEMBER_15),
            "figure of subscriptions .* cannot window by 'canceled_at'",
        ),
        (Measure("charges", until=SEPTEMBER_15), "the window names no column"),
    ],
)
def test_a_figure_that_stripe_cannot_give_is_refused_with_those_it_can(
    stripe_source: StripeSource, measure: Measure, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        StripeFigures(stripe_source).read(measure)
    assert not caught.value.transient
    assert "counts of objects and sums of a whole-number column" in str(caught.value)
    assert "a window on 'created'" in str(caught.value)


def test_a_list_that_hangs_ends_as_a_transient_error_at_the_clients_timeout(
    sources: EmbeddedSources, stripe_source: StripeSource
) -> None:
    sources.stripe_control.stall("customers")
    with pytest.raises(
        IngestError, match=r"did not list customers: no connection, or no answer within 0\.3 s"
    ) as caught:
        next(stripe_source.impatient(0.3).batches(CUSTOMERS))
    assert caught.value.transient
    assert next(stripe_source.batches(CUSTOMERS)).num_rows == 100


def test_the_client_repeats_a_request_that_timed_out(sources: EmbeddedSources) -> None:
    sources.stripe_control.stall("plans")
    patient = StripeSource(sources.stripe_api_key, api_base=sources.stripe_api_base, timeout_seconds=0.5, retries=2)
    assert pulled(patient, PLANS).num_rows == 8


def test_a_refused_key_is_terminal_and_not_shown(sources: EmbeddedSources) -> None:
    source = StripeSource(SecretStr("rk_live_verysecret"), api_base=sources.stripe_api_base)
    with pytest.raises(IngestError, match="SLUICE_STRIPE_API_KEY") as caught:
        next(source.batches(CHARGES))
    assert not caught.value.transient
    assert "verysecret" not in str(caught.value)


def test_nobody_listening_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = StripeSource(SecretStr("sk_test_verysecret"), api_base=f"http://127.0.0.1:{port}", retries=0)
    with pytest.raises(IngestError, match=f"Stripe at http://127.0.0.1:{port} did not list charges") as caught:
        next(source.batches(CHARGES))
    assert caught.value.transient
    assert "verysecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=500", "limit must be"),
        ("colour=red", "unknown parameters: colour"),
        ("starting_after=ch_none", "No such charge"),
        ("created[gte]=yesterday", "created takes"),
    ],
)
def test_the_emulator_refuses_what_stripe_refuses(sources: EmbeddedSources, query: str, message: str) -> None:
    key = sources.stripe_api_key.get_secret_value()
    answer = httpx.get(f"{sources.stripe_api_base}/v1/charges?{query}", auth=(key, ""))
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_subscriptions_leave_the_cancelled_out_unless_asked(sources: EmbeddedSources) -> None:
    auth = (sources.stripe_api_key.get_secret_value(), "")
    base = f"{sources.stripe_api_base}/v1/subscriptions?limit=1"
    assert httpx.get(base, auth=auth).json()["total_count"] == 1_420
    assert httpx.get(f"{base}&status=all", auth=auth).json()["total_count"] == 1_454
    assert httpx.get(f"{base}&status=canceled", auth=auth).json()["total_count"] == 34


def test_one_object_can_be_read_by_its_id(sources: EmbeddedSources) -> None:
    row = september(SEED).latest.charges.slice(0, 1).to_pylist()[0]
    auth = (sources.stripe_api_key.get_secret_value(), "")
    answer = httpx.get(f"{sources.stripe_api_base}/v1/charges/{row['id']}", auth=auth).json()
    assert (answer["amount"], answer["customer"]) == (row["amount"], row["customer_id"])


def test_started_faulty_stripe_shows_the_first_synced_state_until_told(tmp_path: Path) -> None:
    module = "flows.sources.emulators.stripe"
    with ChildServer("stripe", module, ["--seed", str(SEED), "--faulty"], tmp_path) as server:
        base = server.wait_ready(30)
        source = StripeSource(SecretStr("sk_test_any"), api_base=base)
        revenue = StripeMeasure("charges", "amount")
        assert source.measure(revenue) == 435_158_00
        StripeControl(base).move_to("latest")
        assert source.measure(revenue) == 412_184_00
        found = pulled(source, SUBSCRIPTIONS).sort_by("id")
        assert found == september(SEED).latest.subscriptions.sort_by("id")
