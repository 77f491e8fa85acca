"""What the steps of the warehouse flow share, from the start position to the last write."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import KafkaException

from connectors.kafka.reader import Place, TopicReader
from connectors.kafka.topics import FoundTopic, TopicError, find_topics
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.tables import TABLES
from flows.execution import Execution, Stopped
from flows.loader import arrivals
from flows.loader.append import Append, Buffer
from flows.loader.arrivals import Arrivals, Poll
from flows.loader.hold import Hold
from flows.loader.standing import GROUP, Standing
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.settings import Settings
from flows.waiting import wait_for

log = logging.getLogger("touchline.warehouse")

POLL_RECORDS = 10_000
POLL_S = 0.25
"""A poll waits so long for that many records: a stop takes up to two of them and
those in which records still come (`edges`), small beside a commit's delay."""

SHOWN = 400
"""Characters of a reason that go into the log."""


class Loader:
    """One per process; all but `stop` belongs to the flow's thread. Making one connects nothing."""

    def __init__(self, settings: Settings, meter: Meter, stop: threading.Event) -> None:
        self._settings = settings
        self._meter = meter
        self._stop = stop
        self._config = {"client.id": "touchline-warehouse", **settings.kafka_config}
        self._readers = {table.topic: table.reader() for table in TABLES}
        self._names = {table.topic: table.name for table in TABLES}
        self._marks: dict[Place, int] = {}
        self._append = Append({})
        self._reader: TopicReader | None = None
        self._standing: Standing | None = None
        self._kafka = Availability(meter, "kafka")
        self.execution = Execution(stop)

    def open(self, ready: Callable[[], None]) -> bool:
        """Find topics, tables and positions, in this order, waiting for each; then start to read.

        `ready` is called once: when all is open, or when the warehouse was found to be away.
        False when told to stop before all was there. Raises WarehouseUnfit, and with `fail_fast`
        ServiceAbsent.
        """
        tell = _once(ready)
        opening = Hold(self._stop, self._meter, tell, self._settings.fail_fast)
        writing = Hold(self._stop, self._meter, self._book_standing)
        starts: dict[Place, int] = {}
        buffers: dict[str, Buffer] = {}
        try:
            topics = self._find_topics()
            for table in TABLES:
                topic = topics[table.topic]
                appender = DeltaAppender(
                    self._settings.warehouse_url, table, topic.id, topic.partitions
                )
                positions = opening(appender.positions)
                for partition, position in positions.items():
                    place = Place(topic.name, partition)
                    starts[place] = position.offset
                    self._marks[place] = position.mark
                offsets = {partition: at.offset for partition, at in positions.items()}
                buffers[topic.name] = Buffer(appender, writing, self._meter, offsets)
        except Stopped:
            return False
        self._append = Append(buffers)
        self._reader = TopicReader(self._config, topics, starts, group=GROUP)
        self._standing = Standing(self._meter, self._reader, buffers)
        tell()
        return True

    def _find_topics(self) -> Mapping[str, FoundTopic]:
        """The topics, once a broker answers and has them all."""
        address = self._settings.kafka_bootstrap_servers

        def attempt() -> Mapping[str, FoundTopic]:
            topics = find_topics(self._config, self._names)
            if missing := self._names.keys() - topics.keys():
                raise TopicError(f"topic {', '.join(sorted(missing))} does not exist")
            return topics

        errors = (KafkaException, TopicError)
        fail_fast = self._settings.fail_fast
        asked = self._kafka.asked(attempt, (KafkaException,))
        topics = wait_for(f"Kafka at {address}", asked, errors, self._stop, fail_fast)
        if topics is None:
            raise Stopped
        return topics

    def poll(self) -> Poll:
        """Raises LogTruncated, TopicReplaced and KafkaException."""
        assert self._reader is not None, "open() comes first"
        wall, cpu = time.perf_counter(), time.thread_time()
        records = self._reader.read(POLL_RECORDS, POLL_S)
        seconds = time.perf_counter() - wall
        waited_s = max(seconds - (time.thread_time() - cpu), 0.0)
        self._meter.add("touchline_warehouse_idle_seconds_total", waited_s)
        if records:
            self._meter.observe("touchline_warehouse_stage_seconds", seconds, stage="consume")
        self._kafka.tell(self._reader.outage.why is None)
        return Poll(time.monotonic(), records)

    def decode(self, poll: Poll) -> Arrivals:
        """Rows; what is none is counted and its place logged."""
        with self._measured("decode", bool(poll.records)):
            arrived = arrivals.decode(self._readers, poll)
        for topic, count in Counter([record.place.topic for record in poll.records]).items():
            self._meter.add("touchline_warehouse_records_total", count, table=self._names[topic])
        for place, offset, reason in arrived.not_ours:
            self._meter.add("touchline_warehouse_skipped_total", 1, table=self._name(place))
            log.warning("%s at offset %d is no row: %s", place, offset, reason[:SHOWN])
        return arrived

    def accept(self, arrived: Arrivals) -> Arrivals:
        """Only what was never accepted before."""
        with self._measured("accept", bool(arrived.rows)):
            accepted = arrivals.accept(self._marks, arrived)
        for row in accepted.repeats:
            self._meter.add("touchline_warehouse_repeats_total", 1, table=self._name(row.place))
        return accepted

    def append(self, accepted: Arrivals) -> None:
        """Into the tables when it is time, not while stopping. Raises Stopped, WarehouseUnfit."""
        with self._measured("append", bool(accepted.offsets)):
            self._append(accepted, stopping=self.execution.over())
        if self._standing is not None:
            self._standing.look(accepted.at_s)

    def drain(self) -> None:
        """Write what is left; one attempt. Raises WarehouseUnfit."""
        self._append.drain()
        self._book_standing()
        if self._standing is not None:
            self._standing.tell()

    def close(self) -> None:
        """Leave the broker."""
        if self._reader is not None:
            self._reader.close()

    def _book_standing(self) -> None:
        if self._standing is not None:
            self._standing.book()

    @contextmanager
    def _measured(self, stage: str, came: bool) -> Iterator[None]:
        """Book the time that passes inside to `stage`, if something came."""
        began_s = time.perf_counter()
        yield
        if came:
            seconds = time.perf_counter() - began_s
            self._meter.observe("touchline_warehouse_stage_seconds", seconds, stage=stage)

    def _name(self, place: Place) -> str:
        return self._names[place.topic]


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """`call`, the first time; nothing after that."""
    calls = [call]
    return lambda: calls.pop()() if calls else None
