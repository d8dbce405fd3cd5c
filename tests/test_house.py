"""The house rules: who may import whom, what may be committed, how long modules grow, what locks hold."""

from __future__ import annotations

import ast
import itertools
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("flows", "checkpoints", "expectations", "gx")  # each may import only what stands to its right
LONGEST_MODULE = 300  # lines
LARGEST_FILE = 3_000_000  # bytes

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.~*$}>-])/(?:work|farm|root|tmp|home|Users|private/tmp)/[A-Za-z]")
REGISTRY = re.compile(
    r"(?:extra-)?index[-_]url"
    r"|find[-_]links"
    r"|https?://(?:files\.|test\.|www\.)?py(?:pi|thonhosted)\.(?:org|io)\b"
    r"|https?://registry\."
    r"|https?://deb\.debian\.org"
)


def tracked_files(root: Path = ROOT) -> list[Path]:
    """The files git knows that exist; skips the test, saying why, where there is no git to ask."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("tracked files are only known in a git checkout with git installed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True)
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]


def offences(files: list[Path], pattern: re.Pattern[str], root: Path) -> list[str]:
    """Every `file:line: text` that the pattern finds; files that are not UTF-8 text are passed over."""
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if not pattern.search(text):
            continue
        found += [
            f"{path.relative_to(root)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), start=1)
            if pattern.search(line)
        ]
    return found


def long_modules(root: Path) -> list[str]:
    """`file: lines` of every module in the four rooms over the limit, the longest first."""
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for room in ROOMS
        for path in (root / room).rglob("*.py")
    }
    longest_first = sorted(sizes.items(), key=lambda item: -item[1])
    return [f"{path.relative_to(root)}: {lines}" for path, lines in longest_first if lines > LONGEST_MODULE]


def check_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the rooms under `root`, with the contracts of its pyproject.toml."""
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=root, check=False, capture_output=True, text=True
    )


def house_of_empty_rooms(root: Path) -> Path:
    """Four empty rooms in a new folder, under this project's own contracts."""
    shutil.copy(ROOT / "pyproject.toml", root)
    for room in ROOMS:
        (root / room).mkdir()
        (root / room / "__init__.py").touch()
    return root


def locked(name: str) -> dict[str, list[tuple[Version, str]]]:
    """The packages of a lock file: name to (version, marker) pairs."""
    packages: dict[str, list[tuple[Version, str]]] = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip("\\"))
            (pin,) = requirement.specifier
            packages.setdefault(canonicalize_name(requirement.name), []).append(
                (Version(pin.version), str(requirement.marker or ""))
            )
    return packages


def project() -> dict[str, Any]:
    """pyproject.toml, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def imported_packages(folder: Path) -> dict[str, str]:
    """Top-level name of every import under the folder, late ones included, and one file that has it."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0]: str(path) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found[node.module.partition(".")[0]] = str(path)
    return found


def undeclared_imports(root: Path, requirements: list[str], folders: tuple[str, ...]) -> list[str]:
    """`package (file)` of every import that neither Python, the house nor a requirement provides."""
    declared = {canonicalize_name(Requirement(requirement).name) for requirement in requirements}
    provided = packages_distributions()
    at_home = {*sys.stdlib_module_names, *ROOMS, "tests"}
    return [
        f"{package} ({Path(path).relative_to(root)})"
        for folder in folders
        for package, path in imported_packages(root / folder).items()
        if package not in at_home and declared.isdisjoint(canonicalize_name(name) for name in provided.get(package, []))
    ]


def test_imports_between_the_rooms_run_one_way() -> None:
    outcome = check_imports(ROOT)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_rooms_that_import_to_the_right_keep_the_rule(tmp_path: Path) -> None:
    house = house_of_empty_rooms(tmp_path)
    for importer, imported in itertools.combinations(ROOMS, 2):
        (house / importer / f"uses_{imported}.py").write_text(f"import {imported}\n", encoding="utf-8")

    outcome = check_imports(house)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "1 kept, 0 broken" in outcome.stdout


@pytest.mark.parametrize(("imported", "importer"), list(itertools.combinations(ROOMS, 2)))
def test_a_room_that_imports_to_its_left_breaks_the_rule(tmp_path: Path, importer: str, imported: str) -> None:
    house = house_of_empty_rooms(tmp_path)
    (house / importer / "inner.py").write_text(
        f"def late() -> None:\n    from {imported} import something\n", encoding="utf-8"
    )

    outcome = check_imports(house)

    assert outcome.returncode == 1
    assert f"{importer} is not allowed to import {imported}" in outcome.stdout


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    found = offences(tracked_files(), MACHINE_PATH, ROOT)

    assert not found, "use relative or temporary paths instead of:\n" + "\n".join(found)


