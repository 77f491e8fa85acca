"""A live flow to ask: the embedded stack with simulated customers, on free loopback ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from dashboards.places import ROOT
from flows.local.data_dir import DataDir
from flows.local.session import Interrupts
from flows.local.stack import Demo, Plan, Stack
from flows.settings import Settings

# Few customers, so that they come back, get into segments and raise alerts within seconds.
CROWD: Final = Demo(rate=300, customers=300, seed=1)
PLAN: Final = Plan(kafka_port=0, redis_port=0, metrics_port=0, demo=CROWD)


@contextmanager
def live_flow(folder: Path, interrupts: Interrupts) -> Iterator[dict[str, str]]:
    """Flow → URL of its metrics, while the block runs; afterwards nothing runs any more.

    Raises what `flows.local.stack.Stack` raises when it starts.
    """
    playbook = str(ROOT / Settings().playbook)
    settings = msgspec.structs.replace(Settings(), playbook=playbook)
    with DataDir(folder) as data_dir:
        stack = Stack(data_dir, settings, PLAN, interrupts.asked)
        interrupts.stack = stack
        try:
            stack.start_services()
            yield stack.start_flows().metrics_urls
        finally:
            stack.stop()
