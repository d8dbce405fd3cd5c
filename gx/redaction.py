"""Keep secrets out of everything that is shown or stored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from sqlalchemy.engine import URL

HIDDEN = "***"
_URL_PASSWORD = re.compile(r"(?P<head>[a-z][a-z0-9+.\-]*://[^\s:/@]*):[^\s@]+@", re.IGNORECASE)
_SHORTEST_SECRET = 4


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without the given secrets and without the password of any URL in it.

    Secrets shorter than four characters are not searched for: hiding every ``a`` would destroy the text
    without hiding anything.
    """
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return _URL_PASSWORD.sub(rf"\g<head>:{HIDDEN}@", text)


def safe_url(url: URL) -> str:
    """The URL for people: password hidden, and the query (which may carry tokens) left out."""
    return url.set(query={}).render_as_string(hide_password=True)


def url_secrets(url: URL) -> tuple[str, ...]:
    """Every part of a URL that must not be shown, in each form it may be shown in."""
    values = [url.password or ""]
    for name, value in url.query.items():
        if any(word in name.lower() for word in ("password", "token", "secret", "key", "passcode")):
            values.extend([value] if isinstance(value, str) else value)
    # A driver may show a password as it is, or as it stood in the URL.
    return tuple(
        form for value in values if value for form in dict.fromkeys((value, quote(value, safe=" +"), quote(value)))
    )
