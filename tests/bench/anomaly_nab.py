"""The series of the Numenta Anomaly Benchmark, read from a clone; none of it is kept here."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from expectations.usual_level import Past
from tests.bench.anomaly_series import Fault, Series

_TAXI = "realKnownCause/nyc_taxi.csv"


def daily_taxi(clone: Path) -> Series:
    """Rides by day; each labelled moment's day is a fault."""
    days: dict[datetime, float] = defaultdict(float)
    for at, value in _read(clone, _TAXI):
        days[at.replace(hour=0, minute=0, second=0)] += value
    runs = [Past(day + timedelta(days=1, hours=6), value) for day, value in sorted(days.items())]
    labels = json.loads(_show(clone, "labels/combined_labels.json"))[_TAXI]
    dates = [(run.at - timedelta(days=1)).date() for run in runs]
    return Series(_TAXI, runs, [Fault("label", dates.index(datetime.fromisoformat(text).date())) for text in labels])


def hourly(clone: Path) -> Sequence[Series]:
    """Every real series by the hour (means); each labelled window is a fault."""
    windows = json.loads(_show(clone, "labels/combined_windows.json"))
    return [_hourly(clone, name, windows[name]) for name in sorted(windows) if name.startswith("real")]


def _hourly(clone: Path, name: str, windows: Sequence[Sequence[str]]) -> Series:
    hours: dict[datetime, list[float]] = defaultdict(list)
    for at, value in _read(clone, name):
        hours[at.replace(minute=0, second=0)].append(value)
    runs = [Past(hour, sum(values) / len(values)) for hour, values in sorted(hours.items())]
    faults = []
    for first, last in windows:
        begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
        within = [index for index, run in enumerate(runs) if begin <= run.at + timedelta(hours=1) and run.at <= end]
        faults.append(Fault("window", within[0], within[-1] - within[0]))
    return Series(name, runs, faults)


def _read(clone: Path, name: str) -> list[tuple[datetime, float]]:
    rows = csv.DictReader(io.StringIO(_show(clone, f"data/{name}")))
    return [(datetime.fromisoformat(row["timestamp"]), float(row["value"])) for row in rows]


def _show(clone: Path, path: str) -> str:
    command = ["git", "-C", str(clone), "show", f"HEAD:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
