from __future__ import annotations

import pytest

from tests.gx.docs import hostile
from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read


def test_nothing_hostile_becomes_markup_on_any_page(project: DocsProject) -> None:
    project.publish(*hostile.store(project))
    pages = project.pages()
    runs = len(hostile.PAYLOADS) + len(hostile.NAMES)
    assert len(pages) == 3 * runs + 1
    dangers = {path: read(html).dangers for path, html in pages.items()}
    assert {path: found for path, found in dangers.items() if found} == {}


def test_hostile_text_is_shown_as_text(project: DocsProject) -> None:
    for payload in hostile.PAYLOADS:
        key = project.store_run("s.t", [result(expectation(column="a", notes=payload), success=False)])
        assert payload in read(project.result_page(key)).text


def test_every_page_is_inside_the_site_and_every_link_leads_to_one(project: DocsProject) -> None:
    before = {path for path in project.state.parent.rglob("*") if not path.is_relative_to(project.state)}
    project.publish(*hostile.store(project))
    after = {path for path in project.state.parent.rglob("*") if not path.is_relative_to(project.state)}
    assert after == before
    for path, html in project.pages().items():
        for link in read(html).links:
            target = (project.site / path).parent / link
            assert target.is_file(), f"{path} -> {link}"
            assert target.resolve().is_relative_to(project.site.resolve())


def test_every_page_forbids_scripts_and_requests_by_its_policy(project: DocsProject) -> None:
    project.publish(*hostile.store(project))
    for html in project.pages().values():
        head = html[: html.index("</head>")]
        policy = "default-src 'none'; style-src 'sha256-"
        assert policy in head.replace("&#39;", "'")
        assert "script-src" not in head
        assert "<script" not in html.lower()


@pytest.mark.parametrize("name", hostile.NAMES)
def test_a_full_build_finds_any_name_again(project: DocsProject, name: str) -> None:
    key = project.store_run(name, [result()], run_name=name, batch=name)
    published = project.publish(key)
    project.context.build_data_docs()
    assert project.page("index.html") == published
