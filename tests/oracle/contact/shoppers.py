"""Customers whose every event may change what they are offered, and an audience that answers."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from tests.oracle.contact.hours import EPOCH

ZONES = ("Etc/UTC", "Etc/GMT-1", "Asia/Kathmandu", "Etc/GMT+9", "no/where")
BY_NAME = {
    "Product Viewed": ("click", 45),
    "Page Viewed": ("click", 35),
    "Email Opened": ("email", 5),
    "Kiosk Session Started": ("kiosk", 5),
    "Live Chat Message Sent": ("chat", 4),
    "Consent Withdrawn": ("click", 2),
    "Consent Granted": ("email", 4),
}
"""Name → channel, and how many of a hundred."""
NAMES = tuple(BY_NAME)
WEIGHTS = [share for _, share in BY_NAME.values()]
PURPOSES = ("marketing", "profiling", "profiling", "service")
REPEATED = 0.01
"""Of all events, those that a producer sends again."""
LATE = 0.08
"""And those that come up to MOST_LATE_MS after they happened."""
MOST_LATE_MS = 4_000


class Event(NamedTuple):
    """What one customer does. Times are milliseconds since the epoch."""

    customer: str
    message_id: str
    channel: str
    name: str
    happened_ms: int
    sent_ms: int
    said: dict[str, Any]
    repeat: bool = False
    """Sent before."""

    def again(self, sent_ms: int) -> "Event":
        """The same, sent once more."""
        return self._replace(sent_ms=sent_ms, repeat=True)

    def value(self) -> bytes:
        """As it stands in its topic."""
        identified = self.name == "Identified"
        happened = EPOCH + timedelta(milliseconds=self.happened_ms)
        told: dict[str, Any] = {
            "messageId": self.message_id,
            "type": "identify" if identified else "track",
            "userId": self.customer,
            "timestamp": happened.isoformat(timespec="milliseconds"),
            "traits" if identified else "properties": self.said,
        }
        if not identified:
            told["event"] = self.name
        return json.dumps(told).encode()


def zone_of(customer: str) -> str:
    """Where a customer is, for ever."""
    return ZONES[int(customer.partition("-")[2]) % len(ZONES)]


class Shoppers:
    """Does one thing after the other, by the seed; who has not yet done anything says first where
    they are."""

    def __init__(self, seed: int, customers: int) -> None:
        self._rng = random.Random(seed)
        self._customers = customers
        self._known: set[str] = set()
        self._number = 0

    def next(self, now_ms: int) -> Iterator[Event]:
        """What happens now: an event, and perhaps the same again a little later."""
        rng = self._rng
        customer = f"c-{rng.randrange(self._customers)}"
        if customer not in self._known:
            self._known.add(customer)
            yield self._event(
                customer, "click", "Identified", now_ms, now_ms, {"zone": zone_of(customer)}
            )
            return
        name = rng.choices(NAMES, WEIGHTS)[0]
        said: dict[str, Any] = {}
        if name.startswith("Consent"):
            said = {"purpose": rng.choice(PURPOSES)}
        late_ms = rng.randrange(MOST_LATE_MS) if rng.random() < LATE else 0
        event = self._event(customer, BY_NAME[name][0], name, now_ms - late_ms, now_ms, said)
        yield event
        if rng.random() < REPEATED:
            yield event.again(now_ms + rng.randrange(3_000))

    def _event(
        self,
        customer: str,
        channel: str,
        name: str,
        happened_ms: int,
        now_ms: int,
        said: dict[str, Any],
    ) -> Event:
        self._number += 1
        return Event(customer, f"m-{self._number}", channel, name, happened_ms, now_ms, said)


class Offered(NamedTuple):
    """What a page has read of one offer."""

    offer: str
    decision: str
    channel: str


class Audience:
    """Looks at what is served, whatever it was shown before: a page that reads one key again and
    again shows the same again and again."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"audience {seed}")
        self._number = 0
        self._others: list[str] = ["0" * 32]
        """Decisions for other customers."""

    def looks(self, customer: str, page: Sequence[Offered], now_ms: int) -> list[Event]:
        """What a customer does who sees this page now."""
        rng, answers = self._rng, []
        for one in page:
            answers.append(self._answer(customer, "Offer Shown", one.decision, now_ms, 0))
            draw = rng.random()
            if draw < 0.12:
                answers.append(self._answer(customer, "Offer Dismissed", one.decision, now_ms, 0))
            elif draw < 0.2:
                answers.append(self._answer(customer, "Offer Clicked", one.decision, now_ms, 0))
                answers.append(self._answer(customer, "Offer Accepted", one.decision, now_ms, 0))
            elif draw < 0.3:  # says so late, when the decision may stand no more
                name = rng.choice(("Offer Accepted", "Offer Dismissed", "Offer Shown"))
                late_ms = rng.randrange(12_000)
                answers.append(self._answer(customer, name, one.decision, now_ms, late_ms))
            elif draw < 0.33:  # of another customer, or of nobody
                other = rng.choice(self._others)
                answers.append(self._answer(customer, "Offer Accepted", other, now_ms, 0))
            elif draw < 0.35:  # the same, sent twice by its producer
                answers.append(answers[-1].again(now_ms + rng.randrange(2_000)))
            if rng.random() < 0.05:
                self._others = [*self._others[-50:], one.decision]
        return answers

    def _answer(self, customer: str, name: str, decision: str, now_ms: int, late_ms: int) -> Event:
        self._number += 1
        said = {"decision_id": decision}
        sent_ms = now_ms + late_ms
        return Event(customer, f"a-{self._number}", "click", name, now_ms, sent_ms, said)
