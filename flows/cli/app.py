"""The ``sluice`` command and its subcommands."""

from __future__ import annotations

import click

from flows.cli.alerts import alerts
from flows.cli.alerts_test import test_channel
from flows.cli.check import check
from flows.cli.docs import docs
from flows.cli.freshness import freshness
from flows.cli.gate import gate
from flows.cli.ledger import ledger
from flows.cli.monitor import monitor
from flows.cli.override import override, revoke
from flows.cli.replay import replay
from flows.cli.rollback import rollback
from flows.cli.run import run
from flows.cli.serve import serve
from flows.cli.sla import sla
from flows.cli.suites import suites


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keep bad data out of the warehouse.

    Great Expectations suites say what must be true, checkpoints check it after every ingest, and a gate stops
    the next load until it holds.

    \b
    Exit codes: 0 passed or open, 1 failed or closed, 2 usage or configuration, 3 could not be checked.
    """  # noqa: D301 - the backslash tells click to keep the line


for command in (run, check, gate, rollback, ledger, alerts, monitor, docs, replay, suites, freshness, sla, serve):
    cli.add_command(command)
for command in (override, revoke):
    gate.add_command(command)
alerts.add_command(test_channel)
