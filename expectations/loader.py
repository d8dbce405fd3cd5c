"""Read the suites of a project from YAML. Cheap: nothing here imports great_expectations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from expectations.documents import Node, check_keys, read_document, suggest
from expectations.suite import ArrivalsSpec, ExpectationSpec, QuarantineSpec, Severity, SuiteSpec
from gx.errors import ConfigError
from gx.shown import spelled
from gx.warehouse.quarantine import OWN_COLUMNS
from gx.warehouse.table import TableName

_SUITE_KEYS = (
    *("table", "name", "owner", "description", "tags", "allow_empty", "arrivals", "observing"),
    *("pii", "samples", "keys", "quarantine"),
    "expectations",
)
_EXPECTATION_KEYS = ("severity", "blocking", "notes")
_SUITE_NAME = re.compile(r"[^\s./\\\x00-\x1f\x7f]([^/\\\x00-\x1f\x7f]*[^\s/\\\x00-\x1f\x7f])?")
_LONGEST_NAME = 200
"""Bytes: the file systems' 255, less what is added to a name."""
_MOST_HOURS = 24 * 366
_MOST_OBSERVED = 1_000
_EXPECTATION_NAME = re.compile(r"[a-z][a-z0-9_]*")


def load_suites(suites_dir: Path) -> tuple[SuiteSpec, ...]:
    """Read every ``*.yml`` and ``*.yaml`` under a project's ``expectations/suites``, sorted by name.

    Raises:
        ConfigError: the directory is missing, a file is wrong (with its line), or a name is used twice.
    """
    if not suites_dir.is_dir():
        raise ConfigError(f"there is no directory {suites_dir}; suites are YAML files in it, one for each table")
    by_name: dict[str, SuiteSpec] = {}
    for file in sorted([*suites_dir.rglob("*.yml"), *suites_dir.rglob("*.yaml")]):
        suite = load_suite(file, layer="/".join(file.parent.relative_to(suites_dir).parts))
        # File systems and Data Docs addresses may not tell upper from lower case.
        if other := by_name.get(suite.name.casefold()):
            raise ConfigError(
                f"the suite name {suite.name!r} is taken by {other.file}; give one of them another `name:`", file=file
            )
        by_name[suite.name.casefold()] = suite
    return tuple(sorted(by_name.values(), key=lambda suite: suite.name))


def load_suite(file: Path, layer: str = "") -> SuiteSpec:
    """Read one suite.

    Raises:
        ConfigError: it is not as documented; with file and line.
    """
    entries = read_document(file).mapping("a suite")
    check_keys(entries, _SUITE_KEYS, "a suite")
    for required in ("table", "expectations"):
        if required not in entries:
            raise ConfigError(f"a suite needs `{required}:`", file=file, line=1)
    table = _table(entries["table"])
    name = entries["name"].text("`name`") if "name" in entries else str(table).replace('"', "")
    if not _SUITE_NAME.fullmatch(name) or len(name.encode()) > _LONGEST_NAME:
        raise entries.get("name", entries["table"]).fail(
            f"the suite name {name!r} cannot be used: it becomes a file name, so it may be 1 to 200 bytes long and "
            "hold no slash, backslash or control character, nor begin with a dot or begin or end with a space; "
            "set another `name:`"
        )
    _refuse_shown_pii(entries)
    return SuiteSpec(
        name=name,
        table=table,
        expectations=_expectations(entries["expectations"]),
        file=file,
        layer=layer,
        owner=entries["owner"].text("`owner`") if "owner" in entries else None,
        description=entries["description"].text("`description`") if "description" in entries else None,
        allow_empty=_flag(entries["allow_empty"], "`allow_empty`") if "allow_empty" in entries else False,
        tags=entries["tags"].texts("`tags`") if "tags" in entries else (),
        arrivals=_arrivals(entries["arrivals"]) if "arrivals" in entries else None,
        observing=_observing(entries["observing"]) if "observing" in entries else 0,
        pii=entries["pii"].texts("`pii`") if "pii" in entries else (),
        samples=entries["samples"].texts("`samples`") if "samples" in entries else (),
        keys=entries["keys"].texts("`keys`") if "keys" in entries else (),
        quarantine=_quarantine(entries["quarantine"], entries.get("keys")) if "quarantine" in entries else None,
    )


def choose_suites(suites: Sequence[SuiteSpec], patterns: Sequence[str], where: Node) -> tuple[SuiteSpec, ...]:
    """The suites that a checkpoint names, by name or glob, each once, in the order of the patterns.

    Raises:
        ConfigError: a pattern matches nothing, or two of the chosen suites are about one table.
    """
    chosen: dict[str, SuiteSpec] = {}
    for pattern in patterns:
        matching = [suite for suite in suites if suite.name == pattern or fnmatchcase(suite.name, pattern)]
        if not matching:
            names = [suite.name for suite in suites]
            known = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
            raise where.fail(f"no suite is called {pattern!r}{suggest(pattern, names)}; there are: {known or 'none'}")
        chosen.update({suite.name: suite for suite in matching})
    by_table: dict[str, SuiteSpec] = {}
    for suite in chosen.values():
        key = str(suite.table).casefold()
        if other := by_table.get(key):
            raise where.fail(
                f"two suites are about the table {suite.table}: {other.file} and {suite.file}; "
                "merge them, or put them into two checkpoints"
            )
        by_table[key] = suite
    return tuple(chosen.values())


