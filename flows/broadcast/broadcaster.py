"""Tells all shards what none of them can know by itself, once a second.

Whoever owns shard 0 does it, in a thread of its own: neither Redis nor Kafka may hold the flow up
for it. Two that do it at once, as an owner wakes up that was taken for dead, do no harm: whatever
is not later than what a shard was told last is passed over.
"""

import logging
import threading
import time
from collections.abc import Callable

import redis
from confluent_kafka import KafkaException

from connectors.kafka.errors import words
from connectors.kafka.teller import Teller
from decisions.playbook import Playbook
from flows.broadcast.counters import Counters
from flows.metrics.meter import Meter
from flows.settings import Settings

log = logging.getLogger("touchline.broadcast")

EVERY_S = 1.0
ALL_EVERY_S = 600.0
"""How often all is told, changed or not: for a shard that missed something, whyever."""
ANSWER_S = 5.0
"""How long Redis may take to answer."""
STOP_S = 10.0


class Broadcaster(threading.Thread):
    """Runs until `close`; does nothing while `in_charge` says no."""

    def __init__(
        self,
        settings: Settings,
        playbook: Playbook,
        meter: Meter,
        in_charge: Callable[[], bool],
    ) -> None:
        super().__init__(name="broadcast", daemon=True)
        self._settings = settings
        self._playbook = playbook
        self._meter = meter
        self._in_charge = in_charge
        self._over = threading.Event()
        self._well = True
        """Whether the last round went well; said once when it changes."""

    def close(self) -> None:
        """End it, and wait for that."""
        self._over.set()
        if self.is_alive():
            self.join(STOP_S)

    def run(self) -> None:
        """Told what changed, round after round; each time it is in charge anew, all of it."""
        while not self._over.is_set():
            if self._in_charge():
                self._told(self._charge)
            self._over.wait(EVERY_S)

    def _told(self, work: Callable[[], None]) -> None:
        """Do `work`; trouble is told once, and what was to be done is done again."""
        try:
            work()
        except (redis.RedisError, KafkaException, OSError) as trouble:
            self._meter.add("touchline_broadcast_failures_total")
            if self._well:
                log.warning("shards are not told what others learned: %s", words(trouble))
            self._well = False

    def _charge(self) -> None:
        """As long as it is in charge. Raises redis.RedisError, KafkaException."""
        if self._playbook.model is None:
            return
        client = redis.Redis.from_url(
            self._settings.redis_url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S
        )
        teller = Teller(self._settings.kafka_config)
        try:
            counters = Counters(self._playbook, client, self._settings.partitions)
            told_all_s = time.monotonic()
            while self._in_charge() and not self._over.is_set():
                if time.monotonic() - told_all_s >= ALL_EVERY_S:
                    told_all_s = time.monotonic()
                    counters.tell_all()
                self._round(counters, teller)
                self._over.wait(EVERY_S)
        finally:
            teller.close()
            client.close()

    def _round(self, counters: Counters, teller: Teller) -> None:
        told = counters.look(time.time_ns() // 1_000_000)
        for shard, record in told:
            teller.tell(shard, record)
        if not teller.settle():
            counters.tell_all()
            raise OSError(f"{len(told)} records were not acknowledged")
        self._meter.add("touchline_broadcast_records_total", len(told))
        if not self._well:
            log.info("shards are told again what others learned")
        self._well = True
