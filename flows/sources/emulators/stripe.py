"""Stripe's API on this machine: the localstripe server, in memory, filled with the reference September.

Started by `embedded_sources` as `python -m flows.sources.emulators.stripe`. Beyond Stripe's own routes it
takes `POST /_config/state` (form field `state`: `first` or `latest`) and `POST /_config/stall` (`list`,
`times`): the next so many requests of that list get no answer, as from a network that drops packets.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from localstripe import server
from localstripe.errors import UserError

from flows.child import announce_ready, listen, when_parent_is_gone
from flows.sources.emulators.stripe_lists import LISTED, list_objects
from flows.sources.emulators.stripe_objects import change_store, keep_store_in_memory, seed_store
from flows.sources.generator_stripe import September, september

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LONGER_THAN_ANY_CLIENT_WAITS = 600


class ReferenceRoutes:
    """The lists, the stall and the two states, in front of localstripe's own routes."""

    def __init__(self, data: September, *, faulty: bool) -> None:
        self._data = data
        self._stalls: Counter[str] = Counter()
        seed_store(data.first if faulty else data.latest)

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the lists; pass everything else on."""
        if request.method != "GET" or request.path not in LISTED:
            return await handler(request)
        name = request.path.rsplit("/", 1)[1]
        if self._stalls[name] > 0:
            self._stalls[name] -= 1
            await asyncio.sleep(_LONGER_THAN_ANY_CLIENT_WAITS)
        return list_objects(request)

    async def set_state(self, request: web.Request) -> web.Response:
        """Move to the first-synced or the latest state."""
        state = str((await request.post()).get("state", ""))
        if state not in ("first", "latest"):
            raise UserError(400, "state must be first or latest")
        change_store(self._data.first if state == "first" else self._data.latest)
        return web.json_response({"state": state})

    async def set_stall(self, request: web.Request) -> web.Response:
        """Let the next requests of one list hang."""
        form = await request.post()
        name, times = str(form.get("list", "")), str(form.get("times", "1"))
        if f"/v1/{name}" not in LISTED or not times.isdigit():
            raise UserError(400, f"list must be one of {', '.join(sorted(LISTED))} and times a number")
        self._stalls[name] = int(times)
        return web.json_response({"list": name, "times": int(times)})


def serve(port: int, seed: int, *, faulty: bool, ready_file: Path | None) -> None:
    """Serve on 127.0.0.1 until the parent is gone; port 0 takes a free one."""
    keep_store_in_memory()
    routes = ReferenceRoutes(september(seed), faulty=faulty)
    # After localstripe's own middlewares: errors and authentication work as for every other route.
    server.app.middlewares.append(routes.answer)
    server.app.router.add_post("/_config/state", routes.set_state)
    server.app.router.add_post("/_config/stall", routes.set_stall)
    listener = listen(port)

    async def announce(_app: web.Application) -> None:
        if ready_file is not None:
            announce_ready(ready_file, f"http://127.0.0.1:{listener.getsockname()[1]}")
            when_parent_is_gone(lambda: os._exit(0))

    server.app.on_startup.append(announce)
    web.run_app(server.app, sock=listener, access_log=None, print=None)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m flows.sources.emulators.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faulty", action="store_true", help="start in the state that the first sync saw")
    parser.add_argument("--ready-file", type=Path, help="where to write the address; then end with standard input")
    options = parser.parse_args()
    serve(options.port, options.seed, faulty=options.faulty, ready_file=options.ready_file)


if __name__ == "__main__":
    main()
