"""What customers do with an offer they are shown. Pure: the same decision, the same answer."""

import random

import msgspec
from msgspec import Struct

from flows.simulate.behaviour import WEB
from flows.simulate.event import Context, Event, Rfc3339, encode_event, message_id

SHOWN, CLICKED = "Offer Shown", "Offer Clicked"
ACCEPTED, DISMISSED = "Offer Accepted", "Offer Dismissed"
NAMES = (SHOWN, CLICKED, ACCEPTED, DISMISSED)
CHANNEL = "click"
"""Only what is offered on the website is answered there."""
REMEMBERED = 100_000
"""Decisions; an older one may be answered a second time."""


class Offered(Struct, gc=False):
    """What a website needs of an entry of the serving key."""

    offer_id: str
    decision_id: str
    channel: str
    placement: str


class _Serving(Struct):
    offers: list[Offered]


class Answer(Struct, frozen=True, order=True, gc=False):
    """An event that answers an offer; sorts by when it is due."""

    due_ms: int
    number: int
    name: str
    key: str
    """The customer id."""
    value: bytes


read_serving = msgspec.json.Decoder(_Serving).decode


class Audience:
    """Answers each decision once, by dice of its own (`seed` and the decision's id)."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._seen: dict[str, None] = {}
        self._text = Rfc3339()
        self._number = 0

    def answers(self, customer_id: str, serving: bytes, now_ms: int) -> list[Answer]:
        """What `customer_id` will do, from `now_ms` on, with the serving key's content.

        Raises msgspec.DecodeError when that is not what a serving key holds.
        """
        planned: list[Answer] = []
        for offer in read_serving(serving).offers:
            if offer.channel == CHANNEL and offer.decision_id not in self._seen:
                self._remember(offer.decision_id)
                planned += self._to(offer, customer_id, now_ms)
        return planned

    def _remember(self, decision_id: str) -> None:
        self._seen[decision_id] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _to(self, offer: Offered, customer_id: str, now_ms: int) -> list[Answer]:
        rng = random.Random(f"{self._seed} {offer.decision_id}")
        at_ms = now_ms + 50 + int(rng.random() * 250)
        planned = [self._answer(SHOWN, offer, customer_id, at_ms, rng)]
        draw = rng.random()
        if draw < 0.45:
            at_ms += 1_000 + int(rng.random() * 5_000)
            name = CLICKED if draw < 0.3 else DISMISSED
            planned.append(self._answer(name, offer, customer_id, at_ms, rng))
        if draw < 0.12:
            at_ms += 1_000 + int(rng.random() * 10_000)
            planned.append(self._answer(ACCEPTED, offer, customer_id, at_ms, rng))
        return planned

    def _answer(
        self, name: str, offer: Offered, customer_id: str, at_ms: int, rng: random.Random
    ) -> Answer:
        properties: dict[str, object] = {
            "decision_id": offer.decision_id,
            "offer_id": offer.offer_id,
            "placement": offer.placement,
            "channel": offer.channel,
        }
        event = Event("track", Context(WEB), event=name, properties=properties)
        event.message_id = message_id(rng, at_ms)
        event.timestamp = event.sent_at = self._text(at_ms)
        if customer_id.startswith("a-"):
            event.anonymous_id = customer_id
        else:
            event.user_id = customer_id
        self._number += 1
        return Answer(at_ms, self._number, name, customer_id, encode_event(event))
