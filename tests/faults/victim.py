"""The touchpoints flow as a process that kills itself at a chosen instant. A program, not a test.

    python tests/faults/victim.py POINT NTH TOTAL [WORKER/OF]
    python tests/faults/victim.py POINT NTH rebuild [OPTION ...]

POINT is one of `failpoints.POINTS`, `never` or `poison`. The NTH time the flow
comes to a point it dies by SIGKILL, as with a power cut; with VICTIM=stops in the environment it is
told to stop instead, with VICTIM=sleeps it is frozen. Otherwise it ends when TOTAL records are
accounted for in Redis, or when the rebuild does; with LINGER in the environment no sooner than when
no timer is left. With RESTS in the environment time alone leads to no flush. With PLANS_AT_ONCE
there it reads so many plans in one piece. At SIGUSR1 it says where it is: its counts, how far its
shards are and what each thread does.
"""

import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping

import redis

from flows import touchpoints
from flows.commands import rebuild
from flows.metrics.meter import Meter
from flows.metrics.server import serve
from flows.processor import ownership
from flows.processor.intake import Intake
from flows.settings import Settings, read_settings
from state.store.counters import read_counters
from state.store.keys import shard_keys
from tests.faults.failpoints import arm, let_the_flow_rest, poison


def timers(client: "redis.Redis", settings: Settings) -> int:
    """How many customers there are of whom time alone may change something, or is about to."""
    armed = [client.zcard(shard_keys(shard).timers) for shard in range(settings.partitions)]
    return sum(map(int, armed))


def confess(counts: Mapping[str, int]) -> None:
    """Write to stderr what is known of where the flow is."""
    faulthandler.dump_traceback(sys.stderr)
    sys.stderr.write(f"{dict(counts)}\n")
    for intake in (each for each in gc.get_objects() if isinstance(each, Intake)):
        processor = vars(intake)["_processor"]
        consumer = processor.consumer
        pending = processor.pending is not None
        sys.stderr.write(f"in flight: {processor.in_flight}, pending: {pending}\n")
        for shard in processor.shards:
            if not hasattr(shard, "head"):
                sys.stderr.write(f"shard {shard.index} was never taken\n")
                continue
            read = {topic: (len(run), run[-1].offset()) for topic, run in shard.buffer.items()}
            ends = {topic: end for (topic, at), end in consumer.ends.items() if at == shard.index}
            held = [topic for topic in shard.head.positions if consumer.holds(topic, shard.index)]
            sys.stderr.write(
                f"shard {shard.index}, {shard.hold}: read {read}, ends {ends}, held {held}, "
                f"waits {shard.patience.waits}, to do {list(shard.todo)}, unread {shard.unread}, "
                f"{consumer.highs(shard.index)}, {shard.head}\n"
            )


def main() -> None:
    """Run until killed or done."""
    point, nth, task, *options = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
    if most := os.environ.get("PLANS_AT_ONCE"):
        vars(ownership)["read_plans"].__defaults__ = (int(most),)
    if "RESTS" in os.environ:
        let_the_flow_rest()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    if point == "poison":
        poison()
    elif point != "never":
        arm(point, nth)
    if task == "rebuild":
        rebuild.command(["--json", *options])
    total = int(task)
    settings = read_settings()
    stop, asked = threading.Event(), threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: asked.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def watch() -> None:
        client = redis.Redis.from_url(settings.redis_url)
        while not stop.is_set():
            time.sleep(0.01)
            try:
                counts = read_counters(client, settings.partitions)
            except (redis.ConnectionError, redis.TimeoutError):
                continue
            if asked.is_set():
                asked.clear()
                confess(counts)
            kinds = ("accepted:", "duplicate:", "dead_letter:")
            if sum(n for name, n in counts.items() if name.startswith(kinds)) >= total:
                # What is published now is trimmed when the flow has drained.
                time.sleep(5 if point == "5 trimmed" else 0)  # unless it dies of that before
                while "LINGER" in os.environ and not stop.is_set() and timers(client, settings):
                    time.sleep(0.05)
                stop.set()

    watcher = threading.Thread(target=watch, daemon=True)
    meter = Meter.for_flow("touchpoints", settings)
    server = serve(meter, "127.0.0.1", 0, lambda: None, lambda: None)
    sys.stderr.write(f"metrics at {server.url}\n")
    number, of = map(int, (options or ["1/1"])[0].split("/"))
    worker = None if settings.in_group else (number, of)  # then Kafka says which shards
    touchpoints.run(settings, meter, stop, watcher.start, worker)


if __name__ == "__main__":
    main()
