"""The touchpoints flow, restricted to what has been planned: it ends when all of that is done."""

import time
from collections.abc import Callable

from msgspec import Struct

from flows.processor.flush import Flush, Slice
from flows.processor.intake import Intake
from flows.processor.processor import Processor
from flows.processor.shard import Hold, Shard
from flows.recovery.history import events_of

TOLD_EVERY_S = 1.0


class Progress(Struct):
    """How far a rebuild is."""

    of_flushes: int
    of_events: int
    of_shards: int
    flushes: int = 0
    """Committed."""
    events: int = 0
    """In committed flushes."""
    shards: int = 0
    """That have done all that was planned."""
    seconds: float = 0.0

    @property
    def events_per_second(self) -> float:
        """Since the first."""
        return self.events / self.seconds if self.seconds else 0.0

    @property
    def complete(self) -> bool:
        """Whether all shards have done all of it."""
        return self.shards == self.of_shards


class Planned(Intake):
    """Does begun plans again, and makes no new ones."""

    def __init__(
        self, processor: Processor, progress: Progress, tell: Callable[[Progress], None]
    ) -> None:
        super().__init__(processor)
        self._progress = progress
        self._tell = tell
        self._began_s = self._told_s = time.monotonic()
        self._under_way: dict[tuple[int, int], int] = {}
        """(shard, commit number) → events of a flush that is not known to be committed."""

    def _fill(self, flush: Flush) -> Flush:
        flush = super()._fill(flush)
        self.look()
        return flush

    def _new(self, _shard: Shard, _now_ms: int) -> None:
        return None

    def _again(self, shard: Shard) -> Slice | None:
        part = super()._again(shard)
        if part is not None:
            self._under_way[shard.index, part.plan.commit] = events_of(part.plan)
        return part

    def look(self) -> None:
        """See what is committed, tell it now and then, and end when all is."""
        processor, progress = self._processor, self._progress
        for (index, commit), events in list(self._under_way.items()):
            if commit <= processor.by_index[index].fence.commit:
                del self._under_way[index, commit]
                progress.flushes += 1
                progress.events += events
        done = [shard for shard in processor.shards if _is_done(shard)]
        progress.shards = len(done)
        now_s = time.monotonic()
        progress.seconds = now_s - self._began_s
        if processor.execution.over():
            return
        for shard in done:
            if shard.buffer:  # what nobody will plan here
                processor.consumer.stop(shard.index)
                shard.buffer = {}
        if now_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = now_s
            self._tell(progress)
        if all(shard in done or shard.hold is Hold.GONE for shard in processor.shards):
            processor.execution.stop.set()


def _is_done(shard: Shard) -> bool:
    """Whether all that was planned of it is committed."""
    return (
        shard.hold is Hold.OWNED
        and not (shard.todo or shard.unread)
        and shard.head.commit == shard.fence.commit
    )
