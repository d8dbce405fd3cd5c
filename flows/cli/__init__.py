"""The command line, ``sluice``. Its start imports neither great_expectations nor prefect."""

from __future__ import annotations

from flows.importing import importing_for_good

with importing_for_good():
    from flows.cli.app import cli


def main() -> None:
    """Entry point of the ``sluice`` command."""
    cli()
