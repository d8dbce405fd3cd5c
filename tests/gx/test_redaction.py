"""Passwords and tokens are in no text that is shown."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import URL, make_url

from gx.redaction import redact, safe_url, url_secrets

URLS = [
    "postgresql://me:pa55word@host:5432/db?sslmode=require",
    "snowflake://me:pa55word@account/db/schema?warehouse=w&token=t0kent0ken&private_key_passphrase=phrase55",
    "duckdb:////path/file.duckdb?motherduck_token=t0kent0ken",
]


@pytest.mark.parametrize("text", URLS)
def test_a_url_is_shown_without_password_and_query(text: str) -> None:
    shown = safe_url(make_url(text))
    for secret in ("pa55word", "t0kent0ken", "phrase55", "?"):
        assert secret not in shown
    assert shown.startswith(text.split(":", maxsplit=1)[0])


@pytest.mark.parametrize("text", URLS)
def test_every_secret_of_a_url_is_found_and_removed_from_any_text(text: str) -> None:
    secrets = url_secrets(make_url(text))
    shown = redact(f"driver says: {' and '.join(secrets)} are wrong for {text}", secrets)
    for secret in secrets:
        assert secret not in shown
    assert "require" not in secrets
    assert "w" not in secrets


@pytest.mark.parametrize("password", ["p@ss/w:rd%", "ä ö ü", "a b+c", "a'b\"c"])
def test_a_password_with_special_signs_is_hidden_in_the_driver_and_in_the_url(password: str) -> None:
    url = URL.create("postgresql", "me", password, "host", database="db")
    text = f"{url.render_as_string(hide_password=False)} / {password}"
    shown = redact(text, url_secrets(url))
    assert shown == "postgresql://me:***@host/db / ***"


def test_texts_without_secrets_stay_as_they_are() -> None:
    for text in ("see https://example.com/a:b", "a:b@c", "12:30 at 5", "postgresql://me@host/db"):
        assert redact(text) == text
    assert redact("a is not hidden", ["a"]) == "a is not hidden"
