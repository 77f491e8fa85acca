"""A TCP proxy on loopback that delays, cuts and swallows what passes through it."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from flows.local.ports import LOOPBACK
from tests.brokers.server import kept_port

CHUNK = 65_536


class Trouble(Struct, frozen=True):
    """What is done to every connection."""

    delay_s: float = 0.0
    """Before each piece is passed on, in both directions."""
    cut_after: int | None = None
    """Bytes of requests that still pass; with the last of them the connection is cut."""
    swallow: bool = False
    """Requests arrive, and their answers do not."""


NONE = Trouble()


class Proxy:
    """Listens on `port` and passes on to `target`; belongs to a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        """The port behind it; a change is for connections to come."""
        self.trouble = NONE
        self.port = kept_port()
        self.cuts = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._meet, LOOPBACK, self.port))

    def cut(self) -> None:
        """Close every connection that is open, in the middle of whatever it is about."""
        self._call(self._cut())

    def close(self) -> None:
        """Listen no more, and close every connection."""
        self._call(self._listen_no_more())
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen_no_more(self) -> None:
        self._server.close()  # asyncio's own thread alone may touch a server

    async def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = {writer}
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                behind, onward = await asyncio.open_connection(LOOPBACK, self.target)
                ends.add(onward)
                self._open.add(onward)
                await self._pass_on(reader, onward, behind, writer)
        finally:
            for end in ends:
                self._open.discard(end)
                end.transport.abort()
            self._tasks.discard(task)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        onward: asyncio.StreamWriter,
        behind: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Both ways, until one of them ends."""
        ways = [
            asyncio.ensure_future(self._requests(reader, onward)),
            asyncio.ensure_future(self._answers(behind, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed, counted_for = 0, NONE
        while piece := await reader.read(CHUNK):
            trouble = self.trouble
            if trouble is not counted_for:
                passed, counted_for = 0, trouble
            await asyncio.sleep(trouble.delay_s)
            if trouble.cut_after is not None and passed + len(piece) > trouble.cut_after:
                writer.write(piece[: trouble.cut_after - passed])
                await writer.drain()
                self.cuts += 1
                return
            passed += len(piece)
            writer.write(piece)
            await writer.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(CHUNK):
            trouble = self.trouble
            await asyncio.sleep(trouble.delay_s)
            if not trouble.swallow:
                writer.write(piece)
                await writer.drain()
