"""The ``sluice`` command and its subcommands."""

from __future__ import annotations

import click

from flows.cli.alerts import alerts
from flows.cli.alerts_test import test_channel
from flows.cli.build import build, publish
from flows.cli.check import check
from flows.cli.docs import docs
from flows.cli.freshness import freshness
from flows.cli.gate import gate
from flows.cli.ingest import ingest
from flows.cli.ledger import ledger
from flows.cli.models import models
from flows.cli.monitor import monitor
from flows.cli.override import override, revoke
from flows.cli.permissions import permissions
from flows.cli.preflight import preflight
from flows.cli.record import record
from flows.cli.replay import replay
from flows.cli.replay_slow_model import slow_model
from flows.cli.rollback import rollback
from flows.cli.run import run
from flows.cli.schema import schema
from flows.cli.serve import serve
from flows.cli.sla import sla
from flows.cli.sql import sql
from flows.cli.suites import suites


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep bad data out of the warehouse.

    Great Expectations suites say what must be true, checkpoints check it after every ingest, and a gate stops
    the next load until it holds.

    \b
    Exit codes: 0 passed or open, 1 failed or closed, 2 usage or configuration, 3 could not be checked.
    """  # noqa: D301 - the backslash tells click to keep the line


COMMANDS = (
    run, ingest, check, gate, build, publish, rollback, preflight, permissions, alerts, monitor, freshness, sla, models,
    sql, ledger, docs, replay, suites, schema, serve, record,
)  # fmt: skip
for command in COMMANDS:
    cli.add_command(command)
for command in (override, revoke):
    gate.add_command(command)
alerts.add_command(test_channel)
replay.add_command(slow_model)
