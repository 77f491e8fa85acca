"""Who asks: `touchline run decide` and the touchpoints flow as children, and requests to them."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.faults.programs import Child
from tests.faults.world import World

CLI = "from flows.cli import main; main()"
DIES = """
import os, signal
from flows.deciding.writing import Writing
written = Writing.write
async def dies(self, *arguments, early):
    if {after}:
        await written(self, *arguments)
    os.kill(os.getpid(), signal.SIGKILL)
Writing.write = dies
"""
"""Before CLI: at its first decision it is killed, before it is written down or after."""


class Answered(NamedTuple):
    """What came of a request."""

    status: int
    headers: dict[str, str]
    document: Any
    raw: bytes

    @property
    def offers(self) -> list[str]:
        """Their ids, by rank."""
        return [one["offer_id"] for one in self.document["offers"]]


@contextmanager
def running(world: World, flow: str, before: str = "", **settings: str) -> Iterator[dict[str, Any]]:
    """`touchline run` of a flow, once it is ready: what it says then."""
    words = ["-c", before + CLI, "run", flow, "--json"]
    environment = {**world.environment, "TOUCHLINE_DECIDE_PORT": "0", **settings}
    child = Child(words, environment, "stdout", "stderr")
    try:
        line = child.stdout.readline()
        assert line, child.communicate()[1]
        yield json.loads(line)
        if not before:
            child.terminate()
            said = child.communicate(timeout=30)[1]
            assert (child.returncode, "Traceback" in said) == (0, False), said
    finally:
        child.kill()
        child.communicate()


def post(url: str, body: Any, method: str = "POST", path: str = "") -> Answered:
    """A request of its own connection. Raises OSError or HTTPException when there is no answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path or parts.path, raw)
        answer = connection.getresponse()
        text = answer.read()
        return Answered(answer.status, dict(answer.headers), json.loads(text), text)
    finally:
        connection.close()


def ask(
    url: str, customer_id: str, request: str | None = None, *, early: bool = False, **context: Any
) -> Answered:
    """For the placement `home`."""
    body = {"customer_id": customer_id, "placement": "home", "context": context}
    body |= {} if request is None else {"message_id": request}
    return post(url, body | ({"early": True} if early else {}))
