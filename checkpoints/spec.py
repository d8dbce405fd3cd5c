"""A checkpoint as people write it: which suites, which loads wait for it, who is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checkpoints.loads import LOADS_FILE, NAME, declared_loads
from expectations.documents import Node, check_keys, read_document, suggest
from expectations.loader import choose_suites
from expectations.suite import SuiteSpec
from gx.errors import ConfigError

_KEYS = ("suites", "gates", "mode", "notify", "description")
_MODES = ("blocking", "softer")
ALERTS_FILE = "_alerts.yml"
"""Beside the checkpoints: who is told of what (checkpoints.alerts.routing_file). No checkpoint can have this name."""
SCHEDULES_FILE = "_schedules.yml"
"""Likewise when runs are expected: see checkpoints.expected_runs."""
CALENDARS_FILE = "_calendars.yml"
"""Likewise which time counts: see checkpoints.calendars_file."""
FRESHNESS_FILE = "_freshness.yml"
"""Likewise how old tables may be: see checkpoints.freshness.spec."""
SLAS_FILE = "_slas.yml"
"""Likewise by when all is done: see checkpoints.sla.spec."""
_NO_CHECKPOINTS = (LOADS_FILE, ALERTS_FILE, SCHEDULES_FILE, CALENDARS_FILE, FRESHNESS_FILE, SLAS_FILE)


@dataclass(frozen=True)
class CheckpointSpec:
    """One file under ``checkpoints/``.

    Attributes:
        name: the file's name without its ending.
        patterns: names or globs of suites.
        gates: the loads that wait for this checkpoint.
        notify: who is told; owners or channels, as the alert routing knows them.
        patterns_at: where the patterns stand, for errors.
        softer: whether it only reports (``mode: softer``): its gates open whatever the verdict.
    """

    name: str
    patterns: tuple[str, ...]
    gates: tuple[str, ...]
    notify: tuple[str, ...]
    description: str | None
    patterns_at: Node
    softer: bool = False

    def choose(self, suites: Sequence[SuiteSpec]) -> tuple[SuiteSpec, ...]:
        """The suites of this checkpoint.

        Raises:
            ConfigError: a pattern matches nothing, or two suites are about one table.
        """
        return choose_suites(suites, self.patterns, self.patterns_at)


def load_checkpoints(checkpoints_dir: Path) -> dict[str, CheckpointSpec]:
    """Every checkpoint of a project by name.

    Raises:
        ConfigError: the directory is missing or holds none, a file is wrong (with its line), a checkpoint gates a load
            that is not declared, or loads wait for each other.
    """
    found = [*checkpoints_dir.glob("*.yml"), *checkpoints_dir.glob("*.yaml")]
    files = sorted(file for file in found if file.name not in _NO_CHECKPOINTS)
    if not files:
        raise ConfigError(f"there are no checkpoints: no YAML file in {checkpoints_dir}")
    declared = declared_loads(checkpoints_dir)
    specs = [_load(file, declared) for file in files]
    by_name = {spec.name: spec for spec in specs}
    if len(by_name) < len(specs):
        raise ConfigError(f"two files in {checkpoints_dir} have one name with the endings .yml and .yaml; keep one")
    _refuse_circles(by_name)
    return by_name


def find_checkpoint(checkpoints: dict[str, CheckpointSpec], name: str) -> CheckpointSpec:
    """One checkpoint by name.

    Raises:
        ConfigError: there is none; the valid names are listed.
    """
    if name not in checkpoints:
        raise ConfigError(
            f"there is no checkpoint {name!r}{suggest(name, checkpoints)}; there are: {', '.join(sorted(checkpoints))}"
        )
    return checkpoints[name]


def gates_of(checkpoints: dict[str, CheckpointSpec]) -> dict[str, tuple[str, ...]]:
    """For each load the names of the checkpoints it waits for, upstream loads first."""
    loads: dict[str, list[str]] = {}
    for spec in checkpoints.values():
        for load in spec.gates:
            loads.setdefault(load, []).append(spec.name)

    @cache
    def depth(load: str) -> int:
        # A checkpoint with a load's name checks what that load built.
        return 1 + max((depth(name) for name in loads[load] if name in loads), default=0)

    return {load: tuple(sorted(loads[load])) for load in sorted(loads, key=lambda name: (depth(name), name))}


def _refuse_circles(checkpoints: dict[str, CheckpointSpec]) -> None:
    following = {name: [load for load in spec.gates if load in checkpoints] for name, spec in checkpoints.items()}
    harmless: set[str] = set()

    def follow(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join((*path[path.index(name) :], name))
            raise checkpoints[name].patterns_at.fail(
                f"the loads {circle} wait for each other, so none could ever run: a checkpoint with a load's name "
                "checks what that load built; take a load out of `gates`, or give the checkpoint another name"
            )
        if name not in harmless:
            for load in following[name]:
                follow(load, (*path, name))
            harmless.add(name)

    for name in checkpoints:
        follow(name, ())


def _load(file: Path, declared: Collection[str] | None) -> CheckpointSpec:
    if not NAME.fullmatch(file.stem):
        raise ConfigError(
            "a checkpoint's file name may hold letters, digits, '_', '.' and '-' (it names the checkpoint)", file=file
        )
    entries = read_document(file).mapping("a checkpoint")
    check_keys(entries, _KEYS, "a checkpoint")
    if "suites" not in entries:
        raise ConfigError("a checkpoint needs `suites:`, names or globs such as staging.*", file=file, line=1)
    patterns = entries["suites"].texts("`suites`")
    if not patterns:
        raise entries["suites"].fail("`suites` is empty: a checkpoint that checks nothing can open no gate")
    return CheckpointSpec(
        name=file.stem,
        patterns=patterns,
        gates=_loads(entries["gates"], declared) if "gates" in entries else (),
        notify=entries["notify"].texts("`notify`") if "notify" in entries else (),
        description=entries["description"].text("`description`") if "description" in entries else None,
        patterns_at=entries["suites"],
        softer=_mode(entries["mode"]) == "softer" if "mode" in entries else False,
    )


def _mode(node: Node) -> str:
    mode = node.text("`mode`")
    if mode not in _MODES:
        raise node.fail(f"`mode` is {mode!r}; it can be {' or '.join(_MODES)}")
    return mode


def _loads(node: Node, declared: Collection[str] | None) -> tuple[str, ...]:
    loads = node.texts("`gates`")
    for load in loads:
        if not NAME.fullmatch(load):
            raise node.fail(f"the load {load!r} in `gates` may hold letters, digits, '_', '.' and '-' only")
        if declared is not None and load not in declared:
            known = ", ".join(declared) or "none"
            raise node.fail(
                f"nobody declared the load {load!r}{suggest(load, declared)}; {LOADS_FILE} declares: {known}"
            )
    return loads
