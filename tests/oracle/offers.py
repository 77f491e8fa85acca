"""Which offers a customer is served, chosen anew at every event by the rules as they are written;
and where time alone has moved the customer, or has opened an offer.

Offers of equal score are drawn by lot. How, is nobody's business: any order of them will do, if it
explains all that was decided for the customer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, permutations, product
from typing import Any, NamedTuple

from tests.oracle.deeds import EPOCH
from tests.oracle.rules import Rules, listed, ms

MS = timedelta(milliseconds=1)


class Step(NamedTuple):
    """One event of a customer, or what time did, as far as offers are concerned."""

    now_ms: int
    message_id: str
    """"" where no event led to it."""
    rules: Rules
    eligible: frozenset[str]


class Held(NamedTuple):
    """An offer that was decided and stands."""

    offer: str
    placement: str
    channel: str
    score: float
    decided_at: int
    expires_at: int
    ends_at: int | None
    caused_by: str
    among: list[tuple[str, str, str, float]]
    """(offer, channel, placement, score) of all it was chosen of, in no order."""


class Served(NamedTuple):
    """What the serving key holds."""

    as_of: int
    expires_at: int
    offers: tuple[Held, ...]


class Course(NamedTuple):
    """All that came of a customer's events."""

    decided: list[Held]
    held: list[Held]
    served: Served | None


def follow(steps: Iterable[Step], order: Mapping[str, int]) -> Course:
    """What is decided in the course of `steps`; `order`: offer → its lot, the lowest wins."""
    decided: list[Held] = []
    held: list[Held] = []
    served: Served | None = None
    rules: Rules | None = None
    for step in steps:
        before, rules = rules, step.rules
        standing = [
            h
            for h in held
            if before and says_the_same(before, rules, h.offer) and not is_old(h, step.now_ms)
        ]
        after = []
        for name, placement, channel in choose(step, order):
            kept = [h for h in standing if (h.offer, h.placement) == (name, placement)]
            if not kept:
                kept = [decide(name, placement, channel, step)]
                decided += kept
            after += kept
        if after != held:
            # An empty list stands as long as what it replaces would have.
            expires_at = max(h.expires_at for h in after or held)
            if expires_at > step.now_ms:
                served = Served(step.now_ms, expires_at, tuple(after))
        held = after
    return Course(decided, held, served)


def says_the_same(before: Rules, after: Rules, offer: str) -> bool:
    """Whether another playbook says of an offer what the one before it said."""
    return bool(before.written["offers"].get(offer) == after.written["offers"].get(offer))


def is_old(held: Held, now_ms: int) -> bool:
    """Less than a third of its time is left; what stands until its offer ends cannot be renewed."""
    left = held.expires_at - now_ms
    lapsing = 3 * left < held.expires_at - held.decided_at and held.expires_at != held.ends_at
    return left <= 0 or lapsing


def choose(step: Step, order: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """(offer, placement, channel) by rank."""
    offers, placements = step.rules.written["offers"], step.rules.written["placements"]
    open_now = [
        name for name in offers if name in step.eligible and is_open(offers[name], step.now_ms)
    ]
    best_first = sorted(open_now, key=lambda name: (-score(offers[name]), order.get(name, 0)))
    room = {place: placements[place].get("offers", 1) for place in placements}
    for fallback in (False, True):
        if fallback:
            empty = [
                place for place in placements if room[place] == placements[place].get("offers", 1)
            ]
            room = {place: int(place in empty) for place in placements}
        for name in best_first:
            if bool(offers[name].get("fallback")) is not fallback:
                continue
            for place in listed(offers[name]["placements"]):
                if room[place]:
                    room[place] -= 1
                    there = listed(placements[place]["channels"])
                    channel = next(c for c in listed(offers[name]["channels"]) if c in there)
                    yield name, place, channel
                    break


def decide(name: str, placement: str, channel: str, step: Step) -> Held:
    offer = step.rules.written["offers"][name]
    ends_at = instant(offer["end"], end=True) if "end" in offer else None
    expires_at = step.now_ms + ms(offer["ttl"])
    if ends_at is not None:
        expires_at = min(expires_at, ends_at)
    caused_by = step.message_id or f"time:offer.{name}"
    among = sorted(treatments(step, fallback=bool(offer.get("fallback"))))
    worth = score(offer)
    return Held(name, placement, channel, worth, step.now_ms, expires_at, ends_at, caused_by, among)


def treatments(step: Step, *, fallback: bool) -> Iterator[tuple[str, str, str, float]]:
    """All that an offer of the same sort could have been chosen of."""
    offers, placements = step.rules.written["offers"], step.rules.written["placements"]
    for name, offer in offers.items():
        if name not in step.eligible or not is_open(offer, step.now_ms):
            continue
        if bool(offer.get("fallback")) is fallback:
            for place in listed(offer["placements"]):
                for channel in listed(offer["channels"]):
                    if channel in listed(placements[place]["channels"]):
                        yield name, channel, place, score(offer)


def score(offer: Mapping[str, Any]) -> float:
    return float(offer["lever"] * offer["value"])


def is_open(offer: Mapping[str, Any], now_ms: int) -> bool:
    begun = "start" not in offer or instant(offer["start"], end=False) <= now_ms
    return begun and ("end" not in offer or now_ms < instant(offer["end"], end=True))


def begun(rules: Rules, now_ms: int) -> set[str]:
    """The offers that have a start, and it has passed."""
    offers = rules.written["offers"]
    return {
        name
        for name, offer in offers.items()
        if "start" in offer and instant(offer["start"], end=False) <= now_ms
    }


def instant(written: date | datetime, *, end: bool) -> int:
    """Milliseconds since the epoch; a date is a whole day in UTC."""
    if not isinstance(written, datetime):
        written = datetime.combine(written, time(), UTC) + timedelta(days=int(end))
    return (written.replace(tzinfo=written.tzinfo or UTC) - EPOCH) // MS


def lots(playbooks: Sequence[Rules]) -> Iterator[dict[str, int]]:
    """Every way in which offers of equal score can be drawn."""
    ways = []
    for rules in playbooks:
        offers = rules.written["offers"]
        by_score = sorted(offers, key=lambda name: score(offers[name]))
        for _, group in groupby(by_score, key=lambda name: score(offers[name])):
            ways.append([*permutations(group)])
    for drawn in product(*ways):
        yield {name: lot for group in drawn for lot, name in enumerate(group)}
