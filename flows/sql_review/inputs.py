"""What is to be reviewed: a manifest's models, a dbt project's files, other SQL files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.sql_review.dbt_projects import DbtProject, project_around
from flows.sql_review.finding import NotReviewed
from flows.sql_review.manifest import dialect_of, models_of, read_manifest
from flows.sql_review.raw_models import is_template, render
from flows.sql_review.sizes import Sizes, names_of
from flows.sql_review.source import Model, SqlSource, UnreadableError, is_mart, key_columns, read_text, shown

_NOT_OURS = ("target", "dbt_packages", "dbt_modules", "node_modules", "site-packages")
_DEFINES = ("{% macro", "{%- macro", "{% test", "{%- test", "{% materialization", "{%- materialization")


@dataclass
class Inputs:
    """The sources, and what is none."""

    sources: list[SqlSource] = field(default_factory=list)
    not_reviewed: list[NotReviewed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    sizes: Sizes = field(default_factory=Sizes)


@dataclass(frozen=True)
class Reading:
    """How to read.

    Attributes:
        base: the directory from which a person names files.
        dialect: that was named; None for a manifest's own, or ``default_dialect``.
        default_dialect: the configured warehouse's.
        sizes: how large tables are.
    """

    base: Path
    dialect: str | None
    default_dialect: str
    sizes: Sizes


def read_inputs(paths: Sequence[Path], manifest: Path | None, project_dir: Path | None, reading: Reading) -> Inputs:
    """Everything that these paths and this manifest name.

    Args:
        paths: files and directories; with a manifest they say which of its models are wanted.
        manifest: dbt's ``manifest.json``.
        project_dir: of the manifest's project; None to look for it around the manifest and the paths.
        reading: how.
    """
    inputs = Inputs(sizes=reading.sizes)
    wanted = [path.resolve() for path in paths]
    known: set[Path] = set()
    if manifest is not None:
        try:
            known = _read_manifest(manifest, project_dir, wanted, reading, inputs)
        except UnreadableError as error:
            inputs.not_reviewed.append(NotReviewed(shown(manifest, reading.base), str(error)))
    for path in wanted:
        _read_path(path, known, reading, inputs)
    return inputs


def _read_manifest(
    path: Path, project_dir: Path | None, wanted: Sequence[Path], reading: Reading, inputs: Inputs
) -> set[Path]:
    manifest = read_manifest(path)
    dialect = dialect_of(manifest, reading.dialect)
    own = [str(node["original_file_path"]) for node in manifest.nodes if node.get("package_name") == manifest.project]
    near = [path.resolve().parent.parent, reading.base, *_projects(wanted)] if project_dir is None else [project_dir]
    root = next((place for place in near if any((place / file).exists() for file in own)), None)
    if own and root is None:
        raise UnreadableError("the files of its models are not near it; put it in the project's target directory")
    sizes = Sizes(reading.sizes.large_rows, manifest.stated_rows(), reading.sizes.counted)
    inputs.sizes = sizes
    found = models_of(manifest, root or reading.base, reading.base, wanted, dialect, sizes)
    inputs.sources += found.sources
    inputs.not_reviewed += found.not_reviewed
    inputs.left_out += found.left_out
    return found.files


def _projects(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        project = project_around(path)
        if project is not None:
            yield project.root


def _read_path(path: Path, known: set[Path], reading: Reading, inputs: Inputs) -> None:
    if not path.exists():
        inputs.not_reviewed.append(NotReviewed(shown(path, reading.base), "there is no such file or directory"))
        return
    files = sorted(_sql_files(path)) if path.is_dir() else [path]
    if not files:
        inputs.not_reviewed.append(NotReviewed(shown(path, reading.base), "there is no .sql file in it"))
    have = {source.file for source in inputs.sources}
    for file in files:
        name = shown(file, reading.base)
        if file in known or name in have:
            continue
        try:
            source = _read_file(file, name, reading)
        except UnreadableError as error:
            inputs.not_reviewed.append(NotReviewed(name, str(error)))
            continue
        if source is None:
            inputs.left_out.append(f"{name}: it defines macros or tests, and holds no query")
        else:
            inputs.sources.append(source)


def _sql_files(directory: Path) -> Iterator[Path]:
    project = project_around(directory)
    roots = project.model_dirs() if project is not None and project.root == directory else [directory]
    for root in roots:
        for path in root.rglob("*.sql"):
            folders = path.relative_to(root).parts[:-1]
            if path.is_file() and not any(part in _NOT_OURS or part.startswith(".") for part in folders):
                yield path


def _read_file(path: Path, name: str, reading: Reading) -> SqlSource | None:
    """A file's SQL; None when it only defines macros."""
    text = read_text(path)
    dialect = reading.dialect or reading.default_dialect
    project = project_around(path)
    if not is_template(text):
        is_model = project.has_model(path) if project else is_mart(path.parts[-3:-1])
        model = _model(path, project, {}, reading.sizes) if is_model else None
        return SqlSource(name, text, text, dialect, model)
    rendered = render(text, path.stem, dialect, project.variables() if project else {})
    if not rendered.sql.strip() and any(word in text for word in _DEFINES):
        return None
    model = _model(path, project, rendered.config, reading.sizes)
    return SqlSource(name, text, rendered.sql, dialect, model, can_be_explained=False)


def _model(path: Path, project: DbtProject | None, config: dict[str, object], sizes: Sizes) -> Model:
    tags = config.get("tags") or ()
    tables = names_of(
        None, str(config["schema"]) if config.get("schema") else None, str(config.get("alias") or path.stem)
    )
    folders = path.relative_to(project.root).parts if project and project.root in path.parents else path.parts[-3:]
    strategy = config.get("incremental_strategy")
    meta = config.get("meta")
    rows = meta.get("expected_rows") if isinstance(meta, dict) else None
    return Model(
        name=path.stem,
        tables=tables,
        materialized=str(config.get("materialized") or "view"),
        is_mart=is_mart(folders[:-1], (tags,) if isinstance(tags, str) else tuple(map(str, tags))),  # type: ignore[call-overload]
        unique_key=key_columns(config.get("unique_key")),
        has_cluster_by=bool(config.get("cluster_by")),
        incremental_strategy=str(strategy) if strategy else None,
        rows=sizes.rows(tables) or (rows if isinstance(rows, int) else None),
    )
