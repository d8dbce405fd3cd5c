"""SLAs: by when each flow and table is done, whether it was, and whether it will be."""

from __future__ import annotations

from checkpoints.sla.history import standings
from checkpoints.sla.prediction import Prediction, predict
from checkpoints.sla.spec import SlaSpec, load_slas
from checkpoints.sla.standing import Occurrence, SlaStatus, Standing, problem_of, stand

__all__ = [
    "Occurrence",
    "Prediction",
    "SlaSpec",
    "SlaStatus",
    "Standing",
    "load_slas",
    "predict",
    "problem_of",
    "stand",
    "standings",
]
