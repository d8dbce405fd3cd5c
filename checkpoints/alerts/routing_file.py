"""Read ``checkpoints/_alerts.yml``; whatever is wrong there is told with its line, and changes no verdict."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.routing import (
    Escalation,
    Hours,
    Route,
    Routing,
    default_escalation,
    default_routes,
    default_routing,
)
from checkpoints.spec import ALERTS_FILE
from expectations.documents import Node, check_keys, read_document, suggest
from expectations.suite import Severity
from gx.errors import ConfigError

STANDARD = ("slack", "pagerduty", "email", "webhook")
"""Channels that are there without being declared, where their secrets are set. Routes may name them in any case."""
_KEYS = ("channels", "owners", "routes", "remind_hours", "escalate", "flapping", "expire_hours")
_EMPTY = f"it can have {', '.join(_KEYS)}; delete it where the default rules are to hold"
_ROUTE = ("to", "severity", "layer", "owner", "tag", "table", "checkpoint", "hours", "days", "time_zone", "more_than")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MOST_HOURS = 24 * 366


def load_routing(checkpoints_dir: Path, available: Iterable[ChannelSpec]) -> Routing:
    """The project's routing.

    Args:
        checkpoints_dir: where the file may be; without it the default rules hold.
        available: the channels that are there without being declared; a declared one of the same name replaces it.

    Raises:
        ConfigError: the file is wrong; with its line.
    """
    file = checkpoints_dir / ALERTS_FILE
    there = {spec.name: spec for spec in available}
    if not file.exists():
        return default_routing(there.values())
    entries = read_document(file, empty=_EMPTY).mapping("the routing of alerts")
    check_keys(entries, _KEYS, "the routing of alerts")
    channels = {**there, **_channels(entries["channels"])} if "channels" in entries else there
    names = _Names(channels)
    owners = (
        {owner: names.of(node, "an owner") for owner, node in entries["owners"].mapping("`owners`").items()}
        if "owners" in entries
        else {}
    )
    routes = (
        tuple(_route(item, names) for item in entries["routes"].items("`routes`"))
        if "routes" in entries
        else default_routes(channels)
    )
    changes, window = 4, timedelta(hours=24)
    if "flapping" in entries:
        flapping = _mapping(entries["flapping"], ("changes", "hours"), "`flapping`")
        changes = int(_number(flapping["changes"], "`changes`", 2, 1_000, whole=True))
        window = _hours(flapping["hours"], "`hours`")
    return Routing(
        channels=channels,
        owners=owners,
        routes=routes,
        remind=_or_never(entries["remind_hours"]) if "remind_hours" in entries else timedelta(hours=24),
        escalation=_escalation(entries["escalate"], names) if "escalate" in entries else default_escalation(channels),
        flapping_changes=changes,
        flapping_window=window,
        expire=_hours(entries["expire_hours"], "`expire_hours`") if "expire_hours" in entries else timedelta(hours=24),
    )


def routing_or_default(checkpoints_dir: Path, available: Iterable[ChannelSpec], remark: str | None = None) -> Routing:
    """The same; where the file is wrong the default rules, which say so in every message, as they say any remark."""
    found = tuple(available)
    try:
        return replace(load_routing(checkpoints_dir, found), remark=remark)
    except ConfigError as error:
        place = f"{ALERTS_FILE}:{error.line}" if error.line else ALERTS_FILE
        return default_routing(found, f"{place} is wrong, so the default routing holds: {error.problem}")


def known_owners(checkpoints_dir: Path) -> tuple[str, ...] | None:
    """The names that `owner:` may have in the project's files: owners, those that routes are about, and channels.

    None where owners are nowhere declared, so that a name is for people alone, and where the file is wrong.
    """
    try:
        routing = load_routing(checkpoints_dir, ())
    except ConfigError:
        return None
    declared = [*routing.owners, *(owner for route in routing.routes for owner in route.owners)]
    return tuple(dict.fromkeys((*declared, *routing.channels, *STANDARD))) if declared else None


def owner_of(node: Node, owners: Collection[str] | None) -> str:
    """The owner that a node names.

    Args:
        node: holds the name.
        owners: those that there are; None where any will do.

    Raises:
        ConfigError: nobody of that name is declared.
    """
    name = node.text("`owner`")
    if owners is not None and name not in owners:
        raise node.fail(
            f"`owner` is {name!r}{suggest(name, owners)}, whom {ALERTS_FILE} does not know, so nobody would be told "
            f"for it; there are: {', '.join(owners)}"
        )
    return name


def check_notified(routing: Routing, notify: Iterable[str], checkpoint: str) -> None:
    """Refuse a checkpoint's ``notify:`` that names nobody.

    Raises:
        ConfigError: a name is neither an owner nor a channel.
    """
    known = [*routing.owners, *routing.channels, *STANDARD]
    for name in notify:
        if name not in known:
            raise ConfigError(
                f"the checkpoint {checkpoint} notifies {name!r}{suggest(name, known)}, which is neither an owner nor a "
                f"channel in {ALERTS_FILE}; there are: {', '.join(dict.fromkeys(known))}"
            )


class _Names:
    """Names of channels, each checked."""

    def __init__(self, channels: Mapping[str, ChannelSpec]) -> None:
        self._known = tuple(dict.fromkeys((*channels, *STANDARD)))

    def of(self, node: Node, what: str) -> tuple[str, ...]:
        names = node.texts(f"the channels of {what}")
        for name in names:
            if name not in self._known:
                raise node.fail(
                    f"there is no channel {name!r}{suggest(name, self._known)}; there are: {', '.join(self._known)}"
                )
        if not names:
            raise node.fail(f"{what} needs at least one channel")
        return names


def _channels(node: Node) -> dict[str, ChannelSpec]:
    channels: dict[str, ChannelSpec] = {}
    for name, entry in node.mapping("`channels`").items():
        if not _NAME.fullmatch(name):
            raise entry.fail(f"the channel's name {name!r} may hold letters, digits, '_', '.' and '-' only")
        options = entry.mapping(f"the channel {name}")
        if "type" not in options:
            raise entry.fail(f"the channel {name} needs `type:`; it can be {', '.join(ChannelType)}")
        kind = options["type"].text("`type`")
        if kind not in list(ChannelType):
            raise options["type"].fail(
                f"`type` is {kind!r}{suggest(kind, map(str, ChannelType))}; it can be {', '.join(ChannelType)}"
            )
        rest = {key: value for key, value in options.items() if key != "type"}
        channels[name] = ChannelSpec(name, ChannelType(kind), rest, entry)
    return channels


def _route(item: Node, names: _Names) -> Route:
    entries = _mapping(item, _ROUTE, "a route", needed=("to",))

    def texts(key: str) -> tuple[str, ...]:
        return entries[key].texts(f"`{key}`") if key in entries else ()

    more_than = entries.get("more_than")
    return Route(
        to=names.of(entries["to"], "a route"),
        severities=tuple(_severity(entries["severity"], text) for text in texts("severity")),
        layers=texts("layer"),
        owners=texts("owner"),
        tags=texts("tag"),
        tables=texts("table"),
        checkpoints=texts("checkpoint"),
        hours=_times(entries, item),
        more_than=int(_number(more_than, "`more_than`", 1, 1_000_000, whole=True)) if more_than else None,
    )


def _severity(node: Node, text: str) -> Severity:
    if text not in list(Severity):
        raise node.fail(f"`severity` is {text!r}{suggest(text, map(str, Severity))}; it can be {', '.join(Severity)}")
    return Severity(text)


def _times(entries: Mapping[str, Node], item: Node) -> Hours | None:
    if not {"hours", "days", "time_zone"} & set(entries):
        return None
    if "time_zone" not in entries:
        raise item.fail("a route with `hours` or `days` needs `time_zone:`, such as Europe/Berlin or UTC")
    zone_name = entries["time_zone"].text("`time_zone`")
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise entries["time_zone"].fail(f"there is no time zone {zone_name!r}; write one as Europe/Berlin") from None
    begin, end = time(0), time(0)
    if "hours" in entries:
        begin, end = _span(entries["hours"])
    return Hours(begin, end, _days(entries["days"]) if "days" in entries else frozenset(range(7)), zone)


def _span(node: Node) -> tuple[time, time]:
    found = [_CLOCK.fullmatch(part.strip()) for part in node.text("`hours`").split("-")]
    if len(found) != 2 or found[0] is None or found[1] is None:
        raise node.fail(f"`hours` is {node.value!r}; write it as 09:00-17:30, or 22:00-06:00 for a night")
    begin, end = (time(int(match[1]), int(match[2])) for match in found if match)
    return begin, end


def _days(node: Node) -> frozenset[int]:
    days: set[int] = set()
    for text in node.texts("`days`"):
        first, dash, last = text.lower().partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise node.fail(f"`days` holds {text!r}; write {', '.join(_DAYS)}, or mon-fri")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(days)


def _escalation(node: Node, names: _Names) -> Escalation | None:
    if node.value is False:
        return None
    entries = _mapping(node, ("after_minutes", "to"), "`escalate`")
    minutes = _number(entries["after_minutes"], "`after_minutes`", 1, 60 * _MOST_HOURS)
    return Escalation(timedelta(minutes=minutes), names.of(entries["to"], "`escalate`"))


def _mapping(node: Node, allowed: tuple[str, ...], what: str, needed: tuple[str, ...] | None = None) -> dict[str, Node]:
    entries = node.mapping(what)
    check_keys(entries, allowed, what)
    for key in allowed if needed is None else needed:
        if key not in entries:
            raise node.fail(f"{what} needs `{key}:`")
    return entries


def _hours(node: Node, what: str) -> timedelta:
    return timedelta(hours=_number(node, what, 0.1, _MOST_HOURS))


def _or_never(node: Node) -> timedelta | None:
    return None if node.value is False else _hours(node, "`remind_hours`")


def _number(node: Node, what: str, least: float, most: float, *, whole: bool = False) -> float:
    value = node.value
    wrong = isinstance(value, bool) or not isinstance(value, int if whole else int | float)
    if wrong or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        raise node.fail(f"{what} must be {kind} from {least:g} to {most:,}; found {value!r}")
    return float(value)
