"""The dead-man's switch: somebody outside hears after each run of the monitor that it lives, and misses it when not."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit

from pydantic import SecretStr

_SECONDS = 10.0


def ping(url: SecretStr | None, *, well: bool, timeout_seconds: float = _SECONDS) -> str | None:
    """Tell a service such as healthchecks.io that the monitor ran; what went wrong, if anything did. Never raises.

    Args:
        url: asked with GET; with ``/fail`` after its path when not all is well. None: nobody is told.
        well: whether the monitor could do all its work.
        timeout_seconds: for the whole of it.
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return "SLUICE_HEARTBEAT_URL is no http or https address; nobody outside was told that the monitor ran"
        address = (parts if well else parts._replace(path=f"{parts.path.rstrip('/')}/fail")).geturl()
        request = urllib.request.Request(address, headers={"User-Agent": "sluice"})  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
            answer.read(1)
    except urllib.error.HTTPError as error:
        return f"the address in SLUICE_HEARTBEAT_URL answered {error.code}"
    except Exception as error:  # noqa: BLE001 - the address is a secret, and stands in many an error's text
        return f"the address in SLUICE_HEARTBEAT_URL could not be reached ({type(error).__name__})"
    return None
