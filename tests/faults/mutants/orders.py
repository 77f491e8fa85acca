"""What a worker of the mutants' scenes is told, and how it carries that out in its own process."""

import os
import signal
import sys
import threading
import time

import redis
from msgspec import Struct, field

from flows import touchpoints
from flows.metrics.meter import Meter
from flows.settings import read_settings
from state.fence import Fence, decode_fence
from state.store.keys import shard_keys
from tests.faults.failpoints import arm
from tests.faults.mutants.circumstances import CIRCUMSTANCES
from tests.faults.mutants.patches import PATCHES
from tests.faults.mutants.sleep import halt_at

LOOK_S = 0.01


class Orders(Struct, frozen=True):
    """One life of a worker."""

    environment: dict[str, str]
    """All of it."""
    log: str
    """The file that its stderr goes to."""
    mutant: str = ""
    """The part of the protocol that is taken away (`patches.PATCHES`); empty for none."""
    until: int = 0
    """It ends when the offsets of shard 0's fence, once it has written that itself, add up to
    this."""
    worker: tuple[int, int] | None = None
    """(2, 3): process 2 of 3, with its part of the shards; None: the only one."""
    kill: tuple[str, int] | None = None
    """(point, n): SIGKILL at the n-th arrival there (`failpoints.POINTS`)."""
    halt: tuple[str, int] | None = None
    """(point, n): SIGSTOP once that has been done for the n-th time."""
    circumstances: tuple[str, ...] = field(default=("whole backlog",))
    """What the world around it is like (`circumstances.CIRCUMSTANCES`)."""


def carry_out(orders: Orders) -> None:
    """Be the worker. For a process of its own: it changes the modules of the flow."""
    os.environ.clear()
    os.environ.update(orders.environment)
    log = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 2)
    if orders.mutant:
        PATCHES[orders.mutant]()
    for name in orders.circumstances:
        CIRCUMSTANCES[name]()
    if orders.kill is not None:
        arm(*orders.kill)
    if orders.halt is not None:
        halt_at(*orders.halt)
    _work(orders.until, orders.worker)


def _work(until: int, worker: tuple[int, int] | None) -> None:
    settings = read_settings()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    began_under = os.getppid()

    def watch() -> None:
        client = redis.Redis.from_url(settings.redis_url)
        while not stop.is_set():
            time.sleep(LOOK_S)
            if os.getppid() != began_under:
                os._exit(1)  # the test is gone
            try:
                fence = found_fence(client)
            except (redis.ConnectionError, redis.TimeoutError):
                continue
            if fence and f":{os.getpid()}:" in fence.owner and offset_sum(fence) >= until:
                stop.set()

    watcher = threading.Thread(target=watch, daemon=True)
    meter = Meter.for_flow("touchpoints", settings)
    try:
        touchpoints.run(settings, meter, stop, watcher.start, worker)
    except Exception as error:  # noqa: BLE001 - what it was is the scene's to judge
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(1)


def found_fence(client: "redis.Redis") -> Fence | None:
    """Shard 0's."""
    blob = client.get(shard_keys(0).fence)
    return decode_fence(blob) if isinstance(blob, bytes) else None


def offset_sum(fence: Fence) -> int:
    """The offsets of all its topics together."""
    return sum(position.next_offset for position in fence.positions.values())
