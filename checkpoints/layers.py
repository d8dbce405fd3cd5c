"""The layers of the reference warehouse: what each load builds, and which are audited before readers see them."""

from __future__ import annotations

from dataclasses import replace

from checkpoints.spec import CheckpointSpec, load_checkpoints
from expectations.documents import suggest
from gx.errors import ConfigError
from gx.settings import Settings

SCHEMAS = {"staging": ("staging",), "marts": ("intermediate", "marts"), "dashboards": ("dashboards",)}
"""The schemas of each load. What is built for the others comes first, what most people read comes last."""

LOADS = tuple(SCHEMAS)
"""The loads, in their order; each has a checkpoint of its name."""

_OFF = "none"


def audited_loads(settings: Settings) -> tuple[str, ...]:
    """The loads that are built apart and published once their checkpoint opened the gate, in their order.

    Raises:
        ConfigError: ``SLUICE_AUDIT_LAYERS`` names something else.
    """
    if not settings.is_reference:
        return ()
    named = [name.strip() for name in settings.audit_layers.split(",") if name.strip()]
    if named == [_OFF]:
        return ()
    for name in named:
        if name not in LOADS:
            raise ConfigError(
                f"SLUICE_AUDIT_LAYERS names {name!r}{suggest(name, LOADS)}; it can hold {', '.join(LOADS)}, "
                f"comma-separated, or be {_OFF!r}"
            )
    return tuple(load for load in LOADS if load in named)


def publish_gate(load: str) -> str:
    """The gate that decides whether what a load built replaces what readers see."""
    return f"publish-{load}"


def project_checkpoints(settings: Settings) -> dict[str, CheckpointSpec]:
    """The project's checkpoints by name, those of audited layers with the gate of the layer's publication.

    Raises:
        ConfigError: a checkpoint's file or a setting is wrong.
    """
    specs = load_checkpoints(settings.checkpoints_dir)
    for load in audited_loads(settings):
        if (spec := specs.get(load)) is not None:
            specs[load] = replace(spec, gates=(*spec.gates, publish_gate(load)))
    return specs
