"""The warehouse flow: what was published, as rows of Delta tables, each record once.

Guaranteed: every record of `touchpoints.enriched` and `touchpoints.actions` becomes one row. After
a crash, records are read again from the last commit on; a repeat is known by its place and dropped.
"""

import threading
from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from confluent_kafka import KafkaException

from connectors.kafka.errors import LogTruncated
from flows.engine import execute
from flows.loader.edges import AppendSink, PollSource
from flows.loader.loader import Loader
from flows.metrics.meter import Meter
from flows.settings import Settings


def build(loader: Loader) -> Dataflow:
    """The dataflow; building it connects nothing."""
    step = loader.execution.guard
    source = PollSource(loader.execution, loader.poll)
    sink = AppendSink(loader.execution, loader.append, loader.drain)

    flow = Dataflow("warehouse")
    polls = op.input("consume", flow, source)
    # Poll: what has come from all partitions since the poll before, and what time it is
    decoded = op.flat_map("decode", polls, step(loader.decode))
    # Arrivals: rows of both tables; plans are left out, and what is no such record is counted
    accepted = op.flat_map("accept", decoded, step(loader.accept))
    # ... and none of them a second time
    op.output("append", accepted, sink)
    return flow


def run(settings: Settings, meter: Meter, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Run until `stop` is set, then read what had come, write all that was read, and return.

    `ready` is called once, when rows can come; also when the warehouse is not available yet: that
    is waited for, as are Kafka and its topics (unless `settings.fail_fast`). Raises what cannot be
    waited out: WarehouseUnfit, LogTruncated, TopicReplaced, KafkaException, ServiceAbsent.
    """
    loader = Loader(settings, meter, stop)
    try:
        if loader.open(ready):
            execute(build(loader))
            try:
                loader.execution.raise_failure()
            except (LogTruncated, KafkaException):
                # What was read before is good, and may be in no topic any more.
                loader.drain()
                raise
    finally:
        loader.close()
