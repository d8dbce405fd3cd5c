from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from gx.docs import view
from gx.docs.view import content_security_policy
from tests.gx.docs import hostile
from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read


def test_nothing_hostile_becomes_markup_on_any_page(project: DocsProject) -> None:
    project.publish(*hostile.store(project), standing=hostile.standing())
    pages = project.pages()
    runs = len(hostile.PAYLOADS) + len(hostile.NAMES) + 1
    further = [path for path in pages if re.search(r"/~[0-9a-f]{12}\.\d\.html$", path)]
    assert len(further) == 2
    assert len(pages) - len(further) == 3 * runs + 1  # the suite, the run and the table of each; the index
    dangers = {path: read(html).dangers for path, html in pages.items()}
    assert {path: found for path, found in dangers.items() if found} == {}


def test_what_the_site_remembers_of_hostile_runs_stays_text(project: DocsProject) -> None:
    project.publish(*hostile.store(project), standing=hostile.standing())
    for number, payload in enumerate(hostile.PAYLOADS):  # their pages, and the index, are made of lines that were kept
        project.publish(project.store_run(f"payload.{number}", [result()], day=50, table=payload, run_name=payload))
    pages = {path: html for path, html in project.pages().items() if path.startswith(("tables/", "index"))}
    assert {path: read(html).dangers for path, html in pages.items() if read(html).dangers} == {}
    for payload in hostile.PAYLOADS:
        assert payload in read(pages["index.html"].partition('id="recent"')[2]).text


def test_hostile_text_is_shown_as_text(project: DocsProject) -> None:
    for payload in hostile.PAYLOADS:
        key = project.store_run("s.t", [result(expectation(column="a", notes=payload), success=False)])
        assert payload in read(project.result_page(key)).text


def test_every_page_is_inside_the_site_and_every_link_leads_to_one(project: DocsProject) -> None:
    before = {path for path in project.state.parent.rglob("*") if not path.is_relative_to(project.state)}
    project.publish(*hostile.store(project), standing=hostile.standing())
    after = {path for path in project.state.parent.rglob("*") if not path.is_relative_to(project.state)}
    assert after == before
    for path, html in project.pages().items():
        for link in read(html).links:
            target = (project.site / path).parent / link
            assert target.is_file(), f"{path} -> {link}"
            assert target.resolve().is_relative_to(project.site.resolve())


def test_every_page_brings_the_policy_and_only_scripts_that_it_names(project: DocsProject) -> None:
    project.publish(*hostile.store(project), standing=hostile.standing())
    policy = content_security_policy()
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for html in project.pages().values():
        assert policy in html[: html.index("<title>")].replace("&#39;", "'")
        for tag in ("style", "script"):
            for inline in re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL):
                assert f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'" in policy


def test_the_vendored_files_are_those_that_the_notice_names() -> None:
    assets = Path(view.__file__).parent / "assets"
    notice = (assets / "NOTICE.md").read_text()
    named = dict(re.findall(r"\| `(uPlot[^`]*)` .* `([0-9a-f]{64})` \|", notice))
    assert {path.name for path in assets.glob("uPlot*")} == set(named)
    for name, digest in named.items():
        assert sha256((assets / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", hostile.NAMES)
def test_a_full_build_finds_any_name_again(project: DocsProject, name: str) -> None:
    key = project.store_run(name, [result()], run_name=name, batch=name)
    published = project.publish(key)
    project.context.build_data_docs()
    assert project.page("index.html") == published


def test_the_readme_says_the_policy_that_a_server_may_send() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    assert f"Content-Security-Policy: {content_security_policy()}; frame-ancestors 'none'\n" in readme
