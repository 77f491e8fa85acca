"""The stream of events: many sessions interleaved at an even rate, flaws included. Pure.

Time is virtual: the n-th event is due n / rate after the start, whatever the reader's clock says.
"""

import itertools
import random
from collections.abc import Iterator
from heapq import heappop, heappush

from msgspec import Struct

from flows.simulate.behaviour import Session, World, session
from flows.simulate.event import Event, Rfc3339, encode_event, message_id
from flows.simulate.flaws import broken
from flows.simulate.population import Customer, Population, customer

DUPLICATE = 0.01
LATE = 0.01
BROKEN = 0.001
ANONYMOUS = 0.1
"""Share of sessions."""
FLAT_OUT_RATE = 200
"""Events per second of virtual time when `rate` is 0."""

CLEAN_KIND, DUPLICATE_KIND, LATE_KIND, BROKEN_KIND = "clean", "duplicate", "late", "broken"


class Emission(Struct, frozen=True, gc=False):
    """One record to be sent."""

    due_ms: int
    """When, milliseconds since the epoch."""
    channel: str
    key: str
    """The customer id."""
    value: bytes
    kind: str
    """clean, duplicate (the same bytes were sent before), late (happened minutes to hours ago) or
    broken (no event at all)."""
    view: bool
    """A page or product view: the website is about to show this customer something."""


class _Visit(Struct, gc=False):
    who: Customer
    number: int
    """In the population; -1 for an anonymous visitor."""
    events: Session


class _Sessions:
    """Everybody who is out, by the time of their next event."""

    def __init__(self, rng: random.Random, customers: int, start_ms: int) -> None:
        self._rng = rng
        self._people = Population(rng, customers)
        self._limit = max(1, customers // 4)
        run = f"{start_ms:x}{rng.getrandbits(16):04x}"
        self._world = World(rng, run, itertools.count())
        self._next: list[tuple[int, int, _Visit]] = []
        self._order = itertools.count()

    def event(self, now_ms: int) -> tuple[Customer, str, Event]:
        """Somebody's next event, its channel filled in, its ids and times not.

        Who is waiting comes first; nobody waiting, a new session begins. With a quarter of the
        people out nobody else leaves, and the next one hurries instead: that is how any rate can
        be had from any number of customers.
        """
        while True:
            waiting = self._next
            if waiting and (waiting[0][0] <= now_ms or len(waiting) >= self._limit):
                visit = heappop(waiting)[2]
            else:
                visit = self._begin()
            for channel, event in visit.events:
                # 1 to 30 s, mostly a few.
                pause_ms = 1_000 + int(29_000 * self._rng.random() ** 6)
                heappush(waiting, (now_ms + pause_ms, next(self._order), visit))
                return visit.who, channel, event
            if visit.number >= 0:
                self._people.come_back(visit.number)

    def _begin(self) -> _Visit:
        if self._rng.random() < ANONYMOUS:
            number, who = -1, customer(self._rng, "")
        else:
            number, who = self._people.leave()
        return _Visit(who, number, session(self._world, who))


def stream(seed: int, customers: int, start_ms: int, rate: float) -> Iterator[Emission]:
    """Endless events of `customers` people, `rate` a second from `start_ms` on.

    Equal arguments give equal bytes. Another start gives the same people doing the same things at
    other times and with other ids, so that a second run is not taken for a repeat of the first.
    Rate 0: for who reads as fast as possible; times advance as with 200 a second.
    Raises ValueError when `customers` is below 1 or `rate` below 0.
    """
    if rate < 0:
        raise ValueError(f"rate: expected 0 or more events per second, got {rate}")
    rng = random.Random(seed)
    # Here and not at the first `next`: the population takes a while when it is large.
    sessions = _Sessions(rng, customers, start_ms)
    return _emissions(rng, sessions, start_ms, 1_000 / (rate or FLAT_OUT_RATE))


def _emissions(
    rng: random.Random, sessions: _Sessions, start_ms: int, step_ms: float
) -> Iterator[Emission]:
    text = Rfc3339()
    repeats: list[tuple[int, int, Emission]] = []
    last = Emission(start_ms, "click", "a-0", b"{}", CLEAN_KIND, False)
    for number in itertools.count():
        now_ms = start_ms + int(number * step_ms)
        if rng.random() < BROKEN:
            value = broken(rng, last.value, message_id(rng, now_ms))
            yield Emission(now_ms, last.channel, last.key, value, BROKEN_KIND, False)
            continue
        if repeats and repeats[0][0] <= now_ms:
            first = heappop(repeats)[2]
            yield Emission(now_ms, first.channel, first.key, first.value, DUPLICATE_KIND, False)
            continue
        who, channel, event = sessions.event(now_ms)
        event.message_id = message_id(rng, now_ms)
        if who.user_id:
            event.user_id = who.user_id
        if channel == "click":
            event.anonymous_id = who.anonymous_id
        event.sent_at = event.timestamp = text(now_ms)
        kind = CLEAN_KIND
        draw = rng.random()
        if draw < LATE:
            # The device was offline for 2 minutes to 6 hours.
            event.timestamp = text(now_ms - int(120_000 * 180 ** (draw / LATE)))
            kind = LATE_KIND
        view = channel == "click" and (event.type == "page" or event.event == "Product Viewed")
        last = Emission(now_ms, channel, who.key, encode_event(event), kind, view)
        if draw > 1 - DUPLICATE:
            again_ms = now_ms + 200 + int(10_000 * rng.random())
            heappush(repeats, (again_ms, number, last))
        yield last
