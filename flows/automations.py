"""What Prefect's server tells by itself, with no process and no ledger of ours: the second of two independent ways.

The server keeps the channels' secrets in blocks, encrypted in its database; they are in no parameter and no event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from prefect.blocks.abstract import NotificationBlock
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from checkpoints.alerts.problem import Problem, ProblemKind
from expectations.suite import Severity
from flows.alerting import routing_of, secrets_of
from flows.clock import utc_now
from flows.monitor.found import SERVED
from flows.notification_blocks import notification_blocks
from gx.errors import SluiceError
from gx.settings import Settings

OURS = (*SERVED, "load-and-gate")
"""The flows that are served."""

_SILENT = timedelta(seconds=180)
_MONITOR_SILENT = timedelta(minutes=35)
"""Three of its runs, and a little."""
_ANY_RUN = Problem(key="run/any", kind=ProblemKind.RUN, severity=Severity.CRITICAL, title="a run failed")
_ENDS = ("Completed", "Failed", "Crashed", "TimedOut", "Cancelled", "Cancelling", "Paused", "Suspended")
_BEGUN = ("Pending", "Running", *_ENDS)
# A gate that closed was told by the checkpoint that closed it: "... an exception: GateClosedError: the gate ...", and
# CheckpointFailedError likewise. A list would mean any of its patterns, so it is one.
_TOLD_ELSEWHERE = "!*: [GC]*edError: *"
_RUN = "{{ flow.name }} {{ flow_run.name }}"
_PAGE = "{{ flow_run|ui_url }}"


def automations(
    blocks: Mapping[str, Any], *, late: timedelta, monitor_silent: timedelta, dead: timedelta = _SILENT
) -> list[AutomationCore]:
    """What the server is to do.

    Args:
        blocks: the ids of the notification blocks by their channels' names; without any, nobody is told.
        late: how long after its time a run may begin.
        monitor_silent: after how long without a completed run of the monitor somebody is told.
        dead: after how long without a heartbeat a run counts as killed.
    """
    made = [_crash_zombies(dead)]
    if not blocks:
        return made

    def tell(subject: str, body: str) -> list[ActionTypes]:
        return [SendNotification(block_document_id=block, subject=subject, body=body) for block in blocks.values()]

    made.append(
        AutomationCore(
            name=_name("a run ended badly"),
            description="Failed, crashed or timed out; a gate that closed is told by its checkpoint.",
            trigger=EventTrigger(
                expect={f"prefect.flow-run.{state}" for state in ("Failed", "Crashed", "TimedOut")},
                match=_runs({"prefect.state-message": _TOLD_ELSEWHERE}),
                match_related=_ours(),
                posture=Posture.Reactive,
                threshold=1,
            ),
            actions=tell(
                f"{_RUN}: {{{{ flow_run.state.name }}}}",
                f"Prefect's server says so, whatever became of the process. What to do: look at {_PAGE}, then at "
                "`sluice alerts list`.",
            ),
        )
    )
    made.append(
        AutomationCore(
            name=_name("a run is late"),
            description="It was due, and has not begun.",
            trigger=EventTrigger(
                after={"prefect.flow-run.Late"},
                expect={f"prefect.flow-run.{state}" for state in _BEGUN},
                match=_runs(),
                match_related=_ours(),
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=max(late, timedelta(seconds=10)),
            ),
            actions=tell(f"{_RUN} is late", f"It was due and has not begun. See that `sluice serve` runs; {_PAGE}"),
        )
    )
    made.append(
        AutomationCore(
            name=_name("the monitor is silent"),
            description="No run of the monitor was completed in time: nobody looks for what goes wrong unseen.",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Completed"},
                match=_runs(),
                match_related=_ours(("monitor",)),
                posture=Posture.Proactive,
                threshold=1,
                within=monitor_silent,
            ),
            actions=tell(
                "sluice's monitor is silent",
                f"No run of it was completed for {monitor_silent / timedelta(minutes=1):g} minutes. "
                "See that `sluice serve` runs, and try `sluice monitor --once`.",
            ),
        )
    )
    return made


def declare(
    blocks: Mapping[str, NotificationBlock], *, late: timedelta, monitor_silent: timedelta, dead: timedelta = _SILENT
) -> list[str]:
    """Bring the server's automations to what they should be; done again, nothing changes.

    Args:
        blocks: by their channels' names; saved under their own names, in place of earlier ones.
        late: as of :func:`automations`.
        monitor_silent: likewise.
        dead: likewise.

    Returns:
        The names of the automations that there are now.
    """
    ids = {name: block.save(_block_name(name), overwrite=True) for name, block in blocks.items()}
    wanted = {each.name: each for each in automations(ids, late=late, monitor_silent=monitor_silent, dead=dead)}
    with get_client(sync_client=True) as client:
        there = [each for each in client.read_automations() if each.name.startswith(_name(""))]
        for known in there:
            if (now := wanted.get(known.name)) is not None:
                client.update_automation(known.id, now)
            else:
                client.delete_automation(known.id)
        for name in wanted.keys() - {known.name for known in there}:
            client.create_automation(wanted[name])
    return sorted(wanted)


def watched_by_server(settings: Settings) -> list[str]:
    """Declare what the server is to tell by itself; says, in lines for people, on which channels it does.

    Args:
        settings: of the project.
    """
    try:
        routing, secrets = routing_of(settings), secrets_of(settings)
        calling = routing.channels_for(_ANY_RUN, utc_now())
        blocks, left = notification_blocks({name: routing.channels[name] for name in calling}, secrets)
        late = timedelta(minutes=settings.late_minutes)
        declare(blocks, late=late, monitor_silent=_MONITOR_SILENT)
    except SluiceError as error:
        return [f"Prefect's server tells of no failed runs by itself: {error}"]
    except Exception as error:  # noqa: BLE001 - a server that knows no automations still serves flows
        return [f"Prefect's server tells of no failed runs by itself: {type(error).__name__}"]
    if not blocks:
        why = "; ".join(f"{name}: {reason}" for name, reason in left.items()) or "no channel is set up for them"
        return [f"Prefect's server tells of no failed runs by itself ({why}); the monitor still does"]
    return [f"Prefect's server tells of failed, late and silent runs on {', '.join(blocks)}"]


def _crash_zombies(dead: timedelta) -> AutomationCore:
    """A run that was killed together with what watched it says nothing more; the server calls it crashed then."""
    return AutomationCore(
        name=_name("a run that is silent has crashed"),
        description="Its heartbeat stopped without an end.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{state}" for state in _ENDS)},
            match=_runs(),
            match_related=_ours(),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=dead,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message="no heartbeat: it was killed")],
    )


def _name(what: str) -> str:
    return f"sluice: {what}"


def _block_name(channel: str) -> str:
    kept = "".join(character if character.isalnum() else "-" for character in channel.lower())
    return f"sluice-{kept.strip('-') or 'channel'}"


def _runs(labels: Mapping[str, str | list[str]] | None = None) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*", **(labels or {})})


def _ours(flows: Sequence[str] = OURS) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": list(flows)})
