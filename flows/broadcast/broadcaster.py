"""Tells all shards what none of them can know by itself: sums of counters once a second, and at
once what the catalogue says and what of budgets is handed out.

Whoever owns shard 0 does it, in a thread of its own: neither Redis nor Kafka may hold the flow up
for it. Two that do it at once, as an owner wakes up that was taken for dead, do no harm: whatever
is not later than what a shard was told last is passed over.
"""

import logging
import threading
import time
from collections.abc import Callable

import msgspec
import redis
from confluent_kafka import KafkaException

from connectors.kafka.broadcast import Told
from connectors.kafka.errors import words
from connectors.kafka.teller import Teller
from decisions.playbook import Playbook
from flows.broadcast.budgets import Budgets
from flows.broadcast.catalogue import Catalogue
from flows.broadcast.counters import Counters
from flows.metrics.meter import Meter
from flows.settings import Settings

log = logging.getLogger("touchline.broadcast")

EVERY_S = 0.8
"""How often sums are told: with the way there and back it is a second at most."""
WAIT_S = 0.2
"""How long a record of the catalogue is waited for, how often budgets are looked at, and how late a
stop is noticed then."""
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
        except (redis.RedisError, KafkaException, OSError, msgspec.DecodeError) as trouble:
            self._meter.add("touchline_broadcast_failures_total")
            if self._well:
                log.warning("shards are not told what they cannot know: %s", words(trouble))
            self._well = False

    def _charge(self) -> None:
        """As long as it is in charge. Raises redis.RedisError, KafkaException."""
        playbook, settings = self._playbook, self._settings
        if not playbook.looks_around:
            return
        client = redis.Redis.from_url(
            settings.redis_url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S
        )
        teller = Teller(settings.kafka_config)
        counters = catalogue = budgets = None
        try:
            if playbook.model is not None:
                counters = Counters(playbook, client, settings.partitions)
            if playbook.products:
                of, meter, pause = playbook.products, self._meter, self._over.wait
                catalogue = Catalogue(settings, of, client, meter, pause)
            if playbook.budgets:
                budgets = Budgets(playbook, client, self._meter, settings.partitions)
            self._tell_on(counters, catalogue, budgets, teller)
        finally:
            for each in (catalogue, budgets):
                if each is not None:
                    each.close()
            teller.close()
            client.close()

    def _tell_on(
        self,
        counters: Counters | None,
        catalogue: Catalogue | None,
        budgets: Budgets | None,
        teller: Teller,
    ) -> None:
        all_at_s, counters_at_s = time.monotonic() + ALL_EVERY_S, 0.0
        while self._in_charge() and not self._over.is_set():
            now_s = time.monotonic()
            if now_s >= all_at_s:
                all_at_s = now_s + ALL_EVERY_S
                for each in (counters, catalogue, budgets):
                    if each is not None:
                        each.tell_all()
            told: list[tuple[int, Told]] = []
            if counters is not None and now_s >= counters_at_s:
                counters_at_s = now_s + EVERY_S
                told += counters.look(time.time_ns() // 1_000_000)
            if budgets is not None:
                told += budgets.look()
            if catalogue is not None:
                told += catalogue.look(WAIT_S)
            self._tell(told, teller)
            if catalogue is None:
                self._over.wait(WAIT_S if budgets is not None else EVERY_S)

    def _tell(self, told: list[tuple[int, Told]], teller: Teller) -> None:
        """Raises OSError when it may not have come through: whoever is in charge begins anew."""
        for shard, record in told:
            teller.tell(shard, record)
        if not teller.settle():
            raise OSError(f"{len(told)} records were not acknowledged")
        self._meter.add("touchline_broadcast_records_total", len(told))
        if not self._well:
            log.info("shards are told again what they cannot know")
        self._well = True
