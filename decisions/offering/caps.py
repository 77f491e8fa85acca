"""Caps: how often a customer is approached, in windows that slide.

At every instant at most `most` within the `within_ms` before it, to the millisecond. Of each
subject that caps count, a profile keeps the last times only, no more of them than the largest cap
needs: so it is exact, and bounded. What was counted counts from the decision on in which we learned
of it, which for a customer never goes back.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

DECIDED: Final = "decided"
SHOWN: Final = "shown"
ACCEPTED: Final = "accepted"
COUNTED: Final = (DECIDED, SHOWN, ACCEPTED)
"""What a cap may count."""
PER: Final = ("customer", "channel", "group", "offer")
"""Of what a cap may count it: of the customer as a whole, or of each of these by itself."""

Contacts = dict[str, list[int]]
"""Subject → when, oldest first: what a profile keeps."""


class Cap(Struct, frozen=True):
    """At most so many within so long."""

    id: str
    most: int
    within_ms: int
    of: str = DECIDED
    """One of COUNTED."""
    per: str = "customer"
    """One of PER."""
    channels: frozenset[str] = frozenset()
    """The only ones it is about; none: all. So for groups and offers."""
    groups: frozenset[str] = frozenset()
    offers: frozenset[str] = frozenset()

    def subject(self, offer: str, group: str, channel: str) -> str | None:
        """What it counts a treatment as; None where it is not about it. Caps that count the same
        share it."""
        parts = [self.of]
        for kind, which, only in (
            ("channel", channel, self.channels),
            ("group", group, self.groups),
            ("offer", offer, self.offers),
        ):
            if only and which not in only:
                return None
            if self.per == kind:
                if not which:
                    return None
                parts.append(f"{kind} {which}")
            elif only:
                parts.append(f"{kind} {'|'.join(sorted(only))}")
        return " ".join(parts)


CROWDED: Final = Cap("", 0, 0)
"""Stands for the bound on all times that are kept for caps."""


class Subject(Struct, frozen=True, gc=False):
    """Something that caps count."""

    name: str
    of: str
    """One of COUNTED."""
    keep: int
    """How many of its last times they need."""
    caps: tuple[Cap, ...]


class Full(Struct, frozen=True, gc=False):
    """A cap without room."""

    cap: Cap
    until_ms: int
    """From then on there is room."""


def subjects(caps: Iterable[Cap], offer: str, group: str, channel: str) -> tuple[Subject, ...]:
    """What an offer through a channel is counted as."""
    found: dict[str, list[Cap]] = {}
    for cap in caps:
        name = cap.subject(offer, group, channel)
        if name is not None:
            found.setdefault(name, []).append(cap)
    return tuple(
        Subject(name, those[0].of, max(cap.most for cap in those), tuple(those))
        for name, those in found.items()
    )


def full(subject: Subject, times: list[int] | None, spent: int, now_ms: int) -> Full | None:
    """The cap on `subject` that stays without room longest; None where all have some.

    `spent`: what this very decision has spent of it, on top of `times`.
    """
    found: Full | None = None
    for cap in subject.caps:
        room = cap.most - spent
        if room <= 0:
            until_ms = now_ms + cap.within_ms
        elif times is not None and len(times) >= room:
            until_ms = times[-room] + cap.within_ms
        else:
            continue
        if now_ms < until_ms and (found is None or until_ms > found.until_ms):
            found = Full(cap, until_ms)
    return found


def count(contacts: Contacts, those: Iterable[Subject], of: str, now_ms: int) -> None:
    """Notes that `of` happened at `now_ms`."""
    for subject in those:
        if subject.of == of:
            times = contacts.setdefault(subject.name, [])
            times.append(now_ms)
            del times[: -subject.keep]


def forget(contacts: Contacts, known: Mapping[str, Subject], now_ms: int) -> None:
    """Drops what no cap needs any more."""
    for name, times in list(contacts.items()):
        subject = known.get(name)
        if subject is None or times[-1] + max(c.within_ms for c in subject.caps) <= now_ms:
            del contacts[name]


def crowded(contacts: Contacts, known: Mapping[str, Subject], most: int) -> int:
    """0 while there is room for another time; else the first instant at which one kept is needed no
    more. So a cap is never exceeded because what it counts was forgotten."""
    if sum(map(len, contacts.values())) < most:
        return 0
    ends = [
        times[0] + max(cap.within_ms for cap in known[name].caps)
        for name, times in contacts.items()
        if name in known
    ]
    return min(ends, default=0)
