"""What a customer is offered as time passes, recomputed from all that has happened.

Knows no due times: it looks at every instant that lies a duration of the playbook after anything
that was done or decided, and at each chooses from nothing but the history.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import takewhile
from typing import NamedTuple

SECOND, MINUTE = 1_000, 60_000
REFRESH = 10 * MINUTE
MOST, WITHIN = 6, 2 * MINUTE
ROOM = {"home": 2, "inbox": 1}


def _ms(hour_minute: str) -> int:
    return (
        int(datetime.fromisoformat(f"2026-03-01T{hour_minute}").replace(tzinfo=UTC).timestamp())
        * 1000
    )


class Offer(NamedTuple):
    """As the playbook has it; placements by preference, each with the one channel that it has."""

    treatments: tuple[tuple[str, str], ...]
    ttl: int
    cooldown: int = 0
    suppress: int = 0
    eligible: Callable[[int], bool] = lambda views: True
    begins: int = 0
    ends: int = 1 << 62


HOME, INBOX = ("home", "click"), ("inbox", "email")
OFFERS = {  # the best first
    "a": Offer((HOME, INBOX), 60 * SECOND, 90 * SECOND, 5 * MINUTE),
    "b": Offer((INBOX, HOME), 2 * MINUTE, 30 * SECOND, 40 * SECOND, lambda views: views % 2 == 0),
    "c": Offer(
        (HOME,), 45 * SECOND, 20 * SECOND, 7 * MINUTE, begins=_ms("00:10"), ends=_ms("00:25")
    ),
    "d": Offer((HOME,), 30 * SECOND, 3 * MINUTE, 2 * MINUTE),
}
FALLBACKS = {"e": Offer((HOME, INBOX), 5 * MINUTE, 50 * SECOND, 4 * MINUTE)}
EVERY = (*OFFERS.values(), *FALLBACKS.values())
SPANS = sorted(
    {
        WITHIN,
        *(span for o in EVERY for span in (o.cooldown, o.suppress)),
        *(span for o in EVERY for span in (o.ttl, o.ttl * 2 // 3 + 1)),
    }
)


class Deed(NamedTuple):
    """An event, or an answer to an offer."""

    at: int
    name: str
    offer: str = ""
    decided: int = 0
    """What it answers."""


class Held(NamedTuple):
    """A decision."""

    at: int
    offer: str
    placement: str
    channel: str
    expires: int

    def is_old(self, now: int) -> bool:
        """Less than a third of its time is left; what ends with its offer is not prolonged."""
        whole = (OFFERS | FALLBACKS)[self.offer].ttl
        return self.expires - self.at == whole and 3 * (self.expires - now) < whole


class Served(NamedTuple):
    """What the key holds from then on."""

    at: int
    offers: tuple[str, ...]


class Refreshed:
    """One customer."""

    def __init__(self) -> None:
        self.decided: list[Held] = []
        self.served: list[Served] = []
        self._held: list[Held] = []
        self._done: list[Deed] = []
        self._looks = [offer.begins for offer in OFFERS.values() if offer.begins]
        self._looks += [offer.ends for offer in OFFERS.values() if offer.ends < 1 << 62]
        self._looks.sort()

    def take(self, deed: Deed) -> None:
        """The next deed; time has passed until then."""
        again = any(one._replace(at=deed.at) == deed for one in self._done)
        # Each kind of answer counts once for a decision.
        self._done.append(Deed(deed.at, deed.name) if again else deed)
        self._look_after(deed.at)
        self._decide(deed.at)

    def rest(self, until: int) -> None:
        """No deed comes up to then."""
        while self._looks and self._looks[0] <= until:
            now = heappop(self._looks)
            while self._looks and self._looks[0] == now:
                heappop(self._looks)
            if self._done and self._done[-1].at < now <= self._done[-1].at + REFRESH:
                self._decide(now)

    def _look_after(self, at: int) -> None:
        for span in SPANS:
            heappush(self._looks, at + span)

    def _decide(self, now: int) -> None:
        before, self._held = self._held, list(self._choose(now))
        new = [held for held in self._held if held not in before]
        for held in new:
            self.decided.append(held)
            self._look_after(now)
        names = tuple(held.offer for held in self._held)
        until = max((held.expires for held in self._held or before), default=0)
        if (new or names != tuple(held.offer for held in before)) and until > now:
            self.served.append(Served(now, names))

    def _choose(self, now: int) -> Iterator[Held]:
        standing = {held.offer: held for held in self._held if now < held.expires}
        left, spent, taken = dict(ROOM), 0, set()
        for name, offer in OFFERS.items():
            if not self._may(name, offer, now):
                continue
            for placement, channel in offer.treatments:
                held = standing.get(name)
                if held is not None and (held.placement, held.channel) != (placement, channel):
                    held = None
                room = self._spent(now) + spent < MOST
                if name in taken or not left[placement] or (held is None and not room):
                    continue
                if held is None or (held.is_old(now) and room):
                    held = Held(now, name, placement, channel, min(now + offer.ttl, offer.ends))
                    spent += 1
                left[placement] -= 1
                taken.add(name)
                yield held
        empty = {placement: 1 for placement, room in left.items() if room == ROOM[placement]}
        for name, offer in FALLBACKS.items():
            for placement, channel in offer.treatments:
                if name in taken or not empty.get(placement) or not self._may(name, offer, now):
                    continue
                held = standing.get(name)
                if held is None or held.placement != placement or held.is_old(now):
                    held = Held(now, name, placement, channel, now + offer.ttl)
                empty[placement] -= 1
                taken.add(name)
                yield held

    def _may(self, name: str, offer: Offer, now: int) -> bool:
        if not offer.begins <= now < offer.ends:
            return False
        views = sum(deed.name == "Product Viewed" for deed in self._done)
        rests = {"Offer Dismissed": offer.cooldown, "Offer Accepted": offer.suppress}
        return offer.eligible(views) and all(
            now >= deed.at + rests.get(deed.name, 0) for deed in self._done if deed.offer == name
        )

    def _spent(self, now: int) -> int:
        late = takewhile(lambda held: held.at > now - WITHIN, reversed(self.decided))
        return sum(held.offer in OFFERS for held in late)
