"""Caps: how often a customer is approached, in windows that slide.

At every instant at most `most` within the `within_ms` before it, to the millisecond. What was
counted counts from the decision on in which we learned of it, which for a customer never goes back.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from state.touchpoint import identity

DECIDED: Final = "decided"
SHOWN: Final = "shown"
ACCEPTED: Final = "accepted"
COUNTED: Final = (DECIDED, SHOWN, ACCEPTED)
"""What a cap may count."""
PER: Final = ("customer", "channel", "group", "offer")
"""Of what a cap may count it: of the customer as a whole, or of each of these by itself."""


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

    def subject(self, offer: str, group: str, channel: str) -> tuple[str, ...] | None:
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
                parts += [kind, which]
            elif only:
                parts += [kind, *sorted(only)]
        return tuple(parts)


CROWDED: Final = Cap("", 0, 0)
"""Stands for the bound on all that is kept for caps."""


class Subject(Struct, frozen=True, gc=False):
    """Something that caps count."""

    key: bytes
    """8 bytes that name it in profiles."""
    of: str
    """One of COUNTED."""
    caps: tuple[Cap, ...]
    most: int
    """The largest number that one of them needs."""
    within_ms: int
    """The longest time that one of them looks back."""


class Full(Struct, frozen=True, gc=False):
    """A cap without room."""

    cap: Cap
    until_ms: int
    """From then on there is room."""


def subjects(caps: Iterable[Cap], offer: str, group: str, channel: str) -> tuple[Subject, ...]:
    """What an offer through a channel is counted as."""
    found: dict[tuple[str, ...], list[Cap]] = {}
    for cap in caps:
        named = cap.subject(offer, group, channel)
        if named is not None:
            found.setdefault(named, []).append(cap)
    return tuple(
        Subject(
            key=identity("cap", *named)[:8],
            of=those[0].of,
            caps=tuple(those),
            most=max(cap.most for cap in those),
            within_ms=max(cap.within_ms for cap in those),
        )
        for named, those in found.items()
    )


def cap_without_room(
    subject: Subject, times: list[int] | None, spent: int, now_ms: int
) -> Full | None:
    """The cap on `subject` that stays without room longest; None where all have some.

    `spent`: what this very decision has spent of it, on top of `times`, which are in order.
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
