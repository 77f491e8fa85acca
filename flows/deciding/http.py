"""POST /v1/decide, as an ASGI application: whatever comes, an answer in JSON, and no exception."""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

from connectors.events.decode import MAX_BYTES
from flows.deciding.answering import Answering
from flows.deciding.failure import Code, Failure
from flows.deciding.question import read_question
from flows.metrics.meter import Meter
from flows.metrics.of_deciding import ANSWERED

log = logging.getLogger("touchline.decide")

PATH: Final = "/v1/decide"
BODY_S: Final = 5.0
"""How long a body may take to come."""
MOST_AT_ONCE: Final = 256
"""Requests under way: more only wait for each other, and their callers have a page to show."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LATER = ((b"retry-after", b"1"),)
CLOSED = ((b"connection", b"close"),)
"""What is left of the body is not read."""
MORE: Final = {
    Code.WRONG_METHOD: ((b"allow", b"POST"),),
    Code.TOO_LARGE: CLOSED,
    Code.TOO_SLOW: CLOSED,
    Code.BUSY: LATER,
    Code.REDIS_AWAY: LATER,
    Code.KAFKA_AWAY: LATER,
}
"""Code of a failure → headers that its answer has besides."""

TOO_LARGE = Failure(Code.TOO_LARGE, f"expected at most {MAX_BYTES} bytes, got more")
TOO_SLOW = Failure(Code.TOO_SLOW, f"expected the body within {BODY_S:.0f} s")
BUSY = Failure(Code.BUSY, f"{MOST_AT_ONCE} requests are under way: ask again")
FAILED = Failure(Code.FAILED, "the request could not be answered; the log says where")


class Gone(Exception):
    """The caller does not wait any more."""


class Api:
    """Belongs to one event loop."""

    def __init__(self, answering: Answering, meter: Meter) -> None:
        self._answering = answering
        self._meter = meter
        self._under_way = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        began_s = time.perf_counter()
        self._under_way += 1
        try:
            found = await self._answer(scope, receive)
        except Gone:
            return
        finally:
            self._under_way -= 1
        await _send(found, send)
        outcome = found.code if isinstance(found, Failure) else ANSWERED
        self._meter.add("touchline_decide_requests_total", outcome=outcome)
        self._meter.observe("touchline_decide_seconds", time.perf_counter() - began_s)

    async def _answer(self, scope: Message, receive: Receive) -> bytes | Failure:
        if scope["path"] != PATH:
            return Failure(Code.UNKNOWN_PATH, f"expected {PATH}")
        if scope["method"] != "POST":
            return Failure(Code.WRONG_METHOD, f"expected POST, got {scope['method'][:16]}")
        if self._under_way > MOST_AT_ONCE:
            return BUSY
        body = await _body(receive)
        if isinstance(body, Failure):
            return body
        asked = read_question(body, self._answering.playbook.placements)
        if isinstance(asked, Failure):
            return asked
        try:
            return await self._answering.answer(asked)
        except Exception as error:  # noqa: BLE001 - one request's trouble must not end the others
            # Where it happened, and not what it says: that may hold what is known of a customer.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename}:{frame.lineno}"
            log.error("a request could not be answered: %s at %s", type(error).__name__, where)
            return FAILED


async def _body(receive: Receive) -> bytes | Failure:
    """All of it. Raises Gone."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part = message.get("body", b"")
                parts.append(part)
                size += len(part)
                if size > MAX_BYTES:
                    return TOO_LARGE
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        return TOO_SLOW


async def _send(found: bytes | Failure, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if isinstance(found, Failure):
        status, body = found.status, found.document
        headers += MORE.get(found.code, ())
    else:
        status, body = HTTPStatus.OK, found
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
