"""Input with a seed: simulated customers' events, at a rate or all at once."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from confluent_kafka import KafkaError, Message, Producer

from connectors.kafka.errors import QUIET
from connectors.kafka.in_turn import IN_TURN
from connectors.kafka.topics import channel_topic
from flows.simulate.answers import CHANNEL as SHOWN_THROUGH
from flows.simulate.stream import Emission, stream
from flows.simulate.website import Website
from tests.faults.world import PRODUCERS

RIGHT = "right"
TICK_S = 0.01


class Due(Protocol):
    """A record to be sent; an `Emission` is one."""

    # fmt: off - a field each
    @property
    def due_ms(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> bytes | None: ...

    # fmt: on


class Sent(NamedTuple):
    """A record that is no simulated event, or no more."""

    due_ms: int
    channel: str
    key: str
    value: bytes | None
    stamp_ms: int = 0
    """What the record says when it was sent; 0: when it was."""
    producer: str = RIGHT
    """Who sends it: one of PRODUCERS, which makes its partition and its key of `key`."""


Change = Callable[[Iterator[Emission]], Iterable[Due]]
"""What is done to the simulated events before they are sent."""


def unchanged(emissions: Iterator[Emission]) -> Iterable[Due]:
    """As they are."""
    return emissions


class Load(threading.Thread):
    """Sends `rate` events a second from `start` to `stop`, whatever becomes of them.

    Equal seeds give the same customers doing the same things; ids and times follow the start.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        seed: int,
        customers: int,
        rate: float,
        change: Change = unchanged,
        backlog: int = 0,
        website: Website | None = None,
    ) -> None:
        """`backlog`: so many events are due already when it starts. `website`: where customers are
        shown offers, and answer."""
        super().__init__(name="load", daemon=True)
        self._bootstrap_servers = bootstrap_servers
        self._producers: dict[str, Producer] = {}
        """By name, those that have had something to send."""
        self._website = website
        start_ms = int(time.time() * 1000 - backlog * 1000 / rate)
        self._emissions = iter(change(stream(seed, customers, start_ms, rate)))
        self._over = threading.Event()
        self.acknowledged = 0
        self.refused: list[str] = []
        """What the broker said of events that it did not take."""

    def run(self) -> None:
        try:
            self._send_all()
        except Exception as failure:  # noqa: BLE001 - a thread has nobody who would see it
            self.refused.append(f"the load ended by itself: {type(failure).__name__}: {failure}")

    def _send_all(self) -> None:
        late: list[Due] = []
        while not self._over.is_set():
            now_ms = time.time() * 1000
            for emission in itertools.chain(late, self._emissions):
                if emission.due_ms > now_ms or self._over.is_set():
                    late = [emission]
                    break
                self._send(emission)
                if self._website is not None and getattr(emission, "view", False):
                    self._website.viewed(emission.key, emission.due_ms)
            self._answer()
            self._poll()
            self._over.wait(TICK_S)

    def _answer(self) -> None:
        if self._website is None:
            return
        for answer in self._website.due(int(time.time() * 1000)):
            self._send(Sent(answer.due_ms, SHOWN_THROUGH, answer.key, answer.value))

    def abandon(self) -> None:
        """Send no more; what is under way is nobody's concern."""
        self._over.set()
        self.join()
        for producer in self._producers.values():
            producer.purge()
        self._poll()

    def stop(self, within_s: float = 60) -> None:
        """Send no more, and wait until all that was sent is acknowledged."""
        self._over.set()
        self.join()
        if self._website is not None:
            self._website.close()
        left = sum(producer.flush(within_s) for producer in self._producers.values())
        if left:
            self.refused.append(f"{left} events were not acknowledged within {within_s:.0f} s")

    def _send(self, emission: Due) -> None:
        topic, name = channel_topic(emission.channel), getattr(emission, "producer", RIGHT)
        producer, key = self._producer(name), PRODUCERS[name][1](emission.key)
        while True:
            try:
                producer.produce(
                    topic,
                    emission.value,
                    key,
                    on_delivery=self._delivered,
                    timestamp=getattr(emission, "stamp_ms", 0),
                )
                return
            except BufferError:
                producer.poll(0.1)
                if self._over.is_set():
                    return

    def _producer(self, name: str) -> Producer:
        if name not in self._producers:
            self._producers[name] = Producer(
                {
                    **QUIET,
                    "bootstrap.servers": self._bootstrap_servers,
                    **IN_TURN,
                    "message.timeout.ms": 0,
                    "message.max.bytes": 1_048_588,
                    "linger.ms": 5,
                    "error_cb": lambda _: None,
                    **PRODUCERS[name][0],
                }
            )
        return self._producers[name]

    def _poll(self) -> None:
        for producer in self._producers.values():
            producer.poll(0)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acknowledged += 1
        else:
            self.refused.append(error.str())
