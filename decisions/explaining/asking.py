"""When a rule is asked, what it reads, and when time alone changes it."""

from collections.abc import Iterable, Sequence
from typing import Final

from decisions.explaining.clauses import Line
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import listed, quoted
from decisions.explaining.reading import reads
from decisions.explaining.relations import Asks
from decisions.playbook import Playbook
from state import sections

SECTIONS: Final = {
    sections.CHANNELS: "what is known of all events",
    sections.EVENTS: "how many events there were",
    sections.SESSIONS: "visits",
    sections.CART: "the cart",
    sections.ORDERS: "orders",
    sections.AFFINITY: "interests",
    sections.EMAIL: "mails",
    sections.SUBSCRIPTION: "whether the customer wants mails",
    sections.KIOSK: "what happens at kiosks",
    sections.CHAT: "chats",
    sections.TRAITS: "traits",
    sections.SEGMENTS: "segments",
    sections.CONSENTS: "what the customer agreed to",
    sections.ANSWERS: "what became of offers",
    sections.HISTORY: "what is remembered of events",
}
"""What a part of a profile is about; NOW and EVENT are said apart."""


def asked_at(
    events: Sequence[str], mask: int, *, by_time: bool, heading: str = "When it is asked"
) -> Part:
    """At which events a rule is asked that reads `mask`, and whether time asks it, too."""
    if events:
        at = f"At the event {listed([quoted(name) for name in events], 'or')}."
    elif mask & (sections.NOW | sections.EVENT):
        at = "At every event."
    elif words := [word for bit, word in SECTIONS.items() if mask & bit]:
        at = f"At events that change {listed(words, 'or')}."
    else:
        at = "Once, at the first event of a customer with this version of the playbook."
    alone = "Without an event, at the moment at which time alone may change the answer."
    return part("asked", heading, [at, alone if by_time else None])


def read_by(asks: Iterable[Asks], playbook: Playbook) -> Part:
    """What expressions read, each with what it is."""
    found = reads([one.source for one in asks], playbook.traits)
    return part("reads", "What it reads", [f"{one.name}: {one.doc}" for one in found])


def by_time(
    asks: Iterable[Asks], playbook: Playbook, also: Iterable[str] = (), *, noticed: str = ""
) -> Part:
    """How time alone changes conditions, and what it does beside; `noticed` says when that is seen,
    if not at once."""
    asks = list(asks)
    found = [one for one in reads([a.source for a in asks], playbook.traits) if one.changes]
    lines = [Line(f"{one.name}: {one.changes}") for one in found]
    moved = sorted({name for one in asks for name in one.segments if is_timed(name, playbook)})
    if moved:
        lines.append(Line(f"as time moves customers in and out of {listed(moved)}"))
    lines += map(Line, also)
    if not lines:
        lines = [Line("never")]
    elif noticed:
        lines.append(Line(noticed))
    return part("time", "When time alone changes it", lines)


def is_timed(name: str, playbook: Playbook) -> bool:
    """Whether time alone moves customers into or out of a segment."""
    segment = playbook.segments[name]
    if segment.reads & sections.NOW or segment.dwell_ms:
        return True
    return any(is_timed(other, playbook) for other in segment.names)
