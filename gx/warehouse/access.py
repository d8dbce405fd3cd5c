"""What a role may do in a warehouse: asked of the catalog, one subclass for each engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy.engine import URL, Connection

from gx.warehouse.base import Warehouse
from gx.warehouse.grants import Name, NeededGrant, Quoting


@dataclass(frozen=True)
class Answer:
    """What became of one question.

    Attributes:
        holds: None when it could not be found out.
        detail: for people; no secret.
        remedy: the statement that would put it right, where one is known.
        transient: whether it may be well in a moment.
    """

    holds: bool | None
    detail: str
    remedy: str | None = None
    transient: bool = False


class Access(ABC):
    """Asks, on one connection, what a role may do. Changes nothing but that it resumes a virtual warehouse."""

    has_virtual_warehouses: ClassVar[bool] = False
    """Whether compute is granted apart from data."""

    def __init__(self, warehouse: Warehouse, connection: Connection) -> None:
        self.warehouse = warehouse
        self.connection = connection
        self.quoting = self.quoting_of(warehouse)

    @staticmethod
    @abstractmethod
    def quoting_of(warehouse: Warehouse) -> Quoting:
        """How names are folded and quoted."""

    @staticmethod
    @abstractmethod
    def url_of(url: URL, role: Name, virtual_warehouse: Name | None, *, seconds: float) -> URL:
        """The URL with which to connect as a role, giving up after some seconds."""

    @staticmethod
    @abstractmethod
    def problem_with(grant: NeededGrant) -> str | None:
        """Why such a grant cannot be checked here; None when it can."""

    @staticmethod
    @abstractmethod
    def refused(reason: str, role: str, url: URL, quoting: Quoting) -> str | None:
        """The statement that would let a role connect, when a refused connection says that this is what is missing."""

    @abstractmethod
    def be(self, role: Name, login: Name | None = None) -> Answer:
        """Act as a role from now on, if the user may; otherwise look up by the role's name what it may do.

        Args:
            role: as the registry names it.
            login: who needs it; made and given it by the remedy where there is no such role.
        """

    @abstractmethod
    def has_role(self, login: Name, role: Name) -> Answer:
        """Whether a user can log in, and has by that what the role may do. Asked after `be`."""

    @abstractmethod
    def held(self, grants: Sequence[NeededGrant]) -> list[Answer]:
        """Whether the role has each of these grants."""

    @abstractmethod
    def writable(self, schemas: Sequence[str]) -> list[tuple[str, Answer]]:
        """Whether the session's role can make tables in these schemas, and the schemas that are not there yet."""

    def ready(self, virtual_warehouse: Name) -> Answer:
        """Whether a virtual warehouse is there, may be used, and computes; resumes a suspended one."""
        del virtual_warehouse
        return Answer(None, "there are no virtual warehouses here")

    def missing(self, grant: NeededGrant, role: Name, detail: str = "missing") -> Answer:
        """The answer that a grant is not there."""
        return Answer(False, detail, self.grant_statement(grant, role))

    @abstractmethod
    def grant_statement(self, grant: NeededGrant, role: Name) -> str:
        """The GRANT, to be executed as it is."""
