"""The way of one layer from its build to its readers, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from checkpoints.audit_copy import AuditCopy
from checkpoints.gate import ROLLED_BACK
from checkpoints.layers import publish_gate
from checkpoints.ledger import Ledger
from checkpoints.spec import CheckpointSpec
from gx.warehouse.publishing import Publisher, PublishingError, audit_schema
from gx.warehouse.publishing_marks import Build


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        refused: what readers used until then; None when it was not marked.
        current: what they use now.
    """

    load: str
    refused: Build | None
    current: Build


@dataclass(frozen=True)
class Publication:
    """The publication of what one load builds."""

    load: str
    publisher: Publisher

    def finish(self, ingest_id: str, now: datetime) -> None:
        """When dbt is done: the build is complete.

        Raises:
            PublishingError: it was not begun for this ingest, nothing was built, or the warehouse refused.
        """
        self.publisher.finish(Build(ingest_id, now.astimezone(UTC).replace(tzinfo=None)))

    def waits(self, ingest_id: str) -> bool:
        """Whether a complete build of this ingest waits to be published."""
        waiting = self.publisher.waiting()
        return waiting is not None and waiting.ingest_id == ingest_id

    def is_published(self, ingest_id: str) -> bool:
        """Whether readers use a build of this ingest."""
        published = self.publisher.published()
        return published is not None and published.ingest_id == ingest_id

    def build_of(self, ingest_id: str) -> Build:
        """The build of this ingest that waits, or else that readers use already.

        Raises:
            PublishingError: there is none.
        """
        for build in (self.publisher.waiting(), self.publisher.published()):
            if build is not None and build.ingest_id == ingest_id:
                return build
        raise PublishingError(
            f"there is no complete build of {self.load} for ingest {ingest_id}; run the load and its checkpoint first"
        )

    def reading(self, spec: CheckpointSpec, ingest_id: str, *, built: bool) -> tuple[CheckpointSpec, AuditCopy]:
        """What the layer's checkpoint reads, and with the gates that this can decide.

        Args:
            spec: the checkpoint.
            ingest_id: what it is about.
            built: there has to be a build of this ingest that waits; without, what readers see is read otherwise.
        """
        if built or self.waits(ingest_id):
            return spec, self.audit_copy(ingest_id)
        # What readers see says nothing about a build that they do not see, and so opens no gate for its ingest.
        publication = publish_gate(self.load)
        seen = [gate for gate in spec.gates if gate != publication] if self.is_published(ingest_id) else []
        return replace(spec, gates=tuple(seen)), AuditCopy()

    def audit_copy(self, ingest_id: str) -> AuditCopy:
        """What the layer's checkpoint reads: the build that waits, and none but this ingest's."""

        def verify() -> None:
            if not self.waits(ingest_id):
                raise PublishingError(
                    f"no complete build of {self.load} for ingest {ingest_id} waits to be checked; run the load again"
                )

        return AuditCopy({schema: audit_schema(schema) for schema in self.publisher.schemas}, verify)

    def roll_back(self, ledger: Ledger, gates: Sequence[str], now: datetime) -> RolledBack:
        """Give readers what they used before, and close the gates of what they used until now.

        The ledger comes first: from then on the refused build cannot be published again, whatever happens.

        Args:
            ledger: is told.
            gates: of the layer's checkpoint.
            now: in UTC.

        Raises:
            PublishingError: there is nothing to go back to, or the warehouse refused.
            LedgerError: the ledger cannot be written; then nothing is rolled back either.
        """
        refused = self.publisher.published()
        if refused is not None and self.publisher.previous() is not None:
            reason = "readers use an earlier version than this ingest's"
            ledger.close_gates(self.load, refused.ingest_id, gates, reason, now, ROLLED_BACK)
            self.publisher.discard(refused.ingest_id)  # built from the same rows, it would be the same again
        return RolledBack(self.load, refused, self.publisher.roll_back())
