"""A playbook of offers for tests, and a customer who answers them."""

from typing import Any

from decisions.decide import decide
from decisions.offering.explain import Told, tell
from state.decision import Decision
from state.fold import fold
from tests.decisions.someone import Someone, book, touchpoint

HEAD = """\
channels: [click, email, kiosk]
traits: {city: string, zone: string}
placements:
  home: {channels: [click], offers: 2}
  inbox: {channels: [email], offers: 1}
  counter: {channels: [kiosk], offers: 1}
"""


def shop(offers: str, rest: str = "", head: str = HEAD) -> Someone:
    """A customer of a shop with these offers (lines below `offers:`)."""
    return Someone(book(f"offers:\n{offers}\n{rest}", head))


def offer(name: str, value: float = 1.0, more: str = "", places: str = "home: click") -> str:
    """One offer, to stand in `places`."""
    spots = [place.split(": ") for place in places.split(", ")]
    placements = ", ".join(place for place, _ in spots)
    channels = ", ".join(dict.fromkeys(channel for _, channel in spots))
    extra = f", {more}" if more else ""
    return (
        f"  {name}: {{title: {name}, value: {value}, channels: [{channels}], "
        f"placements: [{placements}], ttl: 1d{extra}}}"
    )


def decision_id(someone: Someone, offer_id: str) -> str:
    """Of the offer that stands."""
    (held,) = [held for held in someone.profile.offers if held.offer_id == offer_id]
    return held.decision_id.hex()


def answer(someone: Someone, kind: str, offer_id: str, after_ms: int = 1_000) -> Decision:
    """The customer answers the offer that stands."""
    return say(someone, kind, {"decision_id": decision_id(someone, offer_id)}, after_ms)


def say(someone: Someone, kind: str, properties: dict[str, Any], after_ms: int = 1_000) -> Decision:
    """An event that is an answer."""
    decision = someone.does(f"Offer {kind}", properties, after_ms=after_ms)
    assert decision is not None
    return decision


def tells(someone: Someone, traits: dict[str, Any], after_ms: int = 1_000) -> Decision | None:
    """The customer says something of themselves; what is decided."""
    someone.now_ms += after_ms
    someone.events += 1
    customer, message = someone.customer_id, f"m-{someone.events}"
    event = touchpoint(customer, message, "Identified", someone.now_ms)
    event.type, event.traits = "identify", traits
    changed = fold(someone.profile, event, someone.playbook.traits)
    return decide(someone.profile, event, changed, someone.playbook, someone.now_ms)


def served(someone: Someone) -> list[str]:
    """The offers that stand, the best first."""
    return [offer for offer, _, _ in someone.offers()]


def told(someone: Someone, now_ms: int | None = None) -> dict[str, Told]:
    """What is explained of each offer."""
    at_ms = someone.now_ms if now_ms is None else now_ms
    found = tell(someone.profile, someone.customer_id, someone.playbook, at_ms)
    return {one.offer: one for one in found}
