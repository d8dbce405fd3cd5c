"""Freshness: how old the tables are that the project names, between the runs of checkpoints too."""

from __future__ import annotations

from checkpoints.freshness.measuring import Measured, measure
from checkpoints.freshness.spec import FreshnessSpec, load_freshness
from checkpoints.freshness.state import Judged, State, judge, problem_of

__all__ = ["FreshnessSpec", "Judged", "Measured", "State", "judge", "load_freshness", "measure", "problem_of"]
