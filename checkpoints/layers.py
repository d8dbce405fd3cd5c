"""What loads build, and which of it is audited before readers see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from checkpoints.loads import LOADS_FILE, Load, declared_loads
from checkpoints.spec import CheckpointSpec, load_checkpoints
from expectations.documents import suggest
from gx.errors import ConfigError
from gx.settings import Settings

LOADS = ("staging", "marts", "dashboards")
"""The loads of the main job, in their order; what each builds is declared as in any project."""

_OFF = "none"


def audited_loads(settings: Settings) -> Mapping[str, Load]:
    """The loads that are built apart and published once their checkpoint opened the gate, in their order.

    Raises:
        ConfigError: the declaration is wrong, or ``SLUICE_AUDIT_LAYERS`` names something else.
    """
    declared = declared_loads(settings.checkpoints_dir) or {}
    audited = {name: load for name, load in declared.items() if load.audited}
    if settings.audit_layers is None:
        return audited
    named = [name.strip() for name in settings.audit_layers.split(",") if name.strip()]
    if named == [_OFF]:
        return {}
    for name in named:
        if name not in audited:
            known = ", ".join(audited) or "nothing"
            raise ConfigError(
                f"SLUICE_AUDIT_LAYERS names {name!r}{suggest(name, audited)}; it can hold {known}, "
                f"comma-separated, or be {_OFF!r}"
            )
    return {name: load for name, load in audited.items() if name in named}


def audited_load(settings: Settings, name: str) -> Load:
    """One of them.

    Raises:
        ConfigError: likewise; or this load is none of them.
    """
    audited = audited_loads(settings)
    if name not in audited:
        known = ", ".join(audited) or "none"
        raise ConfigError(
            f"{name!r} is no load that is audited{suggest(name, audited)}; these are: {known} "
            f"({settings.checkpoints_dir / LOADS_FILE}, SLUICE_AUDIT_LAYERS)"
        )
    return audited[name]


def publish_gate(load: str) -> str:
    """The gate that decides whether what a load built replaces what readers see."""
    return f"publish-{load}"


def project_checkpoints(settings: Settings) -> dict[str, CheckpointSpec]:
    """The project's checkpoints by name, those of audited loads with the gate of the load's publication.

    Raises:
        ConfigError: a checkpoint's file or a setting is wrong, or an audited load has no checkpoint.
    """
    specs = load_checkpoints(settings.checkpoints_dir)
    for name, load in audited_loads(settings).items():
        if name not in specs:
            raise load.at.fail(
                f"the load {name!r} is audited, so it needs a checkpoint of its name, {name}.yml, to be published"
            )
        specs[name] = replace(specs[name], gates=(*specs[name].gates, publish_gate(name)))
    return specs
