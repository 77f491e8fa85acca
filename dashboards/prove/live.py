"""A live flow to ask: the embedded stack with simulated customers, on free ports."""

import http.client
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import orjson
from msgspec import Struct

from dashboards.places import ROOT
from flows.local.data_dir import DataDir
from flows.local.session import Interrupts
from flows.local.stack import Demo, Plan, Stack
from flows.settings import Settings

# Few customers, so that they come back, get into segments and raise alerts within seconds.
CROWD: Final = Demo(rate=300, customers=300, seed=1)
PLAN: Final = Plan(kafka_port=0, redis_port=0, metrics_port=0, decide_port=0, demo=CROWD)
PLACEMENT: Final = "home"
"""Of the playbook: where pages want offers."""
BUDGETS: Final = "\nbudgets: {samples: {units: 100}}\n"
"""Beside that playbook, which has none: for the panels that tell of them."""
ANSWER_S: Final = 5.0


class Live(Struct, frozen=True):
    """A flow that runs."""

    urls: dict[str, str]
    """Flow → URL of its metrics."""
    look: Callable[[], None]
    """To be called wherever something is waited for. Raises ChildDied when a process of the stack
    has ended, and KeyboardInterrupt when the user has asked to stop."""


@contextmanager
def live_flow(folder: Path, interrupts: Interrupts) -> Iterator[Live]:
    """The stack while the block runs; afterwards nothing runs any more.

    Raises what `flows.local.stack.Stack` raises when it starts.
    """
    with DataDir(folder) as data_dir:
        playbook = folder / "playbook.yaml"
        playbook.write_text((ROOT / Settings().playbook).read_text() + BUDGETS)
        settings = msgspec.structs.replace(Settings(), playbook=str(playbook))
        stack = Stack(data_dir, settings, PLAN, interrupts.asked)
        interrupts.stack = stack

        numbers = itertools.count()
        try:
            stack.start_services()
            ready = stack.start_flows()

            def look() -> None:
                if interrupts.asked():
                    raise KeyboardInterrupt
                stack.check()
                _ask(ready.decide_url, f"asks-{next(numbers)}")

            yield Live(ready.metrics_urls, look)
        finally:
            stack.stop()


def _ask(url: str, customer: str) -> None:
    """Offers, as a page does; whatever comes is in the metrics."""
    parts = urlsplit(url)
    page = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_S)
    body = orjson.dumps({"customer_id": customer, "placement": PLACEMENT})
    with suppress(OSError, http.client.HTTPException):
        page.request("POST", parts.path, body)
        page.getresponse().read()
    page.close()
