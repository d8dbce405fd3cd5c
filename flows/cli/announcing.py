"""Tell Prefect how gates stand, where its server is named: a served load that waits for one then starts by itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout

import click

from checkpoints.gate import Gate


def announce_where_served(gates: Iterable[Gate]) -> None:
    """Send the event of each gate. One that cannot be sent changes no verdict; whoever it starts asks the ledger."""
    if not os.environ.get("PREFECT_API_URL"):
        return
    with redirect_stdout(sys.stderr):  # standard output may be one JSON document
        try:
            # Prefect takes seconds to import: only who has a server pays for it.
            from flows.reporting import announce

            for gate in gates:
                announce(gate)
        except Exception as error:  # noqa: BLE001 - whatever Prefect does, the ledger has the decision
            click.secho(f"Prefect was not told of the gate: {type(error).__name__}", fg="yellow", err=True)
