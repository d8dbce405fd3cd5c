from __future__ import annotations

import asyncio
import socket

from flows.child import listen


def test_what_a_server_answers_waits_for_no_acknowledgement():
    async def without_delay() -> int:
        taken: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

        def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken.set_result(writer.get_extra_info("socket"))

        listener = listen()
        async with await asyncio.start_server(connected, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            set_ = (await taken).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()
        return set_

    assert asyncio.run(without_delay())
