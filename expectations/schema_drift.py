"""Schema drift: the table's columns against those that were last accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Optional

from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.accepted import Change, differences
from expectations.facts import Facts, UnknownFactError
from expectations.sentences import RuleSentence, outcome
from gx.shown import META, own_meta

# GX reads the annotations of the class below with pydantic 1, which knows Optional[X] and not X | None.
# ruff: noqa: UP045

Kind = Literal["critical", "warning", "info", "ignore"]
_ORDER = ("info", "warning", "critical")


class ExpectTableSchemaToBeAsAccepted(RuleSentence, BatchExpectation):
    """Expect no column to have been removed, retyped or added since ``sluice schema accept``.

    ``removed``, ``retyped`` and ``added`` say how bad each is; ``ignore`` leaves it out. A failure is as severe as its
    worst difference, and never more than the expectation's own ``severity``; only a critical one blocks. The order of
    columns is no difference. Until something was accepted it passes, and says so.
    """

    removed: Kind = "critical"
    retyped: Kind = "critical"
    added: Kind = "warning"
    changes: Optional[list[list[str]]] = None
    """Kind and text of each difference; filled in at each run. None: nothing was accepted."""
    columns_known: Optional[int] = None
    """How many columns the table has; filled in at each run."""

    metric_dependencies = ("table.row_count",)  # which is read anyway; the columns come from the catalog
    success_keys: ClassVar[tuple[str, ...]] = ("removed", "retyped", "added", "changes", "columns_known")
    args_keys: ClassVar[tuple[str, ...]] = ("removed", "retyped", "added")

    def with_facts(self, facts: Facts) -> Any:
        """The expectation with the differences, and as severe as they are.

        Raises:
            UnknownFactError: the catalog does not tell the table's columns.
        """
        if facts.columns is None:
            raise UnknownFactError(f"the warehouse's catalog does not tell the columns of {facts.table}")
        known = {"columns_known": len(facts.columns)}
        if facts.accepted is None:
            return self.copy(update=known)
        found = [each for each in differences(facts.accepted, facts.columns) if self._kind(each) != "ignore"]
        changes = [[each.kind, str(each)] for each in found]
        return self.copy(update={**known, "changes": changes, **self._as_severe_as(found)})

    def _kind(self, change: Change) -> str:
        return str(getattr(self, change.kind))

    def _as_severe_as(self, changes: list[Change]) -> dict[str, Any]:
        worst = max((_ORDER.index(self._kind(each)) for each in changes), default=None)
        own = _ORDER.index(str(FailureSeverity(self.severity).value))
        if worst is None or worst >= own:
            return {}
        meta = dict(self.meta or {})
        meta[META] = {**own_meta(meta), "severity": _ORDER[worst], "blocking": False}
        return {"severity": FailureSeverity(_ORDER[worst]), "meta": meta}

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        del kwargs
        return "The columns and their types must be those that were last accepted."

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        del metrics
        if self.columns_known is None:
            raise ValueError("expect_table_schema_to_be_as_accepted was not given the table's columns")
        if self.changes is None:
            note = f"{self.columns_known} columns; none were accepted yet (`sluice schema accept` does)."
            return outcome(True, self.columns_known, note)
        if not self.changes:
            return outcome(True, self.columns_known, f"{self.columns_known} columns, as accepted.")
        said = "; ".join(text for _, text in self.changes)
        figures = [(kind, text) for kind, text in self.changes]
        return outcome(False, self.columns_known, f"Not as accepted: {said}.", figures)
