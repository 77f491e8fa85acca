"""The load of a run: shoppers, and an audience that reads the serving keys and answers."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any, NamedTuple

import redis

from connectors.published.record_types import OffersDocument, read_offers
from state.store.keys import offers_key
from tests.faults.stage.load import TICK_S, Load, Sent
from tests.oracle.contact.hours import EPOCH
from tests.oracle.contact.shoppers import Audience, Event, Offered, Shoppers

MOST_PROBES = 200
LAST_ACTIVE = 2_000
"""Of the customers who did something last, so many may look at a page."""
LOOKS = 6
"""So often at most a customer who looks reads one key."""
BETWEEN_MS = (0, 0, 300, 1_500)
"""What may lie between two of these looks; 0: they follow each other as fast as they can."""
FANS = 5
"""One customer in so many looks; the others are never seen."""
GOES = ("Offer Accepted", "Offer Dismissed")
"""After these an offer is to go at once."""


class Pace(NamedTuple):
    """How much of what."""

    customers: int
    events: int
    """In all, with answers and repeats."""
    rate: float
    """Events a second, without these."""
    pages: float
    """Customers a second who look."""


class Look(NamedTuple):
    """A customer who looks at the offers, and will again."""

    customer: str
    at_ms: int
    left: int
    """How often more, this time included."""
    between_ms: int


class Probe(NamedTuple):
    """An answer after which an offer must go."""

    customer: str
    decision: str
    sent_ms: int
    expires_ms: int


class Crowd(Load):
    """Sends what shoppers and their audience do, until so much is sent."""

    def __init__(
        self,
        bootstrap_servers: str,
        redis_url: str,
        seed: int,
        pace: Pace,
        behind: Callable[[int], bool],
    ) -> None:
        """`behind`: whether the flow is so far behind what was sent that it is waited for."""
        super().__init__(bootstrap_servers, seed, pace.customers, pace.rate)
        self._shoppers, self._audience = Shoppers(seed, pace.customers), Audience(seed)
        self._rng = random.Random(f"crowd {seed}")
        self._pace, self._behind = pace, behind
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=5)
        self._due: list[tuple[int, int, Event]] = []
        self._planned = 0
        self._active: deque[str] = deque(maxlen=LAST_ACTIVE)
        self._looking: list[Look] = []
        self._probes: list[Probe] = []
        self.sent = 0
        self.names: Counter[str] = Counter()
        """What was sent, by name."""
        self.repeated = 0
        """What was sent a second time."""
        self.late = 0
        """What was sent later than it happened."""
        self.pages: Counter[tuple[str, ...]] = Counter()
        """The offers that stood at once → how many pages showed them."""
        self.latencies_ms: list[float] = []
        """From an answer that was sent until a reader saw the offer gone."""
        self.outlived = 0
        """Those of them that ended with the offer's own time: it might have taken longer."""

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.ident is not None and not self.is_alive()

    def _send_all(self) -> None:
        last, events, looks = time.monotonic(), 0.0, 0.0
        while not self._over.is_set() and self.sent < self._pace.events:
            now = time.monotonic()
            if not self._behind(self.sent):
                events += (now - last) * self._pace.rate
                looks += (now - last) * self._pace.pages
            last = now
            while events >= 1:
                events -= 1
                self._plan(self._shoppers.next(_now_ms()))
            while looks >= 1 and self._active:
                looks -= 1
                self._begin_to_look(self._rng.choice(self._active))
            self._read()
            self._give()
            self._poll()
            self._over.wait(max(TICK_S - (time.monotonic() - now), 0))
        self._redis.close()

    def _plan(self, events: Iterable[Event]) -> None:
        for event in events:
            self._planned += 1
            heappush(self._due, (event.sent_ms, self._planned, event))

    def _begin_to_look(self, customer: str) -> None:
        rng = self._rng
        between_ms = rng.choice(BETWEEN_MS)
        self._looking.append(Look(customer, _now_ms(), rng.randint(1, LOOKS), between_ms))

    def _give(self) -> None:
        """Send what is due."""
        now_ms, due = _now_ms(), self._due
        while due and due[0][0] <= now_ms and self.sent < self._pace.events:
            event = heappop(due)[2]
            self._send(Sent(event.sent_ms, event.channel, event.customer, event.value()))
            self.sent += 1
            self.names[event.name] += 1
            self.repeated += event.repeat
            self.late += event.sent_ms > event.happened_ms
            if int(event.customer.partition("-")[2]) % FANS == 0:
                self._active.append(event.customer)

    def _read(self) -> None:
        """Look at the keys of those who look, and of the offers that are to go."""
        now_ms = _now_ms()
        looks = [one for one in self._looking if one.at_ms <= now_ms]
        asked = list(
            dict.fromkeys(
                [*(one.customer for one in looks), *(one.customer for one in self._probes)]
            )
        )
        if not asked:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for customer in asked:
            pipeline.get(offers_key(customer))
        blobs: list[Any] = pipeline.execute()
        read_ms = _now_ms()
        served = {
            customer: read_offers(blob)
            for customer, blob in zip(asked, blobs, strict=True)
            if blob is not None
        }
        self._probes = [one for one in self._probes if not self._is_over(one, served, read_ms)]
        self._looking = [one for one in self._looking if one.at_ms > now_ms]
        for look in looks:
            if look.customer in served:
                self._show(look.customer, served[look.customer], now_ms)
            if look.left > 1:
                again_ms = now_ms + look.between_ms
                self._looking.append(look._replace(at_ms=again_ms, left=look.left - 1))

    def _show(self, customer: str, serving: OffersDocument, now_ms: int) -> None:
        """A page shows what is served, as it was read after `now_ms`."""
        ends_ms = {
            one.decision_id: (one.expires_at - EPOCH).total_seconds() * 1000
            for one in serving.offers
        }
        shown = [
            Offered(one.offer_id, one.decision_id, one.channel)
            for one in serving.offers
            if now_ms < ends_ms[one.decision_id]
        ]
        self.pages[tuple(sorted(one.offer for one in shown))] += 1
        answers = self._audience.looks(customer, shown, now_ms)
        self._plan(answers)
        for one in answers:
            decision = one.said["decision_id"]
            if (
                one.name in GOES
                and one.sent_ms == now_ms
                and decision in ends_ms
                and len(self._probes) < MOST_PROBES
            ):
                self._probes.append(Probe(customer, decision, now_ms, int(ends_ms[decision])))

    def _is_over(self, probe: Probe, served: dict[str, OffersDocument], now_ms: int) -> bool:
        """Whether its offer has gone, and not because its time was over."""
        if now_ms >= probe.expires_ms:
            self.outlived += 1
            self.latencies_ms.append(probe.expires_ms - probe.sent_ms)
            return True
        serving = served.get(probe.customer)
        if serving is not None and any(one.decision_id == probe.decision for one in serving.offers):
            return False
        self.latencies_ms.append(now_ms - probe.sent_ms)
        return True


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
