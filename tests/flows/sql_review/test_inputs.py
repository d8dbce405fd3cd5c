"""What is read, and what is said of what cannot be: nothing counts as reviewed that was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flows.sql_review.asking import inputs, of_paths, places

GOOD = "select id, x from a\n"
BAD = "select a.x from a cross join b\n"


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def manifest(root: Path, files: dict[str, str], *, schema: int = 12, adapter: str = "duckdb", **more: object) -> Path:
    """A project of models, and its manifest; a model's compiled SQL is its text without the first line."""
    nodes = {}
    for name, text in files.items():
        written(root / "models" / name, text)
        nodes[f"model.shop.{name}"] = {
            "resource_type": "model", "package_name": "shop", "name": Path(name).stem, "database": "db",
            "schema": "main", "alias": Path(name).stem, "original_file_path": f"models/{name}", "language": "sql",
            "raw_code": text.strip(), "compiled_code": text.partition("\n")[2],
            "config": {"materialized": "table", "meta": {}, "tags": []}, **more,
        }  # fmt: skip
    version = f"https://schemas.getdbt.com/dbt/manifest/v{schema}.json"
    metadata = {"dbt_schema_version": version, "project_name": "shop", "adapter_type": adapter}
    return written(root / "target" / "manifest.json", json.dumps({"metadata": metadata, "nodes": nodes}))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("broken.sql", "select from where (", "does not parse as duckdb"),
        ("quote.sql", "select 'a from b", "a quote or a comment does not end"),
        ("latin.sql", "select 'caf\xe9' as x".encode("latin-1"), "no UTF-8"),
        ("empty.sql", "", "no SQL statement"),
        ("remark.sql", "-- nothing but a remark\n", "no SQL statement"),
        ("macro.sql", "select {{ dbt_utils.star(ref('a')) }} from {{ ref('a') }}", "dbt_utils"),
        ("jinja.sql", "select {% if %} 1", "Jinja cannot read it"),
        ("var.sql", "select {{ var('unknown') }} as x", "the variable 'unknown'"),
        ("endless.sql", "{% for i in range(99999999) %}x{% endfor %}", "has to be rendered|needs dbt"),
        ("odd.sql", "frobnicate the table", "does not"),
    ],
)
def test_a_file_that_cannot_be_reviewed_is_told_and_the_others_go_on(
    tmp_path: Path, name: str, content: str | bytes, problem: str
) -> None:
    written(tmp_path / name, content)
    written(tmp_path / "good.sql", GOOD)
    written(tmp_path / "zbad.sql", BAD)
    done = of_paths(tmp_path, base=tmp_path)
    (item,) = done.not_reviewed
    assert item.file == name
    assert any(part in item.reason for part in problem.split("|"))
    assert done.files == ["good.sql", "zbad.sql"]
    assert places(done.findings) == [("cross-join", 1)]


def test_a_path_that_is_not_there_or_holds_no_sql_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = of_paths(tmp_path / "missing.sql", tmp_path / "folder", base=tmp_path)
    assert [item.file for item in done.not_reviewed] == ["missing.sql", "folder"]


def test_a_file_that_only_defines_macros_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    written(tmp_path / "macros.sql", "{% macro cents(x) %}{{ x }} / 100{% endmacro %}")
    read = inputs(tmp_path, base=tmp_path)
    assert (read.sources, read.not_reviewed) == ([], [])
    assert "macros.sql" in read.left_out[0]


def test_of_a_dbt_project_its_models_are_read_with_its_variables(tmp_path: Path) -> None:
    written(tmp_path / "dbt_project.yml", "name: shop\nmodel-paths: [sql]\nvars: {shop: {least: 3}}\n")
    written(tmp_path / "sql" / "marts" / "m.sql", "select * from {{ ref('a') }} where x > {{ var('least') }}\n")
    written(tmp_path / "macros" / "m.sql", "{% macro m() %}{% endmacro %}")
    written(tmp_path / "target" / "compiled" / "x.sql", "not sql at all")
    (source,) = inputs(tmp_path, base=tmp_path).sources
    assert source.sql == "select * from a where x > 3"
    assert places(of_paths(tmp_path, base=tmp_path).findings) == [("select-star-into-mart", 1)]


def test_a_broken_project_file_is_told_for_each_model(tmp_path: Path) -> None:
    written(tmp_path / "dbt_project.yml", "name: [unclosed")
    written(tmp_path / "models" / "m.sql", "select {{ var('x', 1) }} as x")
    (item,) = of_paths(tmp_path, base=tmp_path).not_reviewed
    assert "dbt_project.yml" in item.reason


@pytest.mark.parametrize("expression", ["''.__class__.__mro__", "ref('a').__class__", "config.__globals__"])
def test_a_model_cannot_reach_out_of_its_template(tmp_path: Path, expression: str) -> None:
    written(tmp_path / "m.sql", "select {{ " + expression + " }}")
    done = of_paths(tmp_path, base=tmp_path)
    assert len(done.not_reviewed) == 1
    assert done.files == []


