"""``sluice permissions review`` on a git repository, and with the reviews of a pull request."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.cli.app import cli
from tests.flows.permissions.test_review import ACCOUNTS, diff

REVOKE = "REVOKE ROLE DBT_ROLE FROM USER DBT_SVC;"
HEAD = "4a5e1e4baab89f3a32518a88c31bc87f618f7667"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "service_accounts.yml").write_text(ACCOUNTS)
    return tmp_path


def run(project: Path, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["permissions", "review", "--project", str(project), *arguments], input=given)


def reviewed(project: Path, *reviews: dict[str, Any], author: str = "isabel") -> Result:
    (project / "reviews.json").write_text(json.dumps([list(reviews)]))
    more = ("--reviews", str(project / "reviews.json"), "--head", HEAD, "--author", author)
    return run(project, *more, given=diff(REVOKE))


def by(login: str, state: str = "APPROVED", commit: str = HEAD) -> dict[str, Any]:
    return {"user": {"login": login, "id": 1}, "state": state, "commit_id": commit, "body": "x"}


def test_a_finding_is_exit_code_1_and_none_is_0(project: Path) -> None:
    found = run(project, "-", given=diff(REVOKE))

    assert found.exit_code == 1
    assert "infra/access.sql:11: REVOKE: REVOKE ROLE DBT_ROLE FROM USER DBT_SVC" in found.output
    assert "its owner is Buck" in found.output
    nothing = run(project, given=diff("SELECT 1;"))
    assert nothing.exit_code == 0
    assert "no registered account is touched, of the 1 in " in nothing.output


def test_json_says_the_same_to_programs(project: Path) -> None:
    document = json.loads(run(project, "--json", given=diff(REVOKE)).output)

    (finding,) = document["findings"]
    assert (finding["file"], finding["line"], finding["kind"], finding["account"]) == (
        "infra/access.sql",
        11,
        "REVOKE",
        "dbt",
    )
    assert document["exit_code"] == 1


def test_files_that_nothing_executes_can_be_left_out(project: Path) -> None:
    text = diff(REVOKE, file="tests/warehouses/test_access.py")

    assert run(project, given=text).exit_code == 1
    ignored = run(project, "--ignore", "tests/*", given=text)
    assert ignored.exit_code == 0
    assert "left out by --ignore: 1 more" in ignored.output


def test_the_registry_is_that_of_the_repository_here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    (project / "infra").mkdir()
    monkeypatch.chdir(project / "infra")

    found = CliRunner().invoke(cli, ["permissions", "review"], input=diff(REVOKE))
    assert found.exit_code == 1, found.output
    assert "of dbt;" in found.output

    (project / "service_accounts.yml").unlink()
    absent = CliRunner().invoke(cli, ["permissions", "review"], input=diff(REVOKE))
    assert absent.exit_code == 2


def test_git_is_asked_for_what_the_branch_changed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    git("init", "-b", "main")
    (project / "access.sql").write_text("SELECT 1;\n")
    git("add", ".")
    git("commit", "-m", "first")
    git("checkout", "-b", "cleanup")
    (project / "access.sql").write_text(f"SELECT 1;\n{REVOKE}\n")
    git("commit", "-am", "second")
    monkeypatch.chdir(project)

    found = run(project, "--base", "main")

    assert found.exit_code == 1
    assert "access.sql:2: REVOKE" in found.output
    nothing = run(project, "--base", "cleanup")
    assert (nothing.exit_code, nothing.output) == (0, "no changed files between cleanup and HEAD\n")
    assert json.loads(run(project, "--base", "cleanup", "--json").output)["is_empty"] is True
    unknown = run(project, "--base", "no-such-branch")
    assert (unknown.exit_code, "no-such-branch" in unknown.output) == (2, True)


def test_an_approvers_approval_of_this_very_commit_is_enough(project: Path) -> None:
    assert reviewed(project, by("Buck")).exit_code == 0
    assert reviewed(project, by("buck"), by("buck", "COMMENTED")).exit_code == 0
    assert reviewed(project, author="buck").exit_code == 0  # his own change; GitHub lets nobody approve that


def test_nothing_else_is(project: Path) -> None:
    for reviews in (
        [],
        [by("ann")],
        [by("buck", commit="0" * 40)],
        [by("buck", "CHANGES_REQUESTED")],
        [by("buck"), by("buck", "CHANGES_REQUESTED")],
        [by("buck"), by("buck", "DISMISSED")],
        [by("buck", "COMMENTED")],
        [{**by("buck"), "user": None}],
    ):
        ended = reviewed(project, *reviews)
        assert ended.exit_code == 1, reviews
        assert f"@buck has to approve {HEAD[:12]}" in ended.output


def test_an_account_that_nobody_may_approve_for_stays_refused(project: Path) -> None:
    (project / "service_accounts.yml").write_text(ACCOUNTS.replace("    approvers: [buck]\n", ""))

    ended = reviewed(project, by("buck"))

    assert ended.exit_code == 1
    assert "name its `approvers` in the registry" in ended.output


def test_what_cannot_be_read_is_no_approval(project: Path) -> None:
    (project / "reviews.json").write_text('{"message": "Not Found"}')

    ended = run(project, "--reviews", str(project / "reviews.json"), "--head", HEAD, given=diff(REVOKE))

    assert ended.exit_code == 2
    assert run(project, str(project / "no-such.diff")).exit_code == 2
    (project / "service_accounts.yml").unlink()
    assert run(project, given=diff(REVOKE)).exit_code == 2


@pytest.mark.parametrize(
    ("told", "file"),
    [
        ("Binary files a/grants.sql and b/grants.sql differ", "grants.sql"),
        ("Binary files /dev/null and b/new.sql differ", "new.sql"),
        ("similarity index 100%\nrename from grants.sql\nrename to grants.md", "grants.sql"),
        ("--- a/a.sql\n+++ b/a.sql\n@@ -0,0 +1,1 @@\n+R\0E\0V\0O\0K\0E\0", "a.sql"),
    ],
)
def test_what_a_diff_does_not_show_is_not_said_to_be_fine(project: Path, told: str, file: str) -> None:
    done = run(project, given=f"diff --git a/x b/x\n{told}\n")
    assert done.exit_code == 3
    assert f"NOT REVIEWED: {file}: " in done.output
    assert "no registered account" not in done.output


@pytest.mark.parametrize(
    "told",
    [
        "Binary files a/logo.png and b/logo.png differ",
        "similarity index 100%\nrename from old.sql\nrename to sub/new.sql",
    ],
)
def test_a_picture_and_a_file_that_stays_what_it_is_take_nothing_away(project: Path, told: str) -> None:
    assert run(project, given=f"diff --git a/x b/x\n{told}\n").exit_code == 0


@pytest.mark.parametrize("how", ["attributes", "rename"])
def test_a_change_cannot_hide_its_own_files(project: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        named = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *named, *arguments], cwd=project, check=True, capture_output=True)

    monkeypatch.chdir(project)
    (project / "grants.sql").write_text("GRANT ROLE DBT_ROLE TO USER DBT_SVC;\n")
    git("init", "-b", "main")
    git("add", "-A")
    git("commit", "-m", "first")
    git("checkout", "-b", "change")
    if how == "attributes":
        (project / ".gitattributes").write_text("*.sql binary\n")
        (project / "grants.sql").write_text(f"{REVOKE}\n")
    else:
        (project / "grants.sql").rename(project / "grants.md")
    git("add", "-A")
    git("commit", "-m", "second")

    done = run(project, "--base", "main")

    assert done.exit_code == 1, done.output
    assert "grants.sql:1" in done.output


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_diff_from_elsewhere_is_no_review_of_anything(project: Path, text: str) -> None:
    (project / "empty.diff").write_text(text)

    for done in (run(project, given=text), run(project, "-", given=text), run(project, str(project / "empty.diff"))):
        assert done.exit_code == 2
        assert "is empty, so nothing was compared" in done.output
        assert "no registered account" not in done.output
    document = json.loads(run(project, "--json", given=text).stdout)
    assert (document["findings"], document["exit_code"]) == ([], 2)


def test_what_nobody_can_tell_whose_it_is_is_exit_code_3(project: Path) -> None:
    text = diff("REVOKE ROLE other FROM USER {{ who }};")
    done = run(project, given=text)

    assert done.exit_code == 3
    assert "NOT REVIEWED: infra/access.sql:11: cannot tell whose: REVOKE: REVOKE ROLE other FROM USER {{ who }}" in (
        done.output
    )
    assert "no registered account" not in done.output
    (told,) = json.loads(run(project, "--json", given=text).output)["not_reviewed"]
    assert told.startswith("infra/access.sql:11: cannot tell whose")
    assert run(project, "--ignore", "infra/*", given=text).exit_code == 0
