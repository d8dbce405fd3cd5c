"""One small plot, as plain SVG: no library to burden anybody with."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.bench.checks import Data
from tests.bench.results import Outcome, Section, middle
from tests.bench.tools import CONTENDERS, LIMIT

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _TOP = 720, 190, 60, 14, 16, 58
_SHOWN = {
    Data.CLEAN: ("#4c78a8", "clean data"),
    Data.VALUES: ("#f2a541", "0.1 % wrong values"),
    Data.DUPLICATES: ("#c8553d", "wrong values and duplicates"),
}


def svg(sections: Sequence[Section]) -> str:
    """Bars of warm CPU for 12 checks, on the largest table; a note instead where that was not measured."""
    measured = [section for section in sections if section.cell(12, Data.CLEAN)]
    if not measured:
        return _document(60, ['<text x="20" y="36">12 checks on clean data were not measured</text>'])
    section = max(measured, key=lambda each: each.rows)
    ratios = {name: listed for contender in CONTENDERS if (listed := _ratios(section, name := contender.name))}
    longest = max(ratio for listed in ratios.values() for ratio in listed.values())
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    height = _TOP + sum(len(listed) * _BAR + _GAP for listed in ratios.values()) + 10
    title = f"CPU of one warm validation, 12 checks on {section.rows:,} rows; 1 = {LIMIT.title}"
    parts = [f'<text x="20" y="22" font-size="14" font-weight="bold">{escape(title)}</text>', *_legend()]
    y = _TOP
    for contender in CONTENDERS:
        listed = ratios.get(contender.name, {})
        if not listed:
            continue
        middle_of_bars = y + len(listed) * _BAR / 2 + 4
        parts.append(f'<text x="{_LEFT - 8}" y="{middle_of_bars}" text-anchor="end">{escape(contender.title)}</text>')
        for data, ratio in listed.items():
            width = ratio * scale
            parts.append(
                f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 2}" fill="{_SHOWN[data][0]}"/>'
            )
            parts.append(f'<text x="{_LEFT + width + 5:.1f}" y="{y + _BAR - 4}" font-size="11">{ratio:.2f}</text>')
            y += _BAR
        y += _GAP
    line = _LEFT + scale
    parts.append(f'<path d="M{line:.1f} {_TOP - 8}V{height - 10}" stroke="#888" stroke-dasharray="3 3"/>')
    return _document(height, parts)


def _ratios(section: Section, name: str) -> dict[Data, float]:
    found = {}
    for data in _SHOWN:
        cell = section.cell(12, data)
        if cell is None:
            continue
        own = middle(cell.outcomes.get(name, Outcome()).warm, lambda sample: sample.cpu)
        limit = middle(cell.outcomes.get(LIMIT.name, Outcome()).warm, lambda sample: sample.cpu)
        if own is not None and limit:
            found[data] = own / limit
    return found


def _legend() -> list[str]:
    parts, x = [], _LEFT
    for colour, text in _SHOWN.values():
        parts.append(f'<rect x="{x}" y="33" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15}" y="42" font-size="11">{escape(text)}</text>')
        x += 35 + 6 * len(text)
    return parts


def _document(height: float, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" height="{height:.0f}"'
    style = 'font-family="system-ui, sans-serif" font-size="13" fill="#222" role="img"'
    # The white ground keeps it readable on dark pages.
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', ground, *parts, "</svg>\n"])
