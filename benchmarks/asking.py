"""A page that asks `touchline run decide`: kept connections, and an answer's status and body."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Page:
    """Asks through whichever of its connections is free; belongs to one event loop."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._free: asyncio.Queue[Connection] = asyncio.Queue()

    async def connect(self) -> None:
        """One connection more. Raises OSError."""
        parts = self._parts
        self._free.put_nowait(await asyncio.open_connection(parts.hostname, parts.port))

    async def post(self, raw: bytes) -> tuple[int, bytes]:
        """The status and the body that a request with this body is answered with."""
        parts = self._parts
        reader, writer = await self._free.get()
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(raw)}"
        writer.write(f"{head}\r\n\r\n".encode() + raw)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        self._free.put_nowait((reader, writer))
        return int(answer.split(b" ", 2)[1]), body

    async def close(self) -> None:
        """Give all connections up; none is in use."""
        while not self._free.empty():
            _, writer = self._free.get_nowait()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def page(url: str, connections: int) -> AsyncIterator[Page]:
    """One with so many connections. Raises OSError."""
    opened = Page(url)
    try:
        for _ in range(connections):
            await opened.connect()
        yield opened
    finally:
        await opened.close()
