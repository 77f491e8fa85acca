"""Which shards are this process's while Kafka's consumer group shares them out among processes.

Guaranteed: nothing is written for a shard between the moment that another process may have it and
its next assignment, as far as this process can know; the fence refuses the rest. A clean hand-over
repeats nothing. After a crash, or a session that expired, what was begun is done again by the
next owner, byte for byte.
"""

import logging
from collections.abc import Callable

from connectors.kafka.shard_group import Event, Rebalance, ShardGroup, Unequal
from flows.processor.drain import drain
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from state.store.shard_store import Refused
from state.store.wire import WireLost

log = logging.getLogger("touchline.touchpoints")


class Membership:
    """Asked by the intake between flushes, when a flush can be committed."""

    def __init__(
        self,
        processor: Processor,
        group: ShardGroup,
        new_shard: Callable[[int], Shard],
        ready: Callable[[], None],
    ) -> None:
        """`new_shard`: from an index, one that was never taken. `ready` is called once, when the
        first assignment is there and all its shards are owned."""
        self._processor = processor
        self._group = group
        self._new_shard = new_shard
        self._ready: Callable[[], None] | None = ready
        self.settled = False
        """Whether Kafka's last word was an assignment: only then shards are taken and planned."""

    def attend(self) -> None:
        """Do what Kafka's words ask for since the last call.

        Raises what `drain` does; Refused when Kafka's assignment is not one of whole shards.
        """
        try:
            words = self._group.told()
        except Unequal as unequal:
            raise Refused(str(unequal)) from None
        for told in words:
            self._processor.meter.add("touchline_rebalances_total", event=told.event.value)
            self._act(told)
            self._processor.report_holds()
        if self._ready is not None and self.settled and self._processor.ready:
            self._ready()
            self._ready = None

    def _act(self, told: Rebalance) -> None:
        if told.event is Event.ASSIGNED:
            self._assign(told.shards)
        elif told.event is Event.REVOKED:
            drain(self._processor)
            self.settled = False
            self._group.let_go()
        else:
            self._lose()

    def _assign(self, assigned: frozenset[int]) -> None:
        processor = self._processor
        before = {shard.index for shard in processor.shards}
        for shard in list(processor.shards):
            if shard.index not in assigned:
                self._release(shard)
            elif not self._is_as_left(shard):
                # A store that was never taken takes it from whoever has had it in between.
                self._remove(shard)
        added = sorted(assigned - processor.by_index.keys())
        for index in added:
            shard = processor.by_index[index] = self._new_shard(index)
            processor.shards.append(shard)
        for shard in processor.shards:
            shard.most_profiles = max(processor.settings.cache_profiles // len(assigned), 1)
        processor.meter.set("touchline_shards_assigned", len(assigned))
        log.info(
            "assigned %d of %d shards: %d new, %d given up",
            *(len(assigned), processor.settings.partitions),
            *(len(assigned - before), len(before - assigned)),
        )
        self.settled = True

    def _is_as_left(self, shard: Shard) -> bool:
        """Whether it can go on without being taken again: nobody has touched its fence."""
        try:
            return shard.hold is Hold.OWNED and shard.store.is_as_left()
        except WireLost:
            return False

    def _lose(self) -> None:
        processor = self._processor
        self.settled = False
        processor.pending = None
        if processor.shards:
            log.warning(
                "Kafka's group took this process for dead: its %d shards may be another's; what is "
                "not committed is dropped, and done by who has them now",
                len(processor.shards),
            )
        for shard in list(processor.shards):
            self._release(shard)
        processor.meter.set("touchline_shards_assigned", 0)

    def _release(self, shard: Shard) -> None:
        """It is another's from now on, as it should be."""
        self._remove(shard)
        self._processor.forget(shard)
        self._processor.meter.add("touchline_shards_released_total")

    def _remove(self, shard: Shard) -> None:
        processor = self._processor
        processor.consumer.stop(shard.index)
        shard.store.close()
        processor.shards.remove(shard)
        del processor.by_index[shard.index]
