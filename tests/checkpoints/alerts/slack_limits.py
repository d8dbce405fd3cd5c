"""Slack's documented limits for messages and blocks, as its API enforces them (docs.slack.dev, Block Kit reference)."""

from __future__ import annotations

from typing import Any

BLOCKS = 50
HEADER = 150
TEXT = 3000
FIELD = 2000
FIELDS = 10
ELEMENTS = 10
WHOLE_TEXT = 40_000


def violations(payload: dict[str, Any]) -> list[str]:
    """What Slack would refuse, or cut; nothing for a message that it shows as it is."""
    found = []
    text = payload.get("text")
    if not isinstance(text, str) or not text.strip():
        found.append("no fallback text")
    elif len(text) > WHOLE_TEXT:
        found.append(f"text of {len(text)}")
    blocks = payload.get("blocks", [])
    if not 1 <= len(blocks) <= BLOCKS:
        found.append(f"{len(blocks)} blocks")
    for number, block in enumerate(blocks):
        found += [f"block {number} ({block.get('type')}): {problem}" for problem in _of_block(block)]
    whole = sum(len(each) for each in _texts(blocks))
    if whole > WHOLE_TEXT:
        found.append(f"{whole} characters in all blocks")
    return found


def _of_block(block: dict[str, Any]) -> list[str]:
    match block.get("type"):
        case "header":
            return [*_text(block["text"], HEADER, kinds=("plain_text",))]
        case "section":
            fields = block.get("fields", [])
            problems = [] if "text" in block or fields else ["neither text nor fields"]
            problems += _text(block["text"], TEXT) if "text" in block else []
            problems += [f"{len(fields)} fields"] if len(fields) > FIELDS else []
            return problems + [problem for field in fields for problem in _text(field, FIELD)]
        case "context":
            elements = block["elements"]
            problems = [] if 1 <= len(elements) <= ELEMENTS else [f"{len(elements)} elements"]
            return problems + [problem for element in elements for problem in _text(element, TEXT)]
        case "divider":
            return []
        case other:
            return [f"unknown block {other}"]


def _text(item: dict[str, Any], longest: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> list[str]:
    problems = [] if item.get("type") in kinds else [f"a text of type {item.get('type')}"]
    text = item.get("text", "")
    if not 1 <= len(text) <= longest:
        problems.append(f"a text of {len(text)} characters; allowed are 1 to {longest}")
    return problems


def _texts(item: Any) -> list[str]:
    if isinstance(item, dict):
        own = [item["text"]] if isinstance(item.get("text"), str) else []
        return own + [text for value in item.values() if not isinstance(value, str) for text in _texts(value)]
    return [text for value in item for text in _texts(value)] if isinstance(item, list) else []