def test_no_tracked_file_names_a_package_registry() -> None:
    found = offences(tracked_files(), REGISTRY, ROOT)

    assert not found, "packages come by name from wherever pip is configured to look; remove:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE_PATH, "path = '/" + "root/data.duckdb'"),
        (MACHINE_PATH, "see /" + "home/me/notes.md"),
        (MACHINE_PATH, "url: duckdb:////" + "tmp/warehouse.duckdb"),
        (REGISTRY, "--extra-index" + "-url https://example.test/simple"),
        (REGISTRY, "https://files.pythonhosted" + ".org/packages/x.whl"),
        (REGISTRY, "https://pypi" + ".org/simple"),
    ],
)
def test_a_file_that_names_a_machine_or_a_registry_is_found(
    tmp_path: Path, pattern: re.Pattern[str], line: str
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"first line\n{line}\n", encoding="utf-8")

    assert offences([page], pattern, tmp_path) == [f"page.md:2: {line}"]


@pytest.mark.parametrize(
    "line",
    ["https://example.com/home/page", "duckdb:////path/file.duckdb", "docs/root/index.md", "~/work/notes"],
)
def test_web_addresses_and_relative_paths_are_no_machine_paths(line: str) -> None:
    assert not MACHINE_PATH.search(line)


def test_no_tracked_file_is_larger_than_three_megabytes() -> None:
    large = [
        f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes"
        for path in tracked_files()
        if path.stat().st_size > LARGEST_FILE
    ]

    assert not large, "generate large data when it is needed instead of committing it:\n" + "\n".join(large)


def test_modules_stay_small_enough_to_read_in_one_sitting() -> None:
    found = long_modules(ROOT)

    assert not found, (
        f"over {LONGEST_MODULE} lines; perhaps a second thing in it would like a module of its own:\n"
        + "\n".join(found)
    )


def test_a_module_one_line_too_long_is_found(tmp_path: Path) -> None:
    house = house_of_empty_rooms(tmp_path)
    (house / "gx" / "fits.py").write_text("x = 1\n" * LONGEST_MODULE, encoding="utf-8")
    (house / "gx" / "grew.py").write_text("x = 1\n" * (LONGEST_MODULE + 1), encoding="utf-8")

    assert long_modules(house) == [f"gx/grew.py: {LONGEST_MODULE + 1}"]


def test_every_imported_package_is_a_declared_dependency() -> None:
    runtime = project()["project"]["dependencies"]

    undeclared = undeclared_imports(ROOT, runtime, ROOMS)
    undeclared += undeclared_imports(ROOT, runtime + project()["dependency-groups"]["dev"], ("tests",))

    assert not undeclared, "add to pyproject.toml, then run `make lock`: " + ", ".join(undeclared)


def test_an_undeclared_import_is_found_in_a_function_too(tmp_path: Path) -> None:
    house = house_of_empty_rooms(tmp_path)
    (house / "gx" / "late.py").write_text(
        "import json\n\ndef late() -> None:\n    import yaml, pytest\n", encoding="utf-8"
    )

    assert undeclared_imports(house, ["pytest>=9"], ROOMS) == ["yaml (gx/late.py)"]


def test_the_lock_holds_every_direct_dependency_in_its_range() -> None:
    wanted = {
        "run.txt": project()["project"]["dependencies"],
        "dev.txt": project()["dependency-groups"]["dev"],
    }
    wrong = [
        f"{lock}: {requirement}"
        for lock, requirements in wanted.items()
        for requirement in map(Requirement, requirements)
        if not (pins := locked(lock).get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version) for version, _ in pins)
    ]

    assert not wrong, "pyproject.toml and the locks differ; run `make lock`:\n" + "\n".join(wrong)


def test_the_tests_run_on_the_versions_that_users_run_on() -> None:
    run, dev = locked("run.txt"), locked("dev.txt")

    assert {name: pins for name, pins in run.items() if dev.get(name) != pins} == {}


@pytest.mark.parametrize("lock", ["build.txt", "run.txt", "dev.txt"])
def test_every_locked_package_has_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements" / lock).read_text(encoding="utf-8"))

    unhashed = [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry]
    assert unhashed == []
