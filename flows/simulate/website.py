"""The simulated website: reads the offers of who looks at it, one GET each, and has them answered.

Guaranteed: nothing; a website does without offers when Redis is away, and so does this one.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from flows.addresses import without_secrets
from flows.simulate.answers import Answer, Audience
from state.store.keys import offers_key

RENDER_MS = 300
"""From a view to the request for its offers: what a page takes, and the decision may take."""
TICK_MS = 100
TIMEOUT_S = 0.2
PAUSE_MS = 5_000
MOST_READS = 500
"""A tick; who came later sees no offer, so that no rate can make the simulator fall behind."""


class Website:
    """Views in, answers out; the clock is the caller's. `say` takes a sentence for the user."""

    def __init__(self, redis_url: str, seed: int, say: Callable[[str], None]) -> None:
        self._redis = redis.Redis.from_url(
            redis_url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._address = without_secrets(redis_url)
        self._audience = Audience(seed)
        self._say = say
        self._views: deque[tuple[int, str]] = deque(maxlen=10 * MOST_READS)
        self._planned: list[Answer] = []
        self._absent = False
        self._next_ms = 0

    def viewed(self, customer_id: str, now_ms: int) -> None:
        """A customer looks at a page."""
        self._views.append((now_ms + RENDER_MS, customer_id))

    def due(self, now_ms: int) -> list[Answer]:
        """The answers whose time has come; reads Redis at most ten times a second."""
        if now_ms >= self._next_ms:
            self._next_ms = now_ms + TICK_MS
            self._look(now_ms)
        ready = []
        while self._planned and self._planned[0].due_ms <= now_ms:
            ready.append(heappop(self._planned))
        return ready

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _look(self, now_ms: int) -> None:
        views = self._views
        customers = []
        while views and views[0][0] <= now_ms:
            customers.append(views.popleft()[1])
        if not customers:
            return
        customers = list(dict.fromkeys(customers))[:MOST_READS]
        pipeline = self._redis.pipeline(transaction=False)
        for customer_id in customers:
            pipeline.get(offers_key(customer_id))
        try:
            servings = pipeline.execute()
        except redis.RedisError as error:
            self._next_ms = now_ms + PAUSE_MS
            if not self._absent:
                self._absent = True
                self._say(
                    f"Redis at {self._address} does not answer ({error}): nobody answers offers "
                    f"until it does; asking again every {PAUSE_MS // 1000} s"
                )
            return
        if self._absent:
            self._absent = False
            self._say(f"Redis at {self._address} answers again")
        for customer_id, serving in zip(customers, servings, strict=True):
            if serving is not None:
                self._plan(customer_id, serving, now_ms)

    def _plan(self, customer_id: str, serving: bytes, now_ms: int) -> None:
        try:
            answers = self._audience.answers(customer_id, serving, now_ms)
        except msgspec.DecodeError:
            return  # a page without an offer is better than no page
        for answer in answers:
            heappush(self._planned, answer)
