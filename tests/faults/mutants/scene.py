"""A world with a shard or two, and the workers that come and go in it, mutated or not."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import redis
from confluent_kafka import Producer
from msgspec import structs

from connectors.kafka.topics import channel_topic, create_topics
from flows.simulate.stream import stream
from tests.brokers.kafka_broker import KafkaBroker
from tests.faults.conftest import CHANNELS
from tests.faults.laws.judge import judge
from tests.faults.laws.verdict import Verdict
from tests.faults.mutants.orders import Orders, carry_out
from tests.faults.mutants.sleep import HALTED
from tests.faults.programs import forks
from tests.faults.world import PRODUCERS, World

EVENTS = 120
EVENTS_PER_S = 200
CUSTOMERS = 10
FLUSH = 12
OTHER_FLUSH = 7
"""Of whoever comes after a fault: what it plans by itself is not what was planned before."""
PATIENCE_S = 60.0
GOES_ON = "whoever owns the shard next goes on by itself"

Act = Callable[["Scene"], None]


def entered(among: dict[str, Act]) -> Callable[[Act], Act]:
    """Enter a scene by its name, which is that of its function in words."""

    def enter(act: Act) -> Act:
        among[act.__name__.replace("_", " ")] = act
        return act

    return enter


class Worker:
    """A process of the flow."""

    def __init__(self, orders: Orders) -> None:
        self.log = Path(orders.log)
        self._process = forks.Process(target=carry_out, args=(orders,), daemon=True)
        self._process.start()

    @property
    def said(self) -> str:
        """All that it has said so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def code(self) -> int | None:
        """Its exit code, -9 for a SIGKILL; None while it runs."""
        return self._process.exitcode

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Poll until `true`. Fails when the worker ends before, or it takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            failed = self.code is not None or time.monotonic() > deadline
            assert not failed, f"in vain until {what}:\n{self.said[-2000:]}"
            time.sleep(0.005)

    def asleep(self) -> "Worker":
        """Wait until it has halted where it was to."""
        self.until(lambda: HALTED in self.said, "the worker halts")
        state = ["ps", "-o", "state=", "-p", str(self._process.pid)]
        self.until(
            lambda: subprocess.check_output(state, text=True).startswith("T"), "and is asleep"
        )
        return self

    def wake(self) -> None:
        """SIGCONT."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        self._process.kill()
        self._process.join()

    def end(self) -> int | None:
        """Wait for its end; the exit code, None for one that had to be killed as it did not end."""
        self._process.join(PATIENCE_S)
        code = self.code
        self.kill()
        return code


class Scene:
    """`verdict` gathers what was broken, by the oracle's laws and by the scene's own."""

    def __init__(
        self, broker: KafkaBroker, redis_url: str, folder: Path, mutant: str, shards: int = 1
    ) -> None:
        self.broker = broker
        self.world = World(broker.bootstrap_servers, redis_url, FLUSH, partitions=shards)
        self.kafka = {"bootstrap.servers": broker.bootstrap_servers}
        self.redis = redis.Redis.from_url(redis_url)
        self.verdict = Verdict()
        self._mutant, self.folder = mutant, folder
        self._workers: list[Worker] = []
        self._written = 0
        create_topics(self.kafka, CHANNELS, shards)

    def fill(
        self,
        count: int = EVENTS,
        start_ms: int | None = None,
        seed: int = 7,
        sender: str = "right",
    ) -> int:
        """Write events by one of PRODUCERS; when the first was due, in ms since the epoch."""
        start_ms = int(time.time() * 1000) if start_ms is None else start_ms
        options, key = PRODUCERS[sender]
        producer = Producer({**self.kafka, **options})
        for emission in islice(stream(seed, CUSTOMERS, start_ms, EVENTS_PER_S), count):
            # Stamped with when it is due: so what a flush is made of hangs on the seed alone.
            producer.produce(
                channel_topic(emission.channel),
                emission.value,
                key(emission.key),
                timestamp=emission.due_ms,
            )
        producer.flush()
        self.expect(count)
        return start_ms

    def expect(self, records: int) -> None:
        """So many more were written that a worker is to commit before it ends."""
        self._written += records

    def start(self, **orders: Any) -> Worker:
        """A worker that works until all that is written so far is committed, but for `orders`."""
        environment = {**self.world.environment, **orders.pop("settings", {})}
        log = str(self.folder / f"life-{len(self._workers) + 1}.log")
        told = Orders(environment, log, self._mutant, self._written)
        worker = Worker(structs.replace(told, **orders))
        self._workers.append(worker)
        return worker

    def other(self, **orders: Any) -> Worker:
        """`start`, with flushes of another size."""
        settings = {"TOUCHLINE_FLUSH_EVENTS": str(OTHER_FLUSH), **orders.pop("settings", {})}
        return self.start(settings=settings, **orders)

    def dies(self, worker: Worker) -> None:
        """Wait for the death at its named point; whatever else it comes to is a broken law."""
        code = worker.end()
        self.verdict.expect(code == -signal.SIGKILL, GOES_ON, _last(worker, code))

    def finishes(self, worker: Worker) -> None:
        """Wait until it has done all that there was."""
        code = worker.end()
        self.verdict.expect(code == 0, GOES_ON, _last(worker, code))

    def refuses(self, worker: Worker, law: str, words: str) -> None:
        """Wait until it ends by itself and says `words`; else `law` is broken."""
        code = worker.end()
        told = code == 1 and words in worker.said
        self.verdict.expect(told, law, _last(worker, code))

    def remembered(self) -> dict[bytes, bytes]:
        """All that Redis holds."""
        return {key: self.redis.dump(key) or b"" for key in self.redis.scan_iter()}

    def back_to(self, past: dict[bytes, bytes]) -> None:
        """Redis comes back from the past, in one step."""
        together = self.redis.pipeline(transaction=True)
        together.flushall()
        for key, dumped in past.items():
            together.restore(key, 0, dumped)
        together.execute()

    def judge(self) -> None:
        """By the oracle, once all is done."""
        found = judge(self.world.place)
        for law, places in found.broken.items():
            for place in places:
                self.verdict.broke(law, place)

    def close(self) -> None:
        """End whoever is left."""
        for worker in self._workers:
            worker.kill()
        self.redis.close()


def _last(worker: Worker, code: int | None) -> str:
    how = "did not end" if code is None else f"ended with {code}"
    return f"{worker.log.stem} {how}: {worker.said.strip()[-300:]}"
