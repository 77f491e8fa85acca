"""The main dataflow: customers' events in; offers, actions and enriched records out.

One Bytewax execution with a single worker per process; an item of the stream is a whole flush.
State, recovery and routing are not the engine's but the commit protocol's (`flows/processor`).
"""

import logging
import threading
from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from flows.broadcast.broadcaster import Broadcaster
from flows.engine import execute
from flows.execution import Stopped
from flows.metrics.meter import Meter
from flows.processor.commit import CommitSink
from flows.processor.decide import decide_step
from flows.processor.drain import drain
from flows.processor.intake import Intake, IntakeSource
from flows.processor.processor import Processor
from flows.processor.start import start_processor
from flows.processor.steps import decode_step, route_step
from flows.settings import Settings

log = logging.getLogger("touchline.touchpoints")


def build(processor: Processor, intake: Intake | None = None) -> Dataflow:
    """The flow as one paragraph; `intake`: one of a special kind."""
    flow = Dataflow("touchpoints")
    planned = op.input("consume", flow, IntakeSource(processor, intake))
    # Flush: for each of some shards a fixed plan and its records, in the order they apply
    decoded = op.flat_map("decode", planned, processor.stage("decode", decode_step))
    # ... and for each record a Touchpoint, or a Refusal with its reason
    routed = op.flat_map("route", decoded, processor.stage("route", route_step))
    # ... and every customer's profile at hand; who belongs elsewhere is refused
    decided = op.flat_map("decide", routed, processor.stage("decide", decide_step))
    # ... and rows, dead letters, actions, serving documents, changed profiles
    op.output("commit", decided, CommitSink(processor))
    return flow


def run(
    settings: Settings,
    meter: Meter,
    stop: threading.Event,
    ready: Callable[[], None],
    worker: tuple[int, int] | None = None,
) -> None:
    """Process until `stop` is set, then finish the flush at hand and leave nothing behind.

    `worker` (2, 8) takes every eighth shard, from the second on; without one it has all, or with
    TOUCHLINE_ASSIGNMENT=group those that Kafka assigns it. `ready` is called once when all of them
    are owned.

    Raises what stopped the flow: Refused, Fenced, NotDelivered, LogTruncated, ...
    """
    processor = start_processor(settings, meter, stop, ready, worker)
    if processor is None:  # told to stop while waiting for Kafka or Redis
        return
    broadcaster = Broadcaster(settings, processor.playbook, meter, processor.in_charge)
    broadcaster.start()
    try:
        process(processor)
    finally:
        broadcaster.close()


def process(processor: Processor, intake: Intake | None = None) -> None:
    """Process until the processor is told to stop, then finish, and let go of every connection."""
    try:
        execute(build(processor, intake))
        if not processor.execution.ended:
            _drain(processor)
        processor.execution.raise_failure()
    finally:
        processor.close()


def _drain(processor: Processor) -> None:
    """Commit and publish what is under way, so that the next start repeats nothing."""
    try:
        drain(processor)
    except Stopped:
        return
    if processor.ready:
        log.info("drained: every flush is committed and published")
