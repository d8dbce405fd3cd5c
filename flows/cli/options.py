"""Options that commands share, and what happens to errors."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from checkpoints.gate import GateClosedError
from checkpoints.ingest_names import wrong_name
from checkpoints.result import CheckpointFailedError
from flows.cli.exit_codes import ExitCode, of_verdict
from gx.errors import ConfigError, SluiceError
from gx.masking import mask_error
from gx.settings import Settings, load_settings

Command = Callable[..., ExitCode | None]


def common(command: Command) -> Callable[..., None]:
    """Give a command ``--project`` and ``--json``, its settings, and exit codes instead of tracebacks."""
    return common_failing_with()(command)


def common_failing_with(**document: Any) -> Callable[[Command], Callable[..., None]]:
    """The same, and what the JSON document says when the command could not do its work.

    A program that reads only the verdict must find one that stops it.
    """
    return functools.partial(_wrap, on_error=document)


def _wrap(command: Command, on_error: Mapping[str, Any]) -> Callable[..., None]:
    @click.option(
        "--project",
        type=click.Path(path_type=Path),
        help="Directory with expectations/suites and checkpoints (default: SLUICE_PROJECT, or the reference).",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
    @functools.wraps(command)
    def wrapped(project: Path | None, as_json: bool, **arguments: Any) -> None:
        try:
            settings: Settings = load_settings(project)
            code = command(settings=settings, as_json=as_json, **arguments)
        except SluiceError as error:
            code = exit_code(error)
            _report(str(error), code, on_error if as_json else None)
        except KeyboardInterrupt:
            code = ExitCode.ERRORED
            _report("interrupted; what had no verdict yet stays closed", code, on_error if as_json else None)
        except BrokenPipeError:
            raise  # whoever reads has enough, as `head` has: click ends the command without a word
        except Exception as error:
            if os.environ.get("SLUICE_DEBUG"):
                raise
            # A bug of ours or a library's; its text may hold anything, so only a masked line of it is shown.
            code = ExitCode.ERRORED
            line = f"unexpected {type(error).__name__}: {mask_error(str(error))} (SLUICE_DEBUG=1 shows where)"
            _report(line, code, on_error if as_json else None)
        sys.exit(code or ExitCode.OK)

    return wrapped


def ingest_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option ``--ingest``, described by ``text``."""
    return click.option("--ingest", "ingest_id", help=text, callback=valid_ingest_id)


def valid_ingest_id(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """An ingest's name as it was given, or none."""
    # A variable that is not set makes `--ingest "$ID"` an empty text, which must not mean some other ingest.
    if value is not None and (wrong := wrong_name(value)):
        raise click.BadParameter(wrong)
    return value


def print_json(document: Any) -> None:
    """Print a document on standard output."""
    click.echo(json.dumps(document, indent=2, default=str, ensure_ascii=False))


def exit_code(error: SluiceError) -> ExitCode:
    """The exit code that says what kind of error this is."""
    if isinstance(error, ConfigError):
        return ExitCode.USAGE
    if isinstance(error, CheckpointFailedError):
        return of_verdict(error.verdict)
    return ExitCode.FAILED if isinstance(error, GateClosedError) else ExitCode.ERRORED


def _report(error: str, code: ExitCode, document: Mapping[str, Any] | None) -> None:
    if document is not None:
        print_json({**document, "error": error, "exit_code": int(code)})
    click.secho(f"error: {error}", err=True, fg="red")
