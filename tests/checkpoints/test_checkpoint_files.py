"""Checkpoints as people write them, and which loads wait for which."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkpoints.layers import LOADS
from checkpoints.loads import declared_loads
from checkpoints.spec import find_checkpoint, gates_of, load_checkpoints
from gx.errors import ConfigError
from gx.settings import REFERENCE_PROJECT


def project(directory: Path, **checkpoints: str) -> Path:
    for name, text in checkpoints.items():
        (directory / f"{name}.yml").write_text(text, encoding="utf-8")
    return directory


def test_a_checkpoint_is_read_as_documented(tmp_path: Path) -> None:
    project(tmp_path, nightly="suites: ['staging.*', marts.x]\ngates: marts\nnotify: [data, finance]\ndescription: D\n")
    spec = load_checkpoints(tmp_path)["nightly"]
    assert (spec.name, spec.patterns, spec.gates, spec.notify, spec.description) == (
        "nightly", ("staging.*", "marts.x"), ("marts",), ("data", "finance"), "D",
    )  # fmt: skip


BAD = {
    "empty": ("", 1, "the file is empty"),
    "no suites": ("gates: [m]\n", 1, "a checkpoint needs `suites:`"),
    "suites empty": ("suites: []\n", 1, "`suites` is empty"),
    "suites a number": ("suites: 5\n", 1, "`suites` must be a list"),
    "suites of numbers": ("suites:\n  - a\n  - 5\n", 3, "an entry of `suites` must be text; found int 5"),
    "unknown key": ("suites: a\ngate: m\n", 2, "a checkpoint has no setting 'gate' (did you mean 'gates'?)"),
    "gates a mapping": ("suites: a\ngates: {a: b}\n", 2, "`gates` must be a list"),
    "load with a slash": ("suites: a\ngates: [a/b]\n", 2, "the load 'a/b' in `gates`"),
    "load with a line end": ('suites: a\ngates: ["m\\n"]\n', 2, "the load 'm\\n' in `gates`"),
    "mode of another word": ("suites: a\nmode: hard\n", 2, "`mode` is 'hard'; it can be blocking or softer"),
    "mode a flag": ("suites: a\nmode: true\n", 2, "`mode` must be text"),
    "not YAML": ("suites: [a\n", 2, "not valid YAML"),
}


@pytest.mark.parametrize(("text", "line", "problem"), BAD.values(), ids=BAD)
def test_a_wrong_checkpoint_is_refused_with_file_and_line(
    tmp_path: Path, text: str, line: int | None, problem: str
) -> None:
    project(tmp_path, nightly=text)
    with pytest.raises(ConfigError) as caught:
        load_checkpoints(tmp_path)
    assert (caught.value.file, caught.value.line) == (tmp_path / "nightly.yml", line)
    assert problem in str(caught.value)


@pytest.mark.parametrize("name", ["my checkpoint", ".hidden", "ü", "a" * 101])
def test_a_file_name_that_is_no_checkpoints_name_is_refused(tmp_path: Path, name: str) -> None:
    project(tmp_path, **{name: "suites: a\n"})
    with pytest.raises(ConfigError, match="a checkpoint's file name may hold letters"):
        load_checkpoints(tmp_path)


def test_a_directory_without_checkpoints_and_a_name_with_two_endings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are no checkpoints"):
        load_checkpoints(tmp_path)
    with pytest.raises(ConfigError, match="there are no checkpoints"):
        load_checkpoints(tmp_path / "absent")
    project(tmp_path, a="suites: a\n")
    (tmp_path / "a.yaml").write_text("suites: b\n")
    with pytest.raises(ConfigError, match="one name with the endings"):
        load_checkpoints(tmp_path)


def test_an_unknown_checkpoint_is_named_with_the_nearest(tmp_path: Path) -> None:
    found = load_checkpoints(project(tmp_path, staging="suites: a\n", raw="suites: a\n"))
    assert find_checkpoint(found, "raw").name == "raw"
    with pytest.raises(
        ConfigError, match=r"no checkpoint 'stagin' \(did you mean 'staging'\?\); there are: raw, staging"
    ):
        find_checkpoint(found, "stagin")


def test_a_load_waits_for_every_checkpoint_that_names_it_and_loads_come_in_their_order(tmp_path: Path) -> None:
    found = load_checkpoints(
        project(
            tmp_path,
            z="suites: a\ngates: [staging]\n",
            raw="suites: a\ngates: [staging]\n",
            staging="suites: a\ngates: [marts]\n",
            marts="suites: a\ngates: [dashboards, alerts]\n",
            watch="suites: a\n",
        )
    )
    assert gates_of(found) == {
        "staging": ("raw", "z"), "marts": ("staging",), "alerts": ("marts",), "dashboards": ("marts",),
    }  # fmt: skip
    assert list(gates_of(found)) == ["staging", "marts", "alerts", "dashboards"]


@pytest.mark.parametrize(
    ("gates", "circle"),
    [
        ({"a": "b", "b": "a"}, "a -> b -> a"),
        ({"a": "a"}, "a -> a"),
        ({"raw": "a", "a": "b", "b": "c", "c": "a", "d": "b"}, "a -> b -> c -> a"),
    ],
)
def test_loads_that_wait_for_each_other_are_refused_by_name(tmp_path: Path, gates: dict[str, str], circle: str) -> None:
    project(tmp_path, **{name: f"suites: x\ngates: [{load}]\n" for name, load in gates.items()})
    with pytest.raises(ConfigError, match=f"the loads {circle} wait for each other"):
        load_checkpoints(tmp_path)


def test_loads_with_two_ways_to_them_are_no_circle(tmp_path: Path) -> None:
    gates = {"a": "b, c", "b": "d", "c": "d", "d": "e"}
    found = load_checkpoints(
        project(tmp_path, **{name: f"suites: x\ngates: [{loads}]\n" for name, loads in gates.items()})
    )
    assert list(gates_of(found)) == ["b", "c", "d", "e"]


def test_where_loads_are_declared_no_other_can_be_gated(tmp_path: Path) -> None:
    project(tmp_path, raw="suites: x\ngates: [staging, mart]\n")
    assert list(gates_of(load_checkpoints(tmp_path))) == ["mart", "staging"]
    project(tmp_path, _loads="loads: [staging, marts]\n")
    with pytest.raises(ConfigError, match=r"nobody declared the load 'mart' \(did you mean 'marts'\?\)") as caught:
        load_checkpoints(tmp_path)
    assert (caught.value.file, caught.value.line) == (tmp_path / "raw.yml", 2)
    project(tmp_path, _loads="loads: [staging, marts, mart]\n")
    assert list(load_checkpoints(tmp_path)) == ["raw"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("load: [a]\n", "no setting 'load'"),
        ("loads: 5\n", "`loads` must be a list"),
        ("loads: {a b: }\n", "the load 'a b' may hold letters"),
        ("loads: {a: {schema: [a]}}\n", r"the load 'a' has no setting 'schema' \(did you mean 'schemas'\?\)"),
        ("loads: {a: {schemas: [A]}}\n", "the schema 'A' of the load 'a' may hold lower-case letters"),
        ("loads: {a: {schemas: [a], audited: yes}}\n", "`audited` of the load 'a' is 'yes'; it can be true or false"),
        ("loads: {a: {audited: true}}\n", "the load 'a' is audited, so it needs `schemas`"),
        ("loads: {a: {schemas: [a]}, b: {schemas: [a]}}\n", "the load 'b' would write to the schema 'a', and so would"),
        ("loads: {a: {schemas: [a], audited: true}, b: {schemas: [a_audit]}}\n", "to the schema 'a_audit'"),
    ],
)
def test_a_wrong_declaration_of_loads_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    project(tmp_path, raw="suites: x\n", _loads=text)
    with pytest.raises(ConfigError, match=problem) as caught:
        load_checkpoints(tmp_path)
    assert caught.value.file == tmp_path / "_loads.yml"


def test_a_load_says_what_it_builds_and_whether_that_is_audited(tmp_path: Path) -> None:
    assert declared_loads(tmp_path) is None
    project(tmp_path, _loads="loads:\n  a: {schemas: [a]}\n  b: {schemas: [c, b], audited: true}\n  d:\n")
    found = declared_loads(tmp_path) or {}
    assert [(load.name, load.schemas, load.audited) for load in found.values()] == [
        ("a", ("a",), False), ("b", ("c", "b"), True), ("d", (), False),
    ]  # fmt: skip
    assert found["b"].at.line == 3


def test_the_main_job_has_the_loads_that_the_reference_declares() -> None:
    assert tuple(declared_loads(REFERENCE_PROJECT / "checkpoints") or ()) == LOADS