def _table(node: Node) -> TableName:
    try:
        return TableName.parse(node.text("`table`"))
    except ValueError as error:
        raise node.fail(str(error)) from None


def _arrivals(node: Node) -> ArrivalsSpec:
    entries = node.mapping("`arrivals`")
    check_keys(entries, ("column", "full_scan_hours"), "`arrivals`")
    if "column" not in entries:
        raise node.fail("`arrivals` needs `column:`, the column that orders the arrivals of rows (_fivetran_synced)")
    column = entries["column"].text("`column`")
    if "full_scan_hours" not in entries:
        return ArrivalsSpec(column)
    hours = entries["full_scan_hours"].value
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= _MOST_HOURS:
        raise entries["full_scan_hours"].fail(
            f"`full_scan_hours` must be a number of hours, more than 0 and at most {_MOST_HOURS}; found {hours!r}"
        )
    return ArrivalsSpec(column, float(hours))


def _observing(node: Node) -> int:
    runs: object = node.value
    if isinstance(runs, bool) or not isinstance(runs, int) or not 0 <= runs <= _MOST_OBSERVED:
        raise node.fail(f"`observing` must be a number of runs from 0 to {_MOST_OBSERVED}; found {runs!r}")
    return int(runs)


def _quarantine(node: Node, keys: Node | None) -> QuarantineSpec:
    entries = node.mapping("`quarantine`")
    check_keys(entries, ("max_percent", "leave_out"), "`quarantine`")
    if "max_percent" not in entries:
        raise node.fail("`quarantine` needs `max_percent:`, how many of the table's rows may be left out of a load")
    percent = entries["max_percent"].value
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent <= 100:
        raise entries["max_percent"].fail(
            f"`max_percent` must be a number of percent, more than 0 and at most 100; found {percent!r}"
        )
    names = keys.texts("`keys`") if keys else ()
    if keys is None or not names:
        raise node.fail("`quarantine` needs `keys:` in the suite, the columns that name a row (keys: [charge_id])")
    for name in names:
        if spelled(name) in OWN_COLUMNS:
            raise keys.fail(
                f"{name} cannot be among the `keys` of a suite with `quarantine`, whose table has a column of that "
                f"name for itself; it has {', '.join(OWN_COLUMNS)}"
            )
    leave_out = _flag(entries["leave_out"], "`leave_out`") if "leave_out" in entries else False
    return QuarantineSpec(float(percent), leave_out)


def _refuse_shown_pii(entries: Mapping[str, Node]) -> None:
    hidden = {spelled(name) for name in entries["pii"].texts("`pii`")} if "pii" in entries else set()
    for setting in ("samples", "keys"):
        for name in entries[setting].texts(f"`{setting}`") if setting in entries else ():
            if spelled(name) in hidden:
                raise entries[setting].fail(f"{name} is in `pii`, so it may appear nowhere; take it out of `{setting}`")
    if "arrivals" in entries and spelled(_arrivals(entries["arrivals"]).column) in hidden:
        raise entries["arrivals"].fail(
            "the column of `arrivals` is in `pii`, but its greatest value is kept between runs; choose another"
        )


def _expectations(node: Node) -> tuple[ExpectationSpec, ...]:
    found = tuple(_expectation(item) for item in node.items("`expectations`"))
    if not found:
        raise node.fail("`expectations` is empty: a suite that expects nothing would always hold")
    return found


def _expectation(item: Node) -> ExpectationSpec:
    if isinstance(item.value, str):  # `- expect_table_row_count_to_be_between` without arguments
        return _spec(item.value, {}, {}, item)
    entries = item.mapping("an expectation")
    names = [key for key in entries if key not in _EXPECTATION_KEYS]
    if len(names) != 1:
        raise item.fail(
            f"an expectation is one name with its arguments, found {', '.join(map(repr, names)) or 'none'}; "
            f"beside it there can be {', '.join(_EXPECTATION_KEYS)}"
        )
    arguments = entries[names[0]]
    kwargs = {} if arguments.value is None else arguments.mapping(f"the arguments of {names[0]}")
    settings = {key: entries[key] for key in entries if key != names[0]}
    return _spec(names[0], {key: kwarg.value for key, kwarg in kwargs.items()}, settings, item)


def _spec(name: str, kwargs: dict[str, object], settings: dict[str, Node], item: Node) -> ExpectationSpec:
    if not _EXPECTATION_NAME.fullmatch(name):
        raise item.fail(f"{name!r} is no expectation's name; they look like expect_column_values_to_not_be_null")
    severity = Severity.CRITICAL
    if "severity" in settings:
        text = settings["severity"].text("`severity`")
        if text not in list(Severity):
            raise settings["severity"].fail(f"`severity` is {text!r}; it can be {', '.join(Severity)}")
        severity = Severity(text)
    return ExpectationSpec(
        type=name,
        kwargs=kwargs,
        severity=severity,
        blocking=_flag(settings["blocking"], "`blocking`") if "blocking" in settings else severity == Severity.CRITICAL,
        notes=settings["notes"].text("`notes`") if "notes" in settings else None,
        line=item.line,
    )


def _flag(node: Node, what: str) -> bool:
    if not isinstance(node.value, bool):
        raise node.fail(f"{what} must be true or false; found {node.value!r}")
    return node.value
