"""How the shards stand, as gauges: lag, event time, what is kept in memory and outbox, and how many
customers are in each segment."""

from collections.abc import Mapping

from decisions.segment_counts import SegmentCount, add_counts
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from state.watermark import clock


def book_standing(processor: Processor, now_ms: int) -> None:
    """For once a second: it asks no server, but looks at every topic of every shard."""
    cached = buffered = outbox = timers = 0
    segments: dict[str, SegmentCount] = {}
    newest_ms = dict.fromkeys(processor.inputs, 0)
    delays_ms = dict.fromkeys(processor.inputs, 0)
    for shard in processor.shards:
        cached += len(shard.profiles)
        buffered += sum(map(len, shard.buffer.values()))
        outbox += shard.published + shard.trim
        timers += len(shard.timers)
        if shard.hold is Hold.GONE:
            continue
        add_counts(segments, shard.counters)
        if shard.hold is Hold.OWNED:
            behind = _book_lag(processor, shard)
            _book_clock(processor, shard, behind, now_ms)
        else:  # nothing of it is committed now, so its clock stands and every topic falls behind
            behind = set(processor.inputs)
            _show_clock(processor, shard, now_ms)
        for topic in processor.inputs:
            if topic not in behind:
                shard.ended_ms[topic] = now_ms
        for topic, at_ms in shard.newest_ms.items():
            newest_ms[topic] = max(newest_ms.get(topic, 0), at_ms)
            if topic in behind:
                # Not the hours of a night without events, when the first one comes.
                since_ms = max(at_ms, shard.ended_ms.get(topic, 0))
                delays_ms[topic] = max(delays_ms.get(topic, 0), now_ms - since_ms)
    _set_each(processor, "touchline_event_timestamp_seconds", newest_ms)
    _set_each(processor, "touchline_event_delay_seconds", delays_ms)
    _book_segments(processor, segments)
    meter = processor.meter
    meter.set("touchline_profiles_cached", cached)
    meter.set("touchline_buffered_events", buffered)
    meter.set("touchline_outbox_actions", outbox)
    meter.set("touchline_timers_known", timers)
    meter.set("touchline_unacknowledged_records", processor.publisher.waiting())


def _book_lag(processor: Processor, shard: Shard) -> set[str]:
    """The topics that are not at their end: more is to be committed, or nothing is known yet."""
    behind = set(processor.inputs)
    highs = processor.consumer.highs(shard.index)
    for topic, position in shard.fence.positions.items():
        if topic not in behind:
            continue  # a channel that is no longer read
        at = position.next_offset
        end = processor.consumer.ends.get((topic, shard.index), -1)
        # Beyond the last record lies the mark of its transaction, where it was written in one.
        under_way = shard.buffer.get(topic) or shard.head.positions[topic].next_offset != at
        if end >= at and not under_way:
            behind.discard(topic)
        if topic in highs:
            # At the end whatever the mark says: some brokers' marks are wrong.
            lag = max(highs[topic] - at, 0) if topic in behind else 0
            processor.meter.set("touchline_lag_events", lag, topic=topic, shard=str(shard.index))
    return behind


def _book_clock(processor: Processor, shard: Shard, behind: set[str], now_ms: int) -> None:
    meter, index = processor.meter, str(shard.index)
    newest_ms = {topic: min(at_ms, now_ms) for topic, at_ms in shard.newest_ms.items()}
    found = clock(newest_ms, behind, now_ms, shard.clock)
    if found.holder != shard.clock.holder:
        for topic, holds in ((shard.clock.holder, 0), (found.holder, 1)):
            if topic is not None:
                meter.set("touchline_clock_holder", holds, topic=topic, shard=index)
    shard.clock = found
    _show_clock(processor, shard, now_ms)


def _show_clock(processor: Processor, shard: Shard, now_ms: int) -> None:
    if shard.clock.at_ms is not None:
        delay_s = max(now_ms - shard.clock.at_ms, 0) / 1000
        name = "touchline_clock_delay_seconds"
        processor.meter.set(name, delay_s, shard=str(shard.index))


def _book_segments(processor: Processor, segments: Mapping[str, SegmentCount]) -> None:
    name, meter = "touchline_segment_customers", processor.meter
    shown = {labels["segment"] for labels in meter.labels(name)}
    for segment in shown.union(processor.playbook.segments, segments):
        found = segments.get(segment)
        customers = found.customers if found else 0
        # One that the playbook had before, until the last customer has left it.
        if customers or segment in processor.playbook.segments:
            meter.set(name, customers, segment=segment)
        elif segment in shown:
            meter.forget(name, segment=segment)


def _set_each(processor: Processor, name: str, milliseconds: Mapping[str, int]) -> None:
    for topic, ms in milliseconds.items():
        processor.meter.set(name, ms / 1000, topic=topic)
