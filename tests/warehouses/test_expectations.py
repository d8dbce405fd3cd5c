"""The same expectations give the same answers on every warehouse: those that plain Python gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from numbers import Number
from typing import Any

import pytest
from dateutil.parser import isoparse

from checkpoints.result import CheckpointRun, Verdict
from tests.warehouses.cases import CASES
from tests.warehouses.checking import Checks
from tests.warehouses.oracles import Case
from tests.warehouses.sites import Site


@pytest.fixture(scope="session")
def run(site: Site, tmp_path_factory: pytest.TempPathFactory) -> CheckpointRun:
    """All the cases in one suite, as a team would have them."""
    warehouse = site.open()
    done = Checks(tmp_path_factory.mktemp(site.kind), warehouse).run({"shop.orders": [c.document() for c in CASES]})
    warehouse.release()
    return done


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind.removeprefix('expect_')}: {case.name}")
def test_an_expectation_answers_as_plain_python_does(run: CheckpointRun, case: Case) -> None:
    outcome = run.outcomes[CASES.index(case)]
    answer = case.answer

    assert outcome.error is None
    assert outcome.success is answer.success
    if answer.elements is not None:
        assert (outcome.element_count, outcome.unexpected_count) == (answer.elements, answer.unexpected)
    if answer.observed is not None:
        assert same(outcome.observed_value, answer.observed), outcome.observed_value


def test_the_checkpoint_fails_and_counts_every_row_once(run: CheckpointRun) -> None:
    assert run.verdict is Verdict.FAILED
    assert run.row_counts == (("shop.orders", 8),)
    assert len(run.outcomes) == len(CASES)


def same(observed: Any, expected: Any) -> bool:
    if isinstance(expected, date):
        moment = isoparse(observed) if isinstance(observed, str) else observed
        return bool(moment == expected or getattr(moment, "date", lambda: None)() == expected)
    assert isinstance(observed, Number)
    if isinstance(expected, Decimal):  # money: to the cent, and not by luck of a tolerance
        return round(Decimal(str(observed)), 6) == expected
    return float(observed) == pytest.approx(expected)  # type: ignore[arg-type]
