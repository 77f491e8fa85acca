"""A live flow to ask: the embedded stack with simulated customers, on free loopback ports."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from dashboards.places import ROOT
from flows.local.data_dir import DataDir
from flows.local.session import Interrupts
from flows.local.stack import Demo, Plan, Stack
from flows.settings import Settings

# Few customers, so that they come back, get into segments and raise alerts within seconds.
CROWD: Final = Demo(rate=300, customers=300, seed=1)
PLAN: Final = Plan(kafka_port=0, redis_port=0, metrics_port=0, demo=CROWD)


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
    playbook = str(ROOT / Settings().playbook)
    settings = msgspec.structs.replace(Settings(), playbook=playbook)
    with DataDir(folder) as data_dir:
        stack = Stack(data_dir, settings, PLAN, interrupts.asked)
        interrupts.stack = stack

        def look() -> None:
            if interrupts.asked():
                raise KeyboardInterrupt
            stack.check()

        try:
            stack.start_services()
            yield Live(stack.start_flows().metrics_urls, look)
        finally:
            stack.stop()