def test_a_compiled_model_is_reviewed_and_its_findings_are_in_its_file(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"m.sql": "{{ config() }}\n" + BAD, "n.sql": "-- n\n" + GOOD})
    done = of_paths(manifest=path, base=tmp_path)
    assert (done.files, done.not_reviewed) == (["models/m.sql", "models/n.sql"], [])
    assert [(found.file, found.line) for found in done.findings] == [("models/m.sql", 2)]


def test_paths_choose_among_a_manifests_models_and_are_not_read_twice(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"m.sql": "-- m\n" + BAD, "n.sql": "-- n\n" + GOOD})
    assert of_paths(tmp_path / "models" / "n.sql", manifest=path, base=tmp_path).files == ["models/n.sql"]


def test_rows_that_a_model_states_make_it_large(tmp_path: Path) -> None:
    config = {"materialized": "table", "meta": {"expected_rows": 2_300_000}}
    path = manifest(tmp_path, {"m.sql": "-- m\n" + GOOD}, config=config)
    assert [found.rule for found in of_paths(manifest=path, base=tmp_path).findings] == ["full-refresh"]


def test_a_file_that_changed_since_it_was_compiled_is_not_taken_for_reviewed(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"m.sql": "-- m\n" + GOOD, "n.sql": "-- n\n" + GOOD})
    written(tmp_path / "models" / "m.sql", "-- m\n" + BAD)
    done = of_paths(manifest=path, base=tmp_path)
    assert done.files == ["models/n.sql"]
    assert "compile again" in done.not_reviewed[0].reason


def test_a_model_without_compiled_sql_is_not_taken_for_reviewed(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"m.sql": "-- m\n" + GOOD}, compiled_code=None)
    done = of_paths(manifest=path, base=tmp_path)
    assert (done.files, len(done.not_reviewed)) == ([], 1)


def test_python_models_and_other_peoples_packages_are_left_out_by_number(tmp_path: Path) -> None:
    python = manifest(tmp_path / "a", {"m.sql": "-- m\n" + GOOD}, language="python")
    assert inputs(manifest=python, base=tmp_path).left_out == ["1 models in python, which are no SQL"]
    package = manifest(tmp_path / "b", {"m.sql": "-- m\n" + GOOD}, package_name="dbt_utils")
    assert "1 models of packages" in inputs(manifest=package, base=tmp_path).left_out[0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text[: len(text) // 2], "no whole JSON document"),
        (lambda text: text.replace("manifest/v12", "manifest/v13"), "schema v13; known are v7 to v12"),
        (lambda text: text.replace("manifest/v12", "run-results/v6"), "names no version of a manifest"),
        (lambda text: text.replace('"duckdb"', '"oracle"'), "made for oracle"),
        (lambda text: text.replace('"nodes"', '"knots"'), "lacks what a manifest has"),
        (lambda _: "[]", "lacks what a manifest has"),
        (lambda text: text.replace("models/", "elsewhere/"), "not near it"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_told_and_other_files_go_on(tmp_path: Path, change, problem: str) -> None:
    path = manifest(tmp_path / "shop", {"m.sql": "-- m\n" + GOOD})
    path.write_text(change(path.read_text()))
    other = written(tmp_path / "other.sql", BAD)
    done = of_paths(other, manifest=path, base=tmp_path)
    assert [item.file for item in done.not_reviewed] == ["shop/target/manifest.json"]
    assert problem in done.not_reviewed[0].reason
    assert done.files == ["other.sql"]


def test_a_dialect_that_is_named_goes_before_the_manifests(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"m.sql": "-- m\n" + GOOD}, adapter="oracle")
    (source,) = inputs(manifest=path, dialect="snowflake", base=tmp_path).sources
    assert source.dialect == "snowflake"


def test_a_folder_of_marts_has_marts_without_a_dbt_project(tmp_path: Path) -> None:
    mart = written(tmp_path / "models" / "marts" / "star.sql", "select * from raw.orders\n")
    other = written(tmp_path / "models" / "staging" / "star.sql", "select * from raw.orders\n")
    assert [rule for rule, _ in places(of_paths(mart, base=tmp_path).findings)] == ["select-star-into-mart"]
    assert of_paths(other, base=tmp_path).findings == []


def test_a_file_of_zero_bytes_is_not_reviewed(tmp_path: Path) -> None:
    done = of_paths(written(tmp_path / "x.sql", b"\x00\x01\x02"), base=tmp_path)
    assert "zero bytes" in str(done.not_reviewed)


@pytest.mark.parametrize(("dialect", "kind"), [("snowflake", "procedure"), ("postgres", "function")])
def test_a_body_that_is_a_text_is_not_reviewed(tmp_path: Path, dialect: str, kind: str) -> None:
    sql = f"create {kind} f() returns int language sql as $$ {BAD} $$;\n"
    done = of_paths(written(tmp_path / "f.sql", sql), base=tmp_path, dialect=dialect)
    assert "body of a function" in str(done.not_reviewed)
