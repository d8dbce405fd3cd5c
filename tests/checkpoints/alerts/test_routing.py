"""Who is told of what, by the file and without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkpoints.alerts.routing import Routing
from checkpoints.alerts.routing_file import check_notified, load_routing, routing_or_default
from checkpoints.layers import project_checkpoints
from expectations.suite import Severity
from gx.errors import ConfigError
from gx.settings import REFERENCE_PROJECT, Settings
from tests.checkpoints.alerts.raising import PAGER, SLACK, problem
from tests.checkpoints.runs import NOON

C, W, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
MONDAY = datetime(2025, 9, 29, 12, tzinfo=UTC)


def routing(tmp_path: Path, text: str) -> Routing:
    (tmp_path / "_alerts.yml").write_text(text, encoding="utf-8")
    return load_routing(tmp_path, [SLACK, PAGER])


@pytest.mark.parametrize(
    ("severity", "at_once", "channels"),
    [
        (C, 1, {"slack", "pagerduty"}), (W, 1, {"slack"}), (INFO, 1, set()), (W, 5, {"slack"}),
        (W, 6, {"slack", "pagerduty"}),
    ],
)  # fmt: skip
def test_without_a_file_the_rules_of_the_requirements_hold(
    tmp_path: Path, severity: Severity, at_once: int, channels: set[str]
) -> None:
    found = load_routing(tmp_path, [SLACK, PAGER]).channels_for(problem(severity=severity), NOON, at_once)
    assert set(found) == channels


@pytest.mark.parametrize(
    ("route", "told", "hit"),
    [
        ("severity: critical", {}, True), ("severity: warning", {}, False), ("layer: marts", {"layer": "marts"}, True),
        ("layer: raw", {"layer": "marts"}, False), ("owner: finance", {"owner": "finance"}, True),
        ("tag: [pay, tax]", {"tags": ("tax",)}, True), ("tag: pay", {}, False),
        ("table: 'marts.*'", {"table": "marts.revenue"}, True), ("table: 'marts.*'", {"table": "raw.x"}, False),
        ("checkpoint: raw", {"checkpoints": ("raw", "marts")}, True), ("checkpoint: x", {}, False),
        ("more_than: 2", {}, False), ("severity: critical, layer: raw", {"layer": "marts"}, False),
    ],
)  # fmt: skip
def test_a_route_matches_by_all_that_it_names(tmp_path: Path, route: str, told: dict[str, object], hit: bool) -> None:
    found = routing(tmp_path, f"routes: [{{{route}, to: slack}}]")
    assert found.channels_for(problem(**told), NOON, 2) == (("slack",) if hit else ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "hit"),
    [
        ("hours: '09:00-17:00', time_zone: UTC", True), ("hours: '13:00-17:00', time_zone: UTC", False),
        ("hours: '13:00-17:00', time_zone: Europe/Berlin", True), ("days: sat-mon, time_zone: UTC", True),
        ("days: [tue, sun], time_zone: UTC", False), ("days: sun, hours: '22:00-13:00', time_zone: UTC", True),
        ("days: mon, hours: '22:00-13:00', time_zone: UTC", False),
    ],
)  # fmt: skip
def test_a_route_has_hours_and_days_of_a_place(tmp_path: Path, hours: str, hit: bool) -> None:
    found = routing(tmp_path, f"routes: [{{{hours}, to: slack}}]")
    assert bool(found.channels_for(problem(), MONDAY)) is hit


def test_owners_and_whom_a_checkpoint_names_hear_of_warnings_and_worse(tmp_path: Path) -> None:
    found = routing(tmp_path, "routes: []\nowners: {finance: [slack], core: pagerduty}")
    assert found.channels_for(problem(severity=W, owner="finance", notify=("core",)), NOON) == ("slack", "pagerduty")
    assert found.channels_for(problem(severity=INFO, owner="finance"), NOON) == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("routs: []", 1, "did you mean 'routes'"), ("routes:\n  - {to: slak}", 2, "did you mean 'slack'"),
        ("routes:\n  - {severity: critical}", 2, "needs `to:`"),
        ("routes:\n  - to: slack\n    hours: 9-17\n    time_zone: UTC", 3, "write it as 09:00-17:30"),
        ("routes:\n  - to: slack\n    days: mon", 2, "needs `time_zone:`"),
        ("routes:\n  - to: slack\n    days: mon\n    time_zone: Mars/X", 4, "no time zone"),
        ("channels:\n  x: {type: carrier-pigeon}", 2, "it can be slack_webhook, slack"),
        ("remind_hours: often", 1, "must be a number"), ("flapping: {changes: 2.5, hours: 3}", 1, "a whole number"),
        ("escalate: {after_minutes: 5}", 1, "needs `to:`"), ("owners:\n  finance: [nobody]", 2, "no channel 'nobody'"),
        ("# nothing", 1, "the file is empty; it can have channels, owners, routes, .*; delete it where the default"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_does_not_stop_alerts(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        routing(tmp_path, text)
    assert error.value.line == line
    fallback = routing_or_default(tmp_path, [SLACK])
    assert fallback.channels_for(problem(), NOON) == ("slack",)
    assert fallback.remark is not None
    assert f"_alerts.yml:{line}" in fallback.remark


def test_the_reference_project_names_only_what_there_is() -> None:
    found = load_routing(REFERENCE_PROJECT / "checkpoints", [SLACK, PAGER])
    assert found.remind == timedelta(hours=24)
    for spec in project_checkpoints(Settings(project=REFERENCE_PROJECT)).values():
        check_notified(found, spec.notify, spec.name)
    with pytest.raises(ConfigError, match="did you mean 'finance'"):
        check_notified(found, ["finanze"], "x")
