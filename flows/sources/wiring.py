"""Which sources a project has, by its settings: the company's own, or the embedded stand-ins.

Their clients are imported by who makes one: a check that reconciles nothing pays for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import URL, make_url

from expectations.facts import Source
from expectations.sql_source import SqlSource
from flows.scenario import Scenario
from flows.sources.catalog import SourceCatalog, StripeFigures
from gx.errors import ConfigError
from gx.settings import Settings
from gx.warehouse.base import Warehouse

if TYPE_CHECKING:
    from flows.sources.emulators.embedded import EmbeddedSources
    from flows.sources.ingest import Ingest
    from flows.sources.stripe import StripeSource


class SourceWiring:
    """Makes a project's ingest and its sources of figures; embedded servers start at first use."""

    def __init__(
        self,
        settings: Settings,
        scenario: Scenario,
        warehouse: Warehouse,
        databases: Mapping[str, URL],
        resources: ExitStack,
        progress: Callable[[str], None],
    ) -> None:
        """Nothing is started yet.

        Args:
            settings: whose Stripe and Fivetran keys decide.
            scenario: of the embedded sources.
            warehouse: where raw is.
            databases: SQL sources by name, from ``SLUICE_SOURCE_<NAME>_URL``.
            resources: stops the embedded servers when it is closed.
            progress: told when they are started.
        """
        self._settings = settings
        self._scenario = scenario
        self._warehouse = warehouse
        self._databases = databases
        self._resources = resources
        self._progress = progress

    @property
    def catalog(self) -> SourceCatalog:
        """What suites may reconcile with."""
        makers: dict[str, Callable[[], Source]] = {
            name: partial(SqlSource.at, name, url) for name, url in self._databases.items()
        }
        makers["warehouse"] = lambda: SqlSource("warehouse", self._warehouse.connect)
        # Figures of the embedded sources mean nothing for data that Fivetran brought.
        embedded = self._settings.is_reference and self._settings.fivetran_api_key is None
        if self._settings.stripe_api_key is not None or embedded:
            makers["stripe"] = lambda: StripeFigures(self._stripe())
        if embedded:
            makers.setdefault("postgres", lambda: SqlSource.at("postgres", self._postgres()))
        return SourceCatalog(makers)

    def ingest(self) -> Ingest:
        """The ingest: Fivetran's when its key is set, otherwise our own from Stripe and PostgreSQL.

        Raises:
            ConfigError: some of the settings that belong together are missing.
        """
        if self._settings.fivetran_api_key is not None:
            return self._fivetran(self._settings.fivetran_api_key)
        from flows.sources.embedded import EmbeddedIngest  # noqa: PLC0415
        from flows.sources.landing import RawLanding  # noqa: PLC0415
        from flows.sources.postgres import PostgresSource  # noqa: PLC0415

        work_dir = self._settings.state_dir / "ingest"
        if self._settings.stripe_api_key is None:
            return EmbeddedIngest.of(
                self.embedded, self._warehouse, work_dir=work_dir, clock=_now, faulty=self._scenario.faulty
            )
        postgres = PostgresSource(SecretStr(self._postgres().render_as_string(hide_password=False)))
        return EmbeddedIngest(self._stripe(), postgres, RawLanding(self._warehouse, work_dir), clock=_now)

    @cached_property
    def embedded(self) -> EmbeddedSources:
        """The embedded Stripe and PostgreSQL, started at first use."""
        from flows.sources.emulators.embedded import embedded_sources  # noqa: PLC0415

        self._progress("starting the embedded Stripe and PostgreSQL")
        scenario = self._scenario
        return self._resources.enter_context(
            embedded_sources(self._settings.state_dir, seed=scenario.seed, scale=scenario.scale, faulty=scenario.faulty)
        )

    def _stripe(self) -> StripeSource:
        from flows.sources.stripe import StripeSource  # noqa: PLC0415

        key = self._settings.stripe_api_key
        if key is not None:
            return StripeSource(key, api_base=self._settings.stripe_api_base)
        return StripeSource(self.embedded.stripe_api_key, api_base=self.embedded.stripe_api_base)

    def _postgres(self) -> URL:
        if (url := self._databases.get("postgres")) is not None:
            return url
        if self._settings.stripe_api_key is not None:
            raise ConfigError(
                "SLUICE_STRIPE_API_KEY is set, SLUICE_SOURCE_POSTGRES_URL is not; set both, or neither for the "
                "embedded sources"
            )
        return make_url(self.embedded.postgres_url.get_secret_value())

    def _fivetran(self, key: SecretStr) -> Ingest:
        from flows.sources.embedded_mark import EmbeddedMark, OwnRowsIngest  # noqa: PLC0415
        from flows.sources.fivetran import FivetranIngest  # noqa: PLC0415
        from flows.sources.fivetran_api import FivetranApi  # noqa: PLC0415
        from flows.sources.landing import RawLanding  # noqa: PLC0415
        from flows.sources.raw_tables import POSTGRES_TABLES, STRIPE_TABLES  # noqa: PLC0415

        secret = self._settings.fivetran_api_secret
        connections = tuple(name.strip() for name in self._settings.fivetran_connections.split(",") if name.strip())
        if secret is None or not connections:
            raise ConfigError(
                "SLUICE_FIVETRAN_API_KEY is set; SLUICE_FIVETRAN_API_SECRET and SLUICE_FIVETRAN_CONNECTIONS "
                "(connection ids, comma-separated) are needed too"
            )
        tables = (*STRIPE_TABLES, *POSTGRES_TABLES)
        landing = RawLanding(self._warehouse, self._settings.state_dir / "ingest")
        fivetran = FivetranIngest(
            FivetranApi(key, secret),
            connections,
            tables=tuple(table.full_name for table in tables),
            count_synced=lambda name, since: landing.count_since(name, since, tables),
            clock=_now,
            timeout_seconds=self._settings.load_timeout_seconds,
        )
        return OwnRowsIngest(fivetran, EmbeddedMark(landing))


def _now() -> datetime:
    """The time in UTC without a zone, as the warehouse stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
