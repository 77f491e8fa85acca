"""An offer in words."""

from collections.abc import Iterator

from decisions.explaining.asking import asked_at, by_time, read_by
from decisions.explaining.clauses import Line, condition
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import counted, moment, number, span
from decisions.explaining.relations import asked
from decisions.offers import DECIDED
from decisions.playbook import Playbook
from decisions.rules import Offer

NOTICED = (
    "Offers are chosen anew at events, and when time moves the customer between segments: that is "
    "when it is seen."
)


def parts(offer: Offer, playbook: Playbook) -> Iterator[Part]:
    """What is said of it."""
    who = condition(offer.when.source) if offer.when else Line("always: it is for everyone")
    yield part("when", "A customer may get it when", [who])
    yield part("where", "Where it stands", _where(offer, playbook))
    yield part("rank", "How it is ranked", _rank(offer))
    yield part("open", "From when, until when", _open(offer))
    reason = f'"{offer.reasons[0]}"'
    yield part("because", "The reason that readers are told", [reason])
    yield asked_at((), playbook.offers_read, by_time=False)
    yield by_time(asked(offer), playbook, noticed=NOTICED)
    yield read_by(asked(offer), playbook)
    served = f"{DECIDED}, once for each decision, and what is served of the customer's offers."
    yield part("publishes", "What it publishes", [served])


def _where(offer: Offer, playbook: Playbook) -> Iterator[Line]:
    for rank, (place, channel) in enumerate(offer.places):
        first = "" if rank == 0 else "if that is full: "
        holds = counted(playbook.placements[place].offers, "offer")
        yield Line(f"{first}in {place}, through {channel} ({place} holds {holds})")


def _rank(offer: Offer) -> Iterator[Line]:
    score = f"{offer.priority} x {number(offer.value)} = {number(offer.score)}"
    yield Line(f"By its score, priority x value: {score}.")
    if offer.fallback:
        yield Line("It is a fallback: it stands only in a place where nothing else fits.")


def _open(offer: Offer) -> Iterator[Line]:
    if offer.start_ms:
        yield Line(f"It opens at {moment(offer.start_ms)}.")
    if offer.end_ms:
        yield Line(f"It is over at {moment(offer.end_ms)}.")
    if not offer.timed:
        yield Line("It is always open.")
    yield Line(
        f"A decision for it stands for {span(offer.ttl_ms)}; with less than a third of that left, "
        "it is decided anew when the customer is there."
    )
