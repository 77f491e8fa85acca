"""What the steps of the warehouse flow share, from the start position to the last write."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaException

from connectors.delta import DeltaAppender
from connectors.kafka_reader import Place, TopicReader, find_topics
from connectors.kafka_topics import FoundTopic, TopicError
from connectors.warehouse_tables import TABLES
from flows.loader import arrivals
from flows.loader.append import Append, Buffer
from flows.loader.arrivals import Arrivals, Poll
from flows.loader.hold import FIRST_S, MOST_S, Hold, Stopped
from flows.metrics.meter import Meter
from flows.settings import Settings

log = logging.getLogger("touchline.warehouse")

POLL_RECORDS = 10_000
POLL_S = 0.25
"""A poll waits so long for that many records: the delay of a stop, small beside a commit's."""

SHOWN = 400
"""Characters of a reason that go into the log."""


class Loader:
    """One per process; all but `stop` belongs to the flow's thread. Making one connects nothing."""

    def __init__(self, settings: Settings, meter: Meter, stop: threading.Event) -> None:
        self.settings = settings
        self.meter = meter
        self.stop = stop
        self._config = {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            "client.id": "touchline-warehouse",
            **settings.kafka,
        }
        self._readers = {table.topic: table.reader() for table in TABLES}
        self._names = {table.topic: table.name for table in TABLES}
        self._marks: dict[Place, int] = {}

    def open(self, ready: Callable[[], None]) -> None:
        """Find the topics, the tables and the positions, in this order, waiting for each.

        `ready` is called once: when all is open, or when the warehouse was found to be away.
        Raises Stopped, WarehouseUnfit, and with `fail_fast` KafkaException or TopicError.
        """
        told = False

        def tell() -> None:
            nonlocal told
            if not told:
                told = True
                ready()

        topics = self._find_topics()
        hold = Hold(self.stop, self.meter, waiting=tell)
        starts: dict[Place, int] = {}
        buffers: dict[str, Buffer] = {}
        for table in TABLES:
            topic = topics[table.topic]
            appender = DeltaAppender(
                self.settings.warehouse_url, table, topic.id, topic.partitions
            )
            for partition, position in hold(appender.positions).items():
                place = Place(topic.name, partition)
                starts[place] = position.offset
                self._marks[place] = position.mark
            buffers[topic.name] = Buffer(appender, hold, self.meter)
        self._append = Append(buffers)
        self._reader = TopicReader(self._config, topics, starts)
        tell()

    def _find_topics(self) -> Mapping[str, FoundTopic]:
        """The topics, once a broker answers and has them all."""
        delay_s = FIRST_S
        while True:
            try:
                topics = find_topics(self._config, list(self._names))
                if missing := self._names.keys() - topics.keys():
                    raise TopicError(
                        f"topic {', '.join(sorted(missing))} does not exist at"
                        f" {self.settings.kafka_bootstrap_servers}"
                    )
            except (KafkaException, TopicError) as reason:
                if self.settings.fail_fast:
                    raise
                log.warning(
                    "Kafka at %s: %s; trying again in %.1f s",
                    self.settings.kafka_bootstrap_servers,
                    reason,
                    delay_s,
                )
                if self.stop.wait(delay_s):
                    raise Stopped from reason
                delay_s = min(2 * delay_s, MOST_S)
            else:
                return topics

    def poll(self) -> Poll:
        """Raises LogTruncated, TopicReplaced and KafkaException."""
        records = self._reader.read(POLL_RECORDS, POLL_S)
        return Poll(time.monotonic(), records)

    def decode(self, poll: Poll) -> Arrivals:
        """Rows; what is none is counted and its place logged."""
        arrived = arrivals.decode(self._readers, poll)
        for place, offset, reason in arrived.not_ours:
            self.meter.add("touchline_warehouse_skipped_total", 1, table=self._names[place.topic])
            log.warning("%s at offset %d is no row: %s", place, offset, reason[:SHOWN])
        return arrived

    def accept(self, arrived: Arrivals) -> Arrivals:
        """Only what was never accepted before."""
        accepted = arrivals.accept(self._marks, arrived)
        for place in accepted.repeats:
            self.meter.add("touchline_warehouse_repeats_total", 1, table=self._names[place.topic])
        return accepted

    def append(self, accepted: Arrivals) -> None:
        """Into the tables, when it is time. Raises Stopped and WarehouseUnfit."""
        self._append(accepted)

    def drain(self) -> None:
        """Write what is left; one attempt."""
        self._append.drain()

    def close(self) -> None:
        """Leave the broker."""
        reader = getattr(self, "_reader", None)
        ...
