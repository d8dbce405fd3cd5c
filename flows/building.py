"""The steps around a dbt run of one's own: build a load apart from its readers, then publish it.

For Airflow, Dagster or a script; ``sluice build`` and ``sluice publish`` come here too. Between the steps run dbt, and
the load's checkpoint::

    from flows.building import begin_build, finish_build, publish

    begin_build("marts", project="shop", ingest_id=ingest)
    ...  # dbt build --select tag:marts
    finish_build("marts", project="shop", ingest_id=ingest)
    ...  # sluice check marts --built --ingest ...
    publish("marts", project="shop", ingest_id=ingest)

Each waits while another run is at work on the project. The ingest is by default the one that began last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checkpoints.ingesting import OUTSIDE
from checkpoints.layers import audited_load, publish_gate
from checkpoints.spec import gates_of
from flows.clock import utc_now
from gx.errors import ConfigError
from gx.settings import load_settings

if TYPE_CHECKING:
    from flows.workspace import Workspace

Progress = Callable[[str], None]


def _silent(_said: str) -> None:
    pass


def begin_build(
    load: str, *, project: Path | str | None = None, ingest_id: str | None = None, progress: Progress = _silent
) -> str:
    """Before dbt: make empty audit schemas, and close the gates that the load's checkpoint decides.

    An ingest that nobody said to have begun begins here.

    Args:
        load: an audited load.
        project: the project's directory; without it ``SLUICE_PROJECT``, without that the reference project.
        ingest_id: of what is to be loaded.
        progress: told when another run has to be waited for.

    Returns:
        The ingest.

    Raises:
        ConfigError: the load is not audited, or a setting is wrong.
        GateClosedError: a checkpoint gates the load, and it is closed; or what this ingest built was rolled back.
        PublishingError: an audited load that this one waits for was not published for this ingest.
    """
    with _opened("build begin", load, project, ingest_id, progress) as (workspace, ingest):
        if workspace.ledger.ingest(ingest) is None:
            workspace.begin_ingest(ingest, OUTSIDE).check()
        if load in gates_of(workspace.checkpoints):
            workspace.require_open(load, ingest)
        workspace.begin_build(load, ingest)
        return ingest


def finish_build(
    load: str, *, project: Path | str | None = None, ingest_id: str | None = None, progress: Progress = _silent
) -> str:
    """When dbt has ended well: its build is complete, and waits for its checkpoint.

    Arguments as of :func:`begin_build`.

    Raises:
        ConfigError: the load is not audited, or a setting is wrong.
        PublishingError: the build was begun for another ingest, or dbt built nothing in an audit schema.
    """
    with _opened("build finish", load, project, ingest_id, progress) as (workspace, ingest):
        workspace.publication(load).finish(ingest, utc_now())
        return ingest


def publish(
    load: str, *, project: Path | str | None = None, ingest_id: str | None = None, progress: Progress = _silent
) -> str:
    """Give readers what the load built for this ingest, all of it at once. Arguments as of :func:`begin_build`.

    Raises:
        ConfigError: the load is not audited, or a setting is wrong.
        GateClosedError: the gate ``publish-LOAD`` is not open for this ingest; readers see what they saw.
        PublishingError: no build of this ingest waits, or the warehouse refused; likewise.
    """
    with _opened("publish", load, project, ingest_id, progress) as (workspace, ingest):
        workspace.require_open(publish_gate(load), ingest)
        workspace.publish(load, ingest)
        return ingest


@contextmanager
def _opened(
    what: str, load: str, project: Path | str | None, ingest_id: str | None, progress: Progress
) -> Iterator[tuple[Workspace, str]]:
    settings = load_settings(Path(project) if project else None)
    audited_load(settings, load)
    # It takes a second to import: a mistyped name must not wait for it.
    from flows.workspace import open_workspace  # noqa: PLC0415

    with open_workspace(settings, what=f"sluice {what} {load}", progress=progress) as workspace:
        ingest = ingest_id or workspace.ledger.latest_ingest()
        if ingest is None:
            raise ConfigError(
                "no ingest has begun yet; name the one that is loaded (--ingest), or `sluice ingest begin`"
            )
        yield workspace, ingest
