"""The models of a dbt project, compiled, as its manifest.json has them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.sql_review.finding import NotReviewed
from flows.sql_review.sizes import Sizes, names_of
from flows.sql_review.source import DIALECTS, Model, SqlSource, UnreadableError, is_mart, key_columns, read_text, shown

_SCHEMA = re.compile(r"/manifest/v(\d+)\.json$")
_OLDEST, _NEWEST = 7, 12
"""Versions of the manifest's schema whose names are used here: v7 is dbt 1.3's, v12 is that of dbt 1.8 to 1.11."""
_ADAPTERS = {"duckdb": "duckdb", "postgres": "postgres", "snowflake": "snowflake"}


@dataclass
class ManifestModels:
    """What a manifest holds.

    Attributes:
        files: every model's file, reviewed or not: what is not to be read a second time as a file of its own.
    """

    sources: list[SqlSource] = field(default_factory=list)
    not_reviewed: list[NotReviewed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)


@dataclass(frozen=True)
class Manifest:
    """A manifest that was read and is of a schema that is known."""

    path: Path
    project: str
    adapter: str
    nodes: tuple[dict[str, Any], ...]

    def stated_rows(self) -> dict[str, int]:
        """Rows by table, as ``meta: {expected_rows: N}`` of models states them."""
        found: dict[str, int] = {}
        for node in self.nodes:
            rows = (node.get("config", {}).get("meta") or node.get("meta") or {}).get("expected_rows")
            if isinstance(rows, int):
                for name in names_of(node.get("database"), node.get("schema"), node.get("alias") or node["name"]):
                    found[name.lower()] = rows
        return found


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        UnreadableError: there is none, it was not written to its end, or it is of a schema that is not known.
    """
    try:
        document = json.loads(read_text(path))
        version = _SCHEMA.search(str(document["metadata"]["dbt_schema_version"]))
        if version is None:
            raise UnreadableError("its dbt_schema_version names no version of a manifest; is it dbt's manifest.json?")
        if not _OLDEST <= int(version[1]) <= _NEWEST:
            raise UnreadableError(
                f"it is of dbt's manifest schema v{version[1]}; known are v{_OLDEST} to v{_NEWEST}. None of its"
                " models was reviewed; compile with a dbt of such a version, or use a newer sluice"
            )
        metadata = document["metadata"]
        nodes = tuple(node for node in document["nodes"].values() if node["resource_type"] == "model")
        project = metadata.get("project_name") or (nodes[0]["package_name"] if nodes else "")
        return Manifest(path, project, str(metadata.get("adapter_type")), nodes)
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"it is no whole JSON document (line {error.lineno}): dbt may not have finished writing it. None of its"
            " models was reviewed; run dbt compile again"
        ) from None
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(
            f"it lacks what a manifest has ({error}); run dbt compile again. None of its models was reviewed"
        ) from None


def dialect_of(manifest: Manifest, dialect: str | None) -> str:
    """The dialect that its models are written in, unless one is named.

    Raises:
        UnreadableError: it is of a database that is not known here.
    """
    if dialect is None and manifest.adapter not in _ADAPTERS:
        raise UnreadableError(
            f"it was made for {manifest.adapter}, whose SQL is not known here; --dialect takes {', '.join(DIALECTS)}."
            " None of its models was reviewed"
        )
    return dialect or _ADAPTERS[manifest.adapter]


def models_of(
    manifest: Manifest, project_dir: Path, base: Path, only: Sequence[Path], dialect: str, sizes: Sizes
) -> ManifestModels:
    """The SQL of a manifest's models.

    Args:
        manifest: as it was read.
        project_dir: where the models' files are.
        base: the directory from which a person names files.
        only: files and directories whose models are wanted; all, if there are none.
        dialect: that they are written in.
        sizes: how large tables are.
    """
    found = ManifestModels()
    skipped: Counter[str] = Counter()
    for node in manifest.nodes:
        if node.get("package_name") != manifest.project:
            skipped["models of packages, which are their authors' to review"] += 1
            continue
        path = (project_dir / node["original_file_path"]).resolve()
        if only and not any(path == item or item in path.parents for item in only):
            continue
        found.files.add(path)
        file = shown(path, base)
        if node.get("language", "sql") != "sql":
            skipped[f"models in {node['language']}, which are no SQL"] += 1
            continue
        try:
            found.sources.append(_source(node, path, file, dialect, sizes))
        except UnreadableError as error:
            found.not_reviewed.append(NotReviewed(file, str(error)))
    found.left_out = [f"{count} {kind}" for kind, count in sorted(skipped.items())]
    return found


def _source(node: dict[str, Any], path: Path, file: str, dialect: str, sizes: Sizes) -> SqlSource:
    raw = str(node.get("raw_code") or "")
    compiled = node.get("compiled_code")
    text = read_text(path)
    if text.strip() != raw.replace("\r\n", "\n").strip():
        raise UnreadableError("the file is another than the manifest was made of; run dbt compile again")
    if not compiled:
        raise UnreadableError("the manifest has no compiled SQL of it; run dbt compile (dbt parse is not enough)")
    return SqlSource(file, text, str(compiled), dialect, _model(node, sizes))


def _model(node: dict[str, Any], sizes: Sizes) -> Model:
    config = node.get("config") or {}
    name = str(node["name"])
    tables = names_of(node.get("database"), node.get("schema"), str(node.get("alias") or name))
    tags = config.get("tags") or node.get("tags") or []
    return Model(
        name=name,
        tables=tables,
        materialized=str(config.get("materialized") or "view"),
        is_mart=is_mart(Path(str(node["original_file_path"])).parts, _texts(tags)),
        unique_key=key_columns(config.get("unique_key")),
        has_cluster_by=bool(config.get("cluster_by")),
        incremental_strategy=config.get("incremental_strategy"),
        rows=sizes.rows(tables),
    )


def _texts(tags: str | Iterable[object]) -> tuple[str, ...]:
    return (tags,) if isinstance(tags, str) else tuple(str(tag) for tag in tags)
