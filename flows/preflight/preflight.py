"""The whole preflight: every check at once, and everything that is wrong told at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from checkpoints.layers import project_checkpoints
from checkpoints.ledger import Ledger
from checkpoints.spec import CheckpointSpec
from expectations.accepted import AcceptedSchemas
from expectations.loader import load_suites
from expectations.suite import SuiteSpec
from flows.preflight.accounts import REGISTRY, load_registry
from flows.preflight.checks import Check, Checked, run_checks
from flows.preflight.declared import declared_check
from flows.preflight.grants import ACCOUNTS, account_checks
from flows.preflight.lines import CONFIGURATION, Line, Status
from flows.preflight.plan import Plan
from flows.preflight.services import service_checks
from flows.preflight.sources import source_checks
from flows.preflight.stores import ledger_check, store_checks
from flows.preflight.warehouse import FAILOVER, schemas_check, warehouse_check
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings, source_urls
from gx.warehouse.base import Warehouse


class PreflightError(SluiceError):
    """Something that a run needs cannot be used; nothing was loaded.

    Attributes:
        lines: what stops the run, each with the statement that would put it right where one is known.
    """

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines
        self.transient = all(line.transient for line in lines)
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        told = "\n".join(f"- {line}" for line in lines)
        super().__init__(f"the preflight found {count}, and nothing was loaded:\n{told}")


@dataclass(frozen=True)
class Preflight:
    """What came out.

    Attributes:
        lines: in the order of the checks.
        errors: those that lines were made of.
    """

    lines: tuple[Line, ...]
    errors: tuple[SluiceError, ...] = ()

    @property
    def failover(self) -> str | None:
        """The virtual warehouse to use instead of the one that is configured."""
        found = [line.about_warehouse for line in self.lines if line.what == FAILOVER and line.about_warehouse]
        return found[0] if found else None

    @property
    def stopping(self) -> tuple[Line, ...]:
        """What keeps a run from beginning."""
        return tuple(line for line in self.lines if line.stops)

    @property
    def noteworthy(self) -> tuple[Line, ...]:
        """What a run says beside what stops it: warnings, and above all what was not checked."""
        return tuple(
            line
            for line in self.lines
            if line.status is not Status.FINE
            and not line.stops
            and (line.status is not Status.NONE or line.check == ACCOUNTS)
        )

    def require(self) -> None:
        """Let a run begin.

        Raises:
            ConfigError: a file or a setting is wrong, and nothing else.
            SluiceError: something else cannot be used: all of it is in the text.
        """
        if not self.stopping:
            return
        if len(self.errors) == len(self.stopping) == 1:
            raise self.errors[0]
        if self.errors and len(self.errors) == len(self.stopping):
            wrong = [error for error in self.errors if isinstance(error, ConfigError)]
            if len(wrong) == len(self.errors):
                raise ConfigError("\n".join(str(error) for error in wrong))
        raise PreflightError(self.stopping)


def preflight(
    settings: Settings,
    warehouse: Warehouse,
    ledger: Ledger,
    *,
    run: bool,
    account: str | None = None,
    environment: Mapping[str, str] = os.environ,
    configuration: Callable[[], str] | None = None,
) -> Preflight:
    """Look at all that a run needs, side by side; whatever is wrong with one thing, the others are looked at too.

    Args:
        settings: of the project.
        warehouse: its warehouse, for the run.
        ledger: its ledger.
        run: whether a run is about to begin, for which missing files are made and a busy DuckDB file is waited for.
        account: the only service account to look at.
        environment: where sources, Prefect and notifiers are configured.
        configuration: reads suites and checkpoints, and says how many; for who needs them himself afterwards.

    Raises:
        ConfigError: there is no such account.
    """
    wrong: list[ConfigError] = []
    today = datetime.now(UTC).date()
    try:
        registry = load_registry(settings.project / REGISTRY, today)
    except ConfigError as error:
        registry = None
        wrong.append(error)
    if account is not None and registry is not None:
        registry.account(account)
    elif account is not None:
        raise wrong[0] if wrong else ConfigError(f"there is no account {account!r}: the project has no {REGISTRY}")
    try:
        databases = source_urls(settings.project, environment)
    except ConfigError as error:
        databases = {}
        wrong.append(error)

    def read() -> str:
        return fit_together(settings, load_suites(settings.suites_dir), project_checkpoints(settings))

    plan = Plan(settings, warehouse, ledger, registry, databases, environment, today, run, account)
    checked = run_checks(_checks(plan, wrong, configuration or read), seconds=plan.limit)
    return _told_once(checked)


def fit_together(settings: Settings, suites: Sequence[SuiteSpec], checkpoints: Mapping[str, CheckpointSpec]) -> str:
    """How many there are, if each checkpoint finds its suites, and what was accepted of their tables can be read.

    Raises:
        ConfigError: one does not, or it cannot.
    """
    tables = {suite.table for spec in checkpoints.values() for suite in spec.choose(suites)}
    schemas = AcceptedSchemas(settings.suites_dir, settings.warehouse().get_backend_name())
    accepted = sum(schemas.read(table) is not None for table in sorted(tables, key=str))
    also = f", and {accepted} accepted schemas" if accepted else ""
    return f"{len(suites)} suites and {len(checkpoints)} checkpoints can be read{also}"


def _checks(plan: Plan, wrong: list[ConfigError], configuration: Callable[[], str]) -> list[Check]:
    found = [_raising(error) for error in wrong]
    found += [_configuration(plan, configuration), declared_check(plan), ledger_check(plan), warehouse_check(plan)]
    if not wrong:
        found += account_checks(plan)
    if (schemas := schemas_check(plan)) is not None:
        found.append(schemas)
    return [*found, *store_checks(plan), *source_checks(plan), *service_checks(plan)]


def _raising(error: ConfigError) -> Check:
    def run() -> Iterator[Line]:
        raise error

    return Check(CONFIGURATION, (REGISTRY if str(error.file).endswith(REGISTRY) else "settings",), run, patient=True)


def _configuration(plan: Plan, read: Callable[[], str]) -> Check:
    def run() -> Iterator[Line]:
        yield Line(CONFIGURATION, "suites and checkpoints", Status.FINE, read())

    return Check(CONFIGURATION, ("suites and checkpoints",), run, patient=plan.run)


def _told_once(checked: Checked) -> Preflight:
    lines: list[Line] = []
    for line in checked.lines:
        if line.status is not Status.FAILED:
            lines.append(line)
            continue
        # One red line for one thing to do: several need the same grant, and are refused by the same server.
        same = [one for one in lines if one.status is Status.FAILED and _same(one, line)]
        if not same:
            lines.append(line)
        elif line.remedy is None:
            detail = f"as {same[0].check}, {same[0].what}"
            lines.append(replace(line, status=Status.NOT_CHECKED, detail=detail, stops=False))
    result = Preflight(tuple(lines), checked.errors)
    if (failover := result.failover) is None:
        return result
    # Another virtual warehouse does the work: what is wrong with the first one stops nothing.
    return replace(
        result,
        lines=tuple(
            replace(line, stops=False)
            if line.about_warehouse is not None and line.about_warehouse != failover
            else line
            for line in lines
        ),
    )


def _same(one: Line, other: Line) -> bool:
    if one.remedy is not None:
        return one.remedy == other.remedy
    return one.detail == other.detail
