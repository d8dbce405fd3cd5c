"""One cell of the benchmark, as every worker is given it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from tests.bench.checks import Check, Data, checks, failing

TABLE = "charges"


@dataclass(frozen=True)
class Limits:
    """What DuckDB may use, the same for every tool."""

    threads: int
    memory: str


@dataclass(frozen=True)
class Task:
    """So many checks on one table.

    Attributes:
        database: the DuckDB file; every tool opens it read-only, so that all can stay open at once.
        workdir: an empty directory for the worker's own files.
    """

    database: Path
    rows: int
    data: Data
    count: int
    workdir: Path
    limits: Limits

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What is to be checked."""
        return checks(self.count, self.rows)

    @property
    def failing(self) -> int:
        """How many checks have to fail."""
        return failing(self.checks, self.data)

    @property
    def config(self) -> dict[str, str]:
        """DuckDB's configuration."""
        return {
            "access_mode": "read_only",
            "threads": str(self.limits.threads),
            "memory_limit": self.limits.memory,
        }

    @property
    def url(self) -> str:
        """The same as an SQLAlchemy URL, for an absolute path."""
        query = "&".join(f"{key}={value}" for key, value in self.config.items())
        return f"duckdb:///{self.database}?{query}"

    def to_json(self) -> str:
        """For the way to a worker."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Task:
        """What :meth:`to_json` wrote."""
        fields = json.loads(text)
        return cls(
            database=Path(fields["database"]),
            rows=fields["rows"],
            data=Data(fields["data"]),
            count=fields["count"],
            workdir=Path(fields["workdir"]),
            limits=Limits(**fields["limits"]),
        )
