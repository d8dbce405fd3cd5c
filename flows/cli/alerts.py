"""``sluice alerts``: what is wrong now, and what people say to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from checkpoints.alerts import answering
from checkpoints.alerts.composing import duration
from checkpoints.alerts.problem import Alert
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.telling import Changes
from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import DeliveryState, OutboxItem
from checkpoints.override import LONGEST, end_of, one_line
from flows.alerting import project_name, routing_of
from flows.cli.exit_codes import ExitCode
from flows.cli.options import common, print_json
from gx.errors import ConfigError
from gx.settings import Settings

_COLOURS = {"critical": "red", "warning": "yellow"}
_SHOWN = 50
_ids = click.argument("ids", type=click.IntRange(min=1), nargs=-1, required=True, metavar="ID...")
_by = click.option("--by", required=True, help="Who says so.")
_whole = click.option("--thread", "whole", is_flag=True, help="Also the others that were told in the same message.")


@click.group()
def alerts() -> None:
    """See what is wrong, look into it, or ask for silence."""


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are over, the newest first.")
@common
def list_alerts(settings: Settings, as_json: bool, everything: bool) -> ExitCode:
    """List open alerts, and before them the messages that were not delivered."""
    now = datetime.now(UTC)
    with _ledger(settings) as ledger:
        lost = _undelivered(ledger)
        found = ledger.alerts.latest() if everything else ledger.alerts.unresolved()
        untold = {thread: _untold(ledger.outbox.items(thread=thread)) for thread in {item.thread for item in lost}}
    if as_json:
        print_json({"undelivered": [_lost(each) for each in lost], "alerts": [_document(each) for each in found]})
        return ExitCode.OK
    for item in lost[:_SHOWN]:
        last = f": {item.problem}" if item.problem else ""
        tries = f"{item.attempts} tries" if item.attempts else "not tried yet"
        click.secho(f"NOT DELIVERED to {item.channel} ({item.state.value}, {tries}){last}", fg="red")
        click.echo(f"        {item.message.headline}")
    if len(lost) > _SHOWN:
        click.echo(f"        and {len(lost) - _SHOWN:,} more that were not delivered (see --json)")
    for alert in found:
        severity = alert.problem.severity.value
        click.echo(f"{alert.id:>6}  {click.style(f'{severity:<8}', fg=_COLOURS.get(severity))}  {alert.problem.title}")
        click.echo(f"        {_how_long(alert, now, untold.get(alert.thread, frozenset()))}")
    if not found:
        click.echo("no alerts" if everything else "no open alerts")
    try:
        routing_of(settings)
    except ConfigError as error:  # the default rules hold: whoever looks here must know
        click.secho(f"the default routing holds: {error}", fg="yellow", err=True)
    return ExitCode.OK


@alerts.command()
@click.argument("number", type=click.IntRange(min=1), metavar="ID")
@common
def show(settings: Settings, as_json: bool, number: int) -> ExitCode:
    """Show all that is known of an alert, and what became of the messages about it."""
    with _ledger(settings) as ledger:
        alert = ledger.alerts.get(number)
        if alert is None:
            raise ConfigError(f"there is no alert {number}; `sluice alerts list --all` shows those there are")
        sent = ledger.outbox.items(thread=alert.thread)
    if as_json:
        print_json({**_document(alert), "messages": [_lost(each) for each in sent]})
        return ExitCode.OK
    problem = alert.problem
    click.secho(f"{problem.severity}: {problem.title}", fg=_COLOURS.get(problem.severity), bold=True)
    lines = {
        "since": _how_long(alert, datetime.now(UTC), _untold(sent)).removeprefix("since "),
        "expected": problem.expected,
        "observed": problem.observed,
        "checkpoint": ", ".join(problem.checkpoints) or problem.checkpoint,
        "layer": problem.layer,
        "owner": problem.owner,
        "blocks": ", ".join(problem.blocks),
        "notes": problem.notes,
        "remarks": "; ".join(problem.remarks),
        "next": problem.next_step,
        "Data Docs": problem.docs_url,
        "Prefect": problem.prefect_url,
    }
    for name, text in lines.items():
        if text:
            click.echo(f"{name + ':':<12}{text}")
    for item in sent:
        last = f" ({item.problem})" if item.problem else ""
        state = "not needed" if item.state is DeliveryState.DELIVERED and not item.arrived else item.state.value
        click.echo(f"  {item.created_at:%Y-%m-%d %H:%M} {item.kind} to {item.channel}: {state}{last}")
    return ExitCode.OK


@alerts.command()
@_ids
@_by
@_whole
@common
def ack(settings: Settings, as_json: bool, ids: Sequence[int], by: str, whole: bool) -> ExitCode:
    """Say that you look into it: no more reminders, and nobody else is called."""
    who = one_line("--by", by)

    def decide(known: Sequence[Alert], chosen: frozenset[int], routing: Routing, now: datetime) -> Changes:
        picked = [each for each in known if each.id in chosen]
        return answering.acknowledge(picked, who, now=now, routing=routing, project=project_name(settings))

    return _answer(settings, ids, whole, decide, as_json=as_json, said=f"acknowledged by {who}")


@alerts.command()
@_ids
@_by
@click.option("--reason", required=True, help="Why; it is kept, and shown to everybody.")
@click.option(
    "--until",
    required=True,
    metavar="WHEN",
    help=f"2025-10-01T18:00+02:00, or from now 90m, 4h, 2d; at most {LONGEST.days} days.",
)
@_whole
@common
def snooze(
    settings: Settings, as_json: bool, *, ids: Sequence[int], by: str, reason: str, until: str, whole: bool
) -> ExitCode:
    """Ask for silence about it until WHEN. What else fails on the same table is told all the same."""
    who, why = one_line("--by", by), one_line("--reason", reason, 500)
    end = end_of(until, datetime.now(UTC))

    def decide(known: Sequence[Alert], chosen: frozenset[int], routing: Routing, now: datetime) -> Changes:
        return answering.snooze(
            known, chosen, until=end, by=who, reason=why, now=now, routing=routing, project=project_name(settings)
        )

    return _answer(settings, ids, whole, decide, as_json=as_json, said=f"snoozed until {end:%Y-%m-%d %H:%M} UTC")


@alerts.command()
@_ids
@_by
@_whole
@common
def resolve(settings: Settings, as_json: bool, ids: Sequence[int], by: str, whole: bool) -> ExitCode:
    """Say that it is over. If a run finds it again, it is told again."""
    who = one_line("--by", by)

    def decide(known: Sequence[Alert], chosen: frozenset[int], routing: Routing, now: datetime) -> Changes:
        return answering.close(known, chosen, who, now=now, routing=routing, project=project_name(settings))

    return _answer(settings, ids, whole, decide, as_json=as_json, said=f"closed by {who}")


_Decide = Callable[[Sequence[Alert], frozenset[int], Routing, datetime], Changes]


def _answer(
    settings: Settings, ids: Sequence[int], whole: bool, decide: _Decide, *, as_json: bool, said: str
) -> ExitCode:
    now, routing = datetime.now(UTC), routing_of(settings)
    changed: list[Alert] = []

    def decided(known: Sequence[Alert]) -> Changes:
        going_on = {each.id: each for each in known if each.is_open}
        for number in ids:
            if number not in going_on:
                raise ConfigError(f"there is no open alert {number}; `sluice alerts list` shows those there are")
        threads = {going_on[number].thread for number in ids}
        chosen = [each for each in going_on.values() if each.id in ids or (whole and each.thread in threads)]
        changed.extend(chosen)
        return decide(known, frozenset(each.id for each in chosen), routing, now)

    with _ledger(settings) as ledger:
        if not ledger.exists():
            raise ConfigError("there is no alert: nothing was checked yet")
        ledger.alerts.change(decided, routing, now)
    if as_json:
        print_json({"alerts": [each.id for each in changed], "said": said})
    else:
        for each in changed:
            click.echo(f"{each.id:>6}  {each.problem.title}: {said}")
    return ExitCode.OK


def _untold(messages: Sequence[OutboxItem]) -> frozenset[str]:
    """The channels of a thread on which none of its messages has arrived."""
    arrived = {item.channel for item in messages if item.arrived}
    return frozenset(item.channel for item in messages) - arrived


def _how_long(alert: Alert, now: datetime, untold: frozenset[str]) -> str:
    runs = f"{alert.failed_runs} {'run' if alert.failed_runs == 1 else 'runs'}"
    since = f"since {alert.opened_at:%Y-%m-%d %H:%M} UTC"
    if alert.resolved_at:
        return f"{since}, resolved after {duration(alert.resolved_at - alert.opened_at)}, {runs}"
    parts = [f"{since} ({duration(now - alert.opened_at)}), {runs}"]
    if alert.acknowledged_by:
        parts.append(f"acknowledged by {alert.acknowledged_by}")
    if alert.snoozed_until and alert.snoozed_until > now:
        parts.append(f"snoozed by {alert.snoozed_by} until {alert.snoozed_until:%Y-%m-%d %H:%M} UTC")
    if alert.flapping:
        parts.append("comes and goes")
    told = [channel for channel in alert.channels if channel not in untold]
    parts.append(f"told on {', '.join(told)}" if told else "told nobody")
    if waits := [channel for channel in alert.channels if channel in untold]:
        parts[-1] += f", NOT DELIVERED to {', '.join(waits)}"
    return "; ".join(parts)


def _undelivered(ledger: Ledger) -> tuple[OutboxItem, ...]:
    """What was given up, and what has not arrived so far: also what nobody tried, for its sender was killed."""
    if not ledger.exists():
        return ()
    return ledger.outbox.items([DeliveryState.UNDELIVERED, DeliveryState.WAITING])


def _document(alert: Alert) -> dict[str, Any]:
    return alert.model_dump(mode="json")


def _lost(item: OutboxItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "channel": item.channel,
        "kind": item.kind.value,
        "state": item.state.value,
        "headline": item.message.headline,
        "attempts": item.attempts,
        "problem": item.problem,
        "created_at": item.created_at.isoformat(),
        "delivered_at": item.delivered_at.isoformat() if item.delivered_at else None,
    }


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        yield ledger
    finally:
        ledger.close()
