"""Settings: read once at the edge (environment, ``.env`` of the project, files of secrets), passed in from there on."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gx.errors import ConfigError

REFERENCE_PROJECT = Path(__file__).resolve().parent.parent
"""The project that ships with sluice: the reference warehouse's suites and checkpoints."""

SECRETS_DIR_VARIABLE = "SLUICE_SECRETS_DIR"
WAREHOUSE_FORMS = "duckdb:///path/file.duckdb, postgresql://user@host/db or snowflake://user@account/db"
LEDGER_FORMS = "sqlite:////path/file.sqlite or postgresql://user@host/db"
_DRIVERS = ("psycopg2", "psycopg")
_SOURCE_VARIABLE = re.compile(r"^SLUICE_SOURCE_([A-Z0-9_]+)_URL$")


class Settings(BaseSettings):
    """Everything that can be set, each as ``SLUICE_<NAME>`` in the environment or in ``<project>/.env``.

    What is in neither may be a file of that name, in small letters, in the directory SLUICE_SECRETS_DIR. A variable
    that is empty counts as not set.
    """

    model_config = SettingsConfigDict(env_prefix="SLUICE_", env_ignore_empty=True, extra="ignore", frozen=True)

    project: Path = REFERENCE_PROJECT
    """Directory with ``expectations/suites/`` and ``checkpoints/``."""
    state: Path | None = None
    """Where sluice keeps what it makes (ledger, results, Data Docs); default ``<project>/.sluice``."""
    warehouse_url: SecretStr | None = None
    """SQLAlchemy URL of the warehouse; default a DuckDB file in the state directory."""
    ledger_url: SecretStr | None = None
    """SQLAlchemy URL of the ledger; default an SQLite file in the state directory."""
    ledger_keep_days: float = Field(400, gt=0, le=36_600)
    """After how many days `sluice ledger prune` lets records go."""
    gate_valid_hours: float = Field(24, gt=0, le=24 * 366)
    """How long a gate decision stays valid, in hours."""
    wait_seconds: float = Field(600, ge=0)
    """How long to wait for another run, or another process, that uses the same warehouse."""
    statement_retries: int = Field(2, ge=0, le=10)
    """How often to send a validation's statement again when the connection to the warehouse was lost."""
    statement_timeout_seconds: float = Field(3600, gt=0, le=24 * 3600)
    """How long one of a validation's statements may take before it is stopped."""
    parallel_tables: int | None = Field(None, ge=1, le=64)
    """How many tables to validate at once; default 1 on DuckDB, 4 on PostgreSQL, 8 on Snowflake."""
    load_timeout_seconds: float = Field(3600, gt=0)
    """How long one load (a dbt run) may take."""
    preflight_seconds: float = Field(8, gt=0, le=600)
    """How long `sluice preflight` may take, and a run's preflight four times as long; what has not answered by then was
    not checked."""
    failover_warehouse: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_$]{0,254}$")
    """On Snowflake: the virtual warehouse that a run uses when the one in SLUICE_WAREHOUSE_URL cannot be used."""
    audit_layers: str | None = None
    """Comma-separated loads that readers see only once their checkpoint has passed, ``none`` for no such load; by
    default all that ``checkpoints/_loads.yml`` declares to be audited."""
    data_quality_schema: str = Field("data_quality", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """The warehouse's schema in which gates and results are copied from the ledger; ``none`` for no copy."""
    late_minutes: float = Field(5, ge=0, le=7 * 24 * 60)
    """How many minutes after its time a run may begin before the monitor says that it is late."""
    alert_seconds: float = Field(10, gt=0, le=600)
    """How long a run waits, after its verdict is written, until its alerts are sent; the monitor sends the rest."""
    stripe_api_key: SecretStr | None = None
    """Stripe secret key; without it the embedded Stripe emulator is used."""
    stripe_api_base: str | None = None
    """Base URL of the Stripe API, when it is not Stripe's own."""
    fivetran_api_key: SecretStr | None = None
    """Fivetran API key; with it (and the secret and connections) Fivetran does the ingest."""
    fivetran_api_secret: SecretStr | None = None
    fivetran_connections: str = ""
    """Comma-separated Fivetran connection ids to sync."""
    dbt_artifacts: str = ""
    """Comma-separated folders in which dbt leaves run_results.json and manifest.json, for `sluice models load`."""
    dbt_query_history: bool = False
    """Whether `sluice models load` reads Snowflake's ACCOUNT_USAGE.QUERY_HISTORY too."""
    dbt_cloud_token: SecretStr | None = None
    """dbt Cloud service token; with it (and account and jobs) `sluice models load` reads dbt Cloud's runs."""
    dbt_cloud_account_id: str = ""
    dbt_cloud_job_ids: str = ""
    """Comma-separated ids of dbt Cloud jobs."""
    dbt_cloud_url: str = "https://cloud.getdbt.com"
    """The dbt Cloud account's access URL."""
    model_prices: str = "12"
    """Dollars an hour of a warehouse, and by its size if they differ: ``12, X-Small=3, Large=24``."""
    model_clusters: int = Field(1, ge=1, le=100)
    """How many clusters a model's cost is reckoned for."""

    @field_validator("project", "state")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().resolve() if path else None

    @property
    def state_dir(self) -> Path:
        """The state directory (it may not exist yet)."""
        # Installed from a wheel, the reference lies among the libraries, which is no place to keep data.
        installed = self.is_reference and not (self.project / "pyproject.toml").exists()
        return self.state or (Path.cwd() if installed else self.project) / ".sluice"

    @property
    def suites_dir(self) -> Path:
        """Where the project's suites are."""
        return self.project / "expectations" / "suites"

    @property
    def checkpoints_dir(self) -> Path:
        """Where the project's checkpoints are."""
        return self.project / "checkpoints"

    @property
    def is_reference(self) -> bool:
        """Whether this is the project that ships with sluice."""
        return self.project == REFERENCE_PROJECT

    def warehouse(self) -> URL:
        """The warehouse's URL.

        Raises:
            ConfigError: it is no URL, or of a database sluice does not know.
        """
        default = URL.create("duckdb", database=str(self.state_dir / "warehouse.duckdb"))
        url = _parse_url("SLUICE_WAREHOUSE_URL", self.warehouse_url, default)
        if url.get_backend_name() not in ("duckdb", "postgresql", "snowflake"):
            raise ConfigError(
                f"SLUICE_WAREHOUSE_URL names the database {url.get_backend_name()!r}; it can be {WAREHOUSE_FORMS}"
            )
        if url.get_backend_name() == "duckdb" and url.host:
            raise ConfigError(
                f"SLUICE_WAREHOUSE_URL has too few slashes for a DuckDB file; it can be {WAREHOUSE_FORMS}"
            )
        if "+" in url.drivername and url.drivername.partition("+")[2] not in _DRIVERS:
            raise ConfigError(f"SLUICE_WAREHOUSE_URL names a driver other than {' or '.join(_DRIVERS)}; leave it out")
        return url

    def ledger(self) -> URL:
        """The ledger's URL.

        Raises:
            ConfigError: it is no URL.
        """
        default = URL.create("sqlite", database=str(self.state_dir / "ledger.sqlite"))
        url = _parse_url("SLUICE_LEDGER_URL", self.ledger_url, default)
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigError(
                f"SLUICE_LEDGER_URL names the database {url.get_backend_name()!r}; it can be {LEDGER_FORMS}"
            )
        return url


def _parse_url(name: str, value: SecretStr | None, default: URL | None = None) -> URL:
    text = value.get_secret_value() if value else ""
    if default is not None and not text:
        return default
    try:
        url = make_url(text)
        if "@" in (url.host or ""):
            raise ValueError("an @ in the password: what follows it would be shown as the host")
        return url
    except (ArgumentError, ValueError):
        # The text of a URL that does not parse may hold the password anywhere: never repeat it.
        forms = LEDGER_FORMS if "LEDGER" in name else WAREHOUSE_FORMS
        raise ConfigError(
            f"{name} is not a database URL; expected for example {forms} (write @ : / in a password as %40 %3A %2F)"
        ) from None


def load_settings(project: Path | None = None) -> Settings:
    """Read the settings of a project.

    Args:
        project: the project's directory; without it ``SLUICE_PROJECT``, without that the reference project.

    Raises:
        ConfigError: a value is of the wrong type or out of range (the value itself is not shown), or the
            project directory does not exist.
    """
    directory = project or Path(os.environ.get("SLUICE_PROJECT") or REFERENCE_PROJECT)
    directory = directory.expanduser().resolve()
    if not directory.is_dir():
        raise ConfigError(f"the project directory {directory} does not exist (set by --project or SLUICE_PROJECT)")
    secrets = secrets_directory(directory, os.environ)
    try:
        return Settings(project=directory, _env_file=directory / ".env", _secrets_dir=secrets)
    except ValidationError as error:
        problems = "; ".join(
            f"SLUICE_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}" for item in error.errors()
        )
        raise ConfigError(
            f"wrong settings (looked in the environment and in {directory / '.env'}): {problems}"
        ) from None


def secrets_directory(project: Path, environment: Mapping[str, str]) -> Path | None:
    """The directory with a file for each secret, as Docker and Kubernetes mount them; None for no such directory.

    Raises:
        ConfigError: ``SLUICE_SECRETS_DIR`` names no directory.
    """
    named = environment.get(SECRETS_DIR_VARIABLE) or dotenv_values(project / ".env").get(SECRETS_DIR_VARIABLE)
    directory = Path(named).expanduser() if named else None
    if directory is not None and not directory.is_dir():
        raise ConfigError(f"{SECRETS_DIR_VARIABLE} is {directory}, which is no directory")
    return directory


def source_urls(project: Path, environment: Mapping[str, str]) -> dict[str, URL]:
    """The databases that suites may reconcile with: ``SLUICE_SOURCE_<NAME>_URL`` gives the source ``<name>``.

    Args:
        project: the project's directory; its ``.env`` can hold such variables too.
        environment: goes before ``.env``. An empty variable, here or there, counts as not set.

    Raises:
        ConfigError: a value is no database URL.
    """
    places = (dotenv_values(project / ".env"), environment)
    variables = {variable: value for place in places for variable, value in place.items() if value}
    return {
        match[1].lower(): _parse_url(variable, SecretStr(value))
        for variable, value in variables.items()
        if (match := _SOURCE_VARIABLE.match(variable))
    }
