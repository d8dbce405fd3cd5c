"""The command line, ``sluice``. Its start imports neither great_expectations nor prefect."""

from __future__ import annotations

import atexit
import os
import sys


def _silence_teardown() -> None:
    """Point stderr to nowhere for what the interpreter does after the last exit handler.

    DuckDB 2.0's bindings report leaked instances while a Python 3.11 or 3.12 interpreter is taken down; the
    user of a command has no use for that. Everything of ours has been written by then.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def main() -> None:
    """Entry point of the ``sluice`` command."""
    atexit.register(_silence_teardown)  # registered first, so it runs last
    from flows.cli.app import cli  # after the registration: importing registers handlers of its own

    cli()
