"""dbt's artifacts as dbt 1.11 writes them, with more fields than are read, and ways to spoil them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WRITTEN = "2025-10-01T02:05:00.000000Z"
RESULTS_V6 = "https://schemas.getdbt.com/dbt/run-results/v6.json"
MANIFEST_V12 = "https://schemas.getdbt.com/dbt/manifest/v12.json"


def result(name: str = "fct", seconds: float = 3.5, status: str = "success", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "timing": [
            {"name": "compile", "started_at": "2025-10-01T02:00:00.100000Z", "completed_at": "2025-10-01T02:00:01Z"},
            {"name": "execute", "started_at": "2025-10-01T02:00:01Z", "completed_at": "2025-10-01T02:00:04.600000Z"},
        ],
        "thread_id": "Thread-1",
        "execution_time": seconds,
        "adapter_response": {"_message": "SUCCESS 7", "rows_affected": 7},
        "message": "SUCCESS 7",
        "failures": None,
        "unique_id": f"model.shop.{name}",
        "compiled": True,
        "compiled_code": "select 1",
        "relation_name": f"marts.{name}",
        **more,
    }


def run_results(*results: dict[str, Any], which: str | None = "run", **more: Any) -> dict[str, Any]:
    metadata = {
        "dbt_schema_version": RESULTS_V6, "dbt_version": "1.11.16", "generated_at": WRITTEN,
        "invocation_id": "invocation-1", "env": {},
    }  # fmt: skip
    args = {"which": which, "full_refresh": False} if which else {}
    return {"metadata": {**metadata, **more.pop("metadata", {})}, "results": list(results), "elapsed_time": 300.0,
            "args": {**args, **more.pop("args", {})}, **more}  # fmt: skip


def manifest(version: str = MANIFEST_V12, **configs: dict[str, Any]) -> dict[str, Any]:
    nodes = {f"model.shop.{name}": {"name": name, "config": config} for name, config in configs.items()}
    return {"metadata": {"dbt_schema_version": version, "generated_at": WRITTEN}, "nodes": nodes, "sources": {}}


def content(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def leave(folder: Path, results: dict[str, Any] | bytes, beside: dict[str, Any] | bytes | None = None) -> Path:
    """Write both files as dbt does."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in (("run_results.json", results), ("manifest.json", beside)):
        if document is not None:
            (folder / name).write_bytes(document if isinstance(document, bytes) else content(document))
    return folder
