"""Statements that stand in programs, templates and Terraform: over lines, in pieces, and not to their end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.permissions.review import review
from flows.preflight.accounts import REGISTRY, Registry, load_registry
from tests.flows.permissions.test_review import ACCOUNTS, diff


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    file: Path = tmp_path_factory.mktemp("registry") / REGISTRY
    file.write_text(ACCOUNTS)
    found = load_registry(file)
    assert found is not None
    return found


def outcome(text: str, file: str, registry: Registry) -> tuple[list[int], int]:
    """The lines of the findings, counted from the text's first; and of how many statements nobody can tell whose."""
    found, unread = review(diff(text, file=file), registry)
    return sorted({one.line - 10 for one in found}), len(unread)


REVOKE = "revoke select on raw.charges from role dbt_role"
TEMPLATES = {
    "a hook": (f'{{{{ config(post_hook="{REVOKE}") }}}} select 1', 1),
    "in single quotes": (f"{{{{ config(post_hook='{REVOKE}') }}}} select 1", 1),
    "with a value in it": ('{{ config(post_hook="revoke select on {{ this }} from role dbt_role") }} select 1', 1),
    "over lines": (f"{{{{ config(\n  materialized='table',\n  post_hook=[\n    '{REVOKE}'\n  ]\n) }}}}\nselect 1", 4),
    "a hook over lines": (
        '{{ config(post_hook="\n revoke select\n on {{ this }}\n from role dbt_role") }} select 1', 2,
    ),
    "in a comment, which dbt renders": (f'-- {{{{ config(post_hook="{REVOKE}") }}}}\nselect 1', 1),
    "run_query": (f'{{% do run_query("{REVOKE}") %}}', 1),
    "in pieces": ("{% do run_query('revoke select on raw.charges' ~ ' from role dbt_role') %}", 1),
    "set": (f"{{% set q %}}\n{REVOKE}\n{{% endset %}}", 2),
    "behind a hook with a value": ('{{ config(post_hook="analyze {{ this }}") }}\n' + REVOKE, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_revoke_in_a_models_template_is_found(registry: Registry, name: str) -> None:
    text, line = TEMPLATES[name]
    assert outcome(text, "models/a.sql", registry) == ([line], 0)


PROGRAMS = {
    "a resource": ("p.tf", f'resource "snowflake_execute" "x" {{\n  execute = "{REVOKE}"\n}}', 2),
    "a resource's heredoc": (
        "p.tf", 'resource "x" "x" {\n  a = <<-SQL\n    revoke select on raw.charges\n    from role dbt_role\n  SQL\n}',
        3,
    ),
    "comments between": ("a.py", 'q = """\nrevoke select -- the old way\n on raw.charges\n from role dbt_role\n"""', 2),
    "a comment in a heredoc": ("a.sh", "sql <<X\ndrop role -- it's over\n  dbt_role\nX", 2),
    "a list of comments": (
        "a.tf", "e = <<-X\n revoke select, -- read\n insert -- write\n on table raw.charges from role dbt_role\nX", 2,
    ),
    "several roles": ("a.py", 'run("revoke interns, dbt_role from somebody")', 1),
    "an option": ("a.py", 'run("revoke admin option for dbt_role from somebody")', 1),
    "three quotes": ("a.py", 'cur.execute("""\nrevoke select on raw.charges\n from role dbt_role\n""")', 2),
    "pieces over lines": ("a.py", 'cur.execute(\n  "revoke select on raw.charges"\n  f" from role dbt_role"\n)', 2),
    "pieces with a sign": ("a.js", 'run("drop table " +\n  "raw.charges")', 1),
    "pieces of a name": ("a.py", 'run("drop table raw." "charges")', 1),
    "a plus": ("a.py", 'q = "DROP TABLE " + "raw.charges"', 1),
    "quoted names": ("a.py", """run('revoke select on "RAW"."CHARGES" from role "X", "DBT_ROLE"')""", 1),
    "quoted names in one's own quotes": ("a.json", r'{"q": "drop table \"RAW\".\"CHARGES\""}', 1),
    "a line break in it": ("a.json", r'{"q": "revoke select on raw.charges\nfrom role dbt_role"}', 1),
    "a notebook": (
        "a.ipynb",
        r'''  "cur.execute(\"\"\"\n",
  "revoke select on raw.charges\n",
  "  from role dbt_role\n",
  "\"\"\")"''',
        2,
    ),
    "a heredoc": ("a.sh", "psql <<EOF\nrevoke select on raw.charges\nfrom role dbt_role\nEOF\nls", 2),
    "a line that goes on": ("a.sh", f'snowsql \\\n  -q "{REVOKE}"', 2),
    "behind an option": ("a.sh", f'psql --command="{REVOKE}"', 1),
    "behind two dashes": ("a.sh", f'kubectl exec pod -- psql -c "{REVOKE}"', 1),
    "behind an address": ("a.sh", f'psql postgresql://u@h/db -c "{REVOKE}"', 1),
    "behind a glob": ("a.sh", f"rm logs/*\npsql -c '{REVOKE}'", 2),
    "a folded hook": ("s.yml", "post-hook: >\n  revoke select on raw.charges\n  from role dbt_role\ntags: x", 2),
    "a hook's template": ("s.yml", f"""on-run-end: "{{{{ run_query('{REVOKE}') }}}}" """, 1),
    "the second of a list": ("s.yml", "- drop table staging.x\n- drop table raw.charges", 2),
    "the second of a list in one line": ("s.yml", "[drop table staging.x, drop table raw.charges]", 1),
    "the second of a JSON list": ("a.json", '["drop table staging.x", "drop table raw.charges"]', 1),
    "a new owner": ("a.py", 'run("grant ownership on schema raw "\n    "to role other revoke current grants")', 1),
    "a long list": ("a.py", f"revoke select on {', '.join(f'raw.t{n}' for n in range(50))} from role dbt_role", 1),
    "another name": ("a.py", 'run("""alter table raw.charges\n  rename to old""")', 1),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_statement_in_a_program_is_found_whatever_it_is_set_in(registry: Registry, name: str) -> None:
    file, text, line = PROGRAMS[name]
    assert outcome(text, file, registry) == ([line], 0)


OPEN = {
    "no FROM": ("a.py", 'run("revoke select on raw.charges")'),
    "a comma": ("a.py", 'run("revoke select on raw.charges", role)'),
    "a space and more": ("a.py", 'run("revoke usage on all tables in schema raw " + tail)'),
    "a comment": ("a.py", "run('revoke select\\n on raw.charges -- why\\n from role dbt_role')"),
    "FROM and nothing": ("a.py", 'q = "revoke select on raw.charges from role "\nq += role'),
    "the middle": ("a.py", 'run("revoke select on raw.charges" + tail)'),
    "FROM and a list": ("a.py", "' '.join(['revoke select on raw.charges from', role])"),
    "a role from nobody": ("a.py", "q = 'revoke other from '\nq += who"),
    "DROP and nothing": ("a.py", 'q = "drop role "\nq += role'),
    "a name's beginning": ("a.py", 'run("drop role dbt_" + name)'),
    "a variable": ("a.tf", 'execute = "REVOKE SELECT ON RAW.CHARGES FROM ROLE ${var.role}"'),
    "a template's end": ("a.sql", "{% do run_query('revoke select on raw.charges from role ' ~ role) %}"),
    "SQL without FROM": ("a.sql", "revoke select on raw.charges {{ whom }};"),
    "SQL that ends": ("a.sql", "revoke select on raw.charges"),
}


@pytest.mark.parametrize("name", OPEN)
def test_whose_it_is_cannot_be_told_where_the_statement_does_not_say(registry: Registry, name: str) -> None:
    file, text = OPEN[name]
    assert outcome(text, file, registry) == ([], 1)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", 'run("revoke select on raw.charges from role interns")\nuse("dbt_role")'),
        ("a.py", 'run("drop table staging.x")\nfrom raw import charges, dbt_role'),
        ("a.py", 'assert "DROP TABLE" in sql or "REVOKE" in sql'),
        ("a.py", '"""To revoke: ask. We revoke access; a drop of rows, and drop table statistics."""'),
        ("a.py", "# revoke what {name} may do, and drop it"),
        ("a.sh", "# rotate: revoke the old token from dbt_role"),
        ("a.py", '"""Loading must not revoke its rights from dbt_role."""'),
        ("a.py", "word == 'REVOKE' and 'FROM' not in words and 'ON' in words"),
        ("a.sh", "revoke usage on schema x to come\nrevoke select on y from z"),
        ("a.py", '"""Revoke all on a schema that was left behind; revoke select on the old tables, too."""'),
        ("a.sh", "psql <<EOF\nrevoke select on raw.charges from role interns;\nEOF\nexport ROLE=dbt_role"),
        ("a.py", "x = '''\n-- revoke select on raw.charges from role dbt_role\n'''"),
        ("a.js", "const x = `select 1`; /* drop role dbt_role */"),
        ("a.tf", 'resource "x" "y" {\n  comment = "drop in"\n}'),
        ("a.sql", "{{ config(post_hook='grant select on raw.charges to role dbt_role') }} select 1"),
        ("a.sql", "{# {{ config(post_hook='drop role dbt_role') }} #} select 1"),
    ],
)
def test_what_takes_nothing_from_the_account_is_quiet(registry: Registry, file: str, text: str) -> None:
    assert outcome(text, file, registry) == ([], 0)


@pytest.mark.parametrize("file", ["a.py", "a.yml", "a.sql"])
def test_a_grant_that_is_taken_out_of_a_program_is_gone(registry: Registry, file: str) -> None:
    text = """{{ config(post_hook="grant select on raw.charges to role dbt_role") }}"""
    found, unread = review(diff("x", removed=text, file=file), registry)
    assert ([one.lost for one in found], unread) == ([("SELECT ON TABLE ANALYTICS.RAW.CHARGES",)], [])
    assert review(diff(text.replace("config(", "config(a=1, "), removed=text, file=file), registry) == ([], [])


WORDS = REVOKE.split()
QUOTES = st.sampled_from(['"', "'", '"""'])


@settings(deadline=None)
@given(st.sets(st.integers(1, len(WORDS) - 1)), QUOTES, st.sampled_from(["\n", " +\n", "\n  ", " "]))
def test_wherever_a_program_breaks_a_statement_it_is_found(
    registry: Registry, places: set[int], quote: str, between: str
) -> None:
    """Set in pieces at any of its words, in one's own quotes or within three of them."""
    pieces, last = [], 0
    for place in [*sorted(places), len(WORDS)]:
        pieces.append(" ".join(WORDS[last:place]))
        last = place
    text = "\n".join(pieces) if quote == '"""' else f" {quote}{between}{quote}".join(pieces)
    found, unread = review(diff(f"run({quote}{text}{quote})", file="a.py"), registry)
    assert ([one.line for one in found], unread) == ([11], [])
