"""A small web server for a site in a folder, with the headers that a public one should send."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from gx.docs.view import content_security_policy
from gx.errors import SluiceError


class PortError(SluiceError):
    """The server could not listen where it was told to."""


class DocsServer(ThreadingHTTPServer):
    """Serves until it is interrupted."""

    daemon_threads = True

    @property
    def url(self) -> str:
        """Where the front page is."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"


class _Handler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", f"{content_security_policy()}; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def send_head(self) -> Any:
        # A page elsewhere may have its own name resolve to this machine, to read what is served to it alone.
        name = (self.headers.get("Host") or "").rpartition(":")[0].strip("[]") or self.headers.get("Host", "")
        listening = str(cast("DocsServer", self.server).server_address[0])
        if ip_address(listening).is_loopback and name not in ("localhost", listening):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        # The pages are what is to be seen: not the manifest, not what is still being written.
        file = Path(super().translate_path(path).replace("\0", "~"))
        parts = file.relative_to(self.directory).parts
        hidden = parts[:1] == ("manifest",) or any(part.startswith(".") for part in parts)
        return str(Path(self.directory, ".nothing") if hidden else file)

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
        """Nobody asked for a line per request."""


def docs_server(directory: Path, host: str, port: int) -> DocsServer:
    """A server of this folder, to be used in a ``with`` statement.

    Raises:
        PortError: something else listens there, or this machine has no such address.
    """
    try:
        return DocsServer((host, port), partial(_Handler, directory=str(directory)))
    except OSError as error:
        raise PortError(f"cannot listen at {host}:{port}: {error.strerror}; choose another --port or --host") from None
