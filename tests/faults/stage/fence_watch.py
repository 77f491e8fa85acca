"""Looks at the fences of all shards all the time: they never go back."""

import threading

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from state.fence import Fence, decode_fence
from state.store.keys import shard_keys

EVERY_S = 0.02


class FenceWatch(threading.Thread):
    """Reads them on a connection of its own, from `start` to `stop`."""

    def __init__(self, redis_url: str, shards: int) -> None:
        super().__init__(name="fence-watch", daemon=True)
        self._client: redis.Redis | None = _client(redis_url)
        self._keys = [shard_keys(shard).fence for shard in range(shards)]
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._fences: dict[int, Fence] = {}
        self.looks = 0
        self.went_back: list[str] = []
        """What was lower than before, a sentence each."""

    def run(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.look()

    def look(self) -> dict[int, int]:
        """Shard → number of its last commit, now; as last seen where Redis does not answer."""
        with self._lock:
            if self._client is None:
                return {}
            try:
                blobs = self._client.mget(self._keys)
            except (redis.RedisError, OSError):
                return self.commits()
            assert isinstance(blobs, list)
            self.looks += 1
            for shard, blob in enumerate(blobs):
                if isinstance(blob, bytes):
                    self._seen(shard, decode_fence(blob))
                elif shard in self._fences:
                    self.went_back.append(f"shard {shard}: its fence is gone")
                    del self._fences[shard]
            return self.commits()

    def commits(self) -> dict[int, int]:
        """Shard → number of its last commit, as last seen."""
        return {shard: fence.commit for shard, fence in self._fences.items()}

    def owners(self) -> dict[int, int]:
        """Shard → id of the process that owns it, now."""
        self.look()
        # An owner's name is host:process:life.
        return {shard: int(f.owner.split(":")[-2]) for shard, f in self._fences.items()}

    def planned_ms(self) -> dict[int, int]:
        """Shard → the time of its last plan, now."""
        self.look()
        return {shard: fence.now_ms for shard, fence in self._fences.items()}

    def offsets(self, topic: str) -> dict[int, int]:
        """Shard → next offset of `topic`, now."""
        self.look()
        return {shard: f.positions[topic].next_offset for shard, f in self._fences.items()}

    def follow(self, redis_url: str | None) -> None:
        """Look elsewhere from now on, at nothing with None: it was taken back on purpose, so what
        was seen before says nothing."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None if redis_url is None else _client(redis_url)
            self._fences.clear()

    def end(self) -> None:
        """Look no more. Repeatable."""
        self._ended.set()
        self.join()
        self.follow(None)

    def _seen(self, shard: int, fence: Fence) -> None:
        before = self._fences.get(shard)
        self._fences[shard] = fence
        if before is None:
            return
        for what, was, now in (
            ("generation", before.generation, fence.generation),
            ("commit", before.commit, fence.commit),
            ("epoch", before.epoch, fence.epoch),
            *(
                (f"offset of {topic}", at.next_offset, fence.positions[topic].next_offset)
                for topic, at in before.positions.items()
            ),
        ):
            if now < was:
                self.went_back.append(f"shard {shard}: {what} {was} → {now}")


def _client(redis_url: str) -> "redis.Redis":
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1, retry=once)
