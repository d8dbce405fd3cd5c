"""A load behind its gate in Dagster: an op that fails, and an asset check that blocks what is downstream."""

import dagster as dg

from checkpoints.asking import gate, require_gate

PROJECT = "shop"  # the directory with expectations/ and checkpoints/


class Ingest(dg.Config):
    """Which ingest a run is about."""

    ingest_id: str


@dg.op
def marts_gate(config: Ingest) -> str:
    """Fail unless the gate is open, or opens within a quarter of an hour."""
    require_gate("marts", project=PROJECT, ingest_id=config.ingest_id, wait_seconds=900)
    return config.ingest_id


@dg.op
def build_marts(context: dg.OpExecutionContext, ingest_id: str) -> None:
    """Runs only behind an open gate."""
    context.log.info(f"building the marts of {ingest_id}")  # noqa: G004 - as Dagster's own examples do


@dg.job
def load_behind_gate() -> None:
    """Ask, then build."""
    build_marts(marts_gate())


@dg.asset
def staging() -> None:
    """What sluice checked."""


@dg.asset_check(asset=staging, blocking=True)
def marts_gate_is_open() -> dg.AssetCheckResult:
    """As an asset check: what is downstream of the asset is not materialized when it fails."""
    state = gate("marts", project=PROJECT)
    return dg.AssetCheckResult(
        passed=state.is_open, metadata={"ingest": str(state.ingest_id), "why": "; ".join(state.reasons)}
    )


@dg.asset(deps=[staging])
def marts() -> None:
    """Built only when the check passed."""


defs = dg.Definitions(assets=[staging, marts], asset_checks=[marts_gate_is_open], jobs=[load_behind_gate])
