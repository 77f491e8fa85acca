"""What each shard is told of the counters of all others."""

from collections.abc import Iterator

import redis

from connectors.kafka.broadcast import MAX_ARMS, ArmCounted, CountersSummed
from decisions.learning.totals import Totals
from decisions.playbook import Playbook
from flows.processor.world import arm_name, decode_counter
from state.store.world import Learned, read_numbers


class Counters:
    """Follows the counters in Redis; numbers its records, higher than all that was told before."""

    def __init__(self, playbook: Playbook, client: "redis.Redis", shards: int) -> None:
        """Raises redis.RedisError."""
        assert playbook.model is not None, "only where something is learned"
        assert playbook.learning is not None, "as there is a model"
        model = playbook.model
        self._names = {row: arm for arm, row in model.rows.items()}
        self._rows = {arm_name(*arm): row for arm, row in model.rows.items()}
        self._shards = shards
        self._totals = Totals(model.size, shards, playbook.learning.half_life_ms, model.pooled)
        self._learned = Learned(client, shards)
        self._number = max(read_numbers(client, shards), default=0)
        self._whole = True

    def tell_all(self) -> None:
        """Next time tell all that is known: something may have been missed."""
        self._whole = True

    def look(self, now_ms: int) -> list[tuple[int, CountersSummed]]:
        """(shard, what it is to be told), of what changed since this was last asked. Raises
        redis.RedisError."""
        for shard, arms in self._learned.changed().items():
            for name, blob in arms.items():
                if (row := self._rows.get(name)) is not None:
                    self._totals.put(shard, row, decode_counter(blob))
        changed = self._totals.changed()
        if self._whole:
            changed, self._whole = self._totals.known(), False
        return list(self._told(changed, now_ms))

    def _told(self, rows: list[int], now_ms: int) -> Iterator[tuple[int, CountersSummed]]:
        # A pool adds at most one record's entry for each of its arms.
        for begin in range(0, len(rows), MAX_ARMS // 2):
            self._number = max(self._number + 1, now_ms)
            for shard in range(self._shards):
                summed = self._totals.others(shard, rows[begin : begin + MAX_ARMS // 2])
                yield (
                    shard,
                    CountersSummed(
                        self._number,
                        [
                            ArmCounted(*self._names[row], each.tries, each.taken, each.at_ms)
                            for row, each in summed
                        ],
                    ),
                )
