"""The checker: what was published of one customer after the other, against the playbook's words.

It knows no rule of ours by which something is decided. It gets the events in the order in which
they were applied, and between them what was published because of them; from these alone it counts
again what caps count, and finds what should not be there.

What it cannot know from records: until when an offer stood, as a withdrawal is not published. So
two offers of an exclusive set are found where one event decided both, and where a page was read on
which both stood.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

from connectors.published.record_types import ActionRecord
from tests.oracle.contact.budgets import Budgets
from tests.oracle.contact.findings import (
    ANSWERED,
    CAUSED,
    CONSENT,
    COOLDOWN,
    COUNTED,
    EXCLUSIVE,
    FORWARD,
    KNOWN,
    LAWS,
    OF_BUDGETS,
    ONCE,
    ONE_CONTENT,
    QUIET,
    STOCKED,
    SUPPRESSED,
    Findings,
    OfBudget,
    OfCap,
    OfLaw,
)
from tests.oracle.contact.hours import EPOCH, first_quiet
from tests.oracle.contact.stock import Stock, Word
from tests.oracle.contact.terms import Cap, Contact

KINDS = {
    "Offer Shown": "shown",
    "Offer Clicked": "clicked",
    "Offer Accepted": "accepted",
    "Offer Dismissed": "dismissed",
}
EXHAUSTED = "exhausted"
"""Accepted, but of a hard budget of which there was none left."""
LATER = ("time:", "budget:", "stock:")
"""What begins the cause of what no event led to."""
SURELY_KEPT = 9
"""An answer to one of so many of a customer's last decisions must count."""
MS = timedelta(milliseconds=1)


class Told(NamedTuple):
    """An event, as far as contact is concerned. Times are milliseconds since the epoch."""

    customer: str
    message_id: str
    name: str
    """"Identified" for what a customer says of themselves."""
    at_ms: int
    """When it happened, as its producer says."""
    received_ms: int
    said: dict[str, Any]
    """Its properties, or its traits."""


class Made(NamedTuple):
    """A decision for an offer."""

    offer: str
    group: str
    channel: str
    at_ms: int
    number: int
    """It is the customer's so manieth."""


class Customer:
    """What is known of one customer so far."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.made: dict[str, Made] = {}
        self.answered: set[tuple[str, str]] = set()
        """(decision, kind)."""
        self.due: tuple[str, str] | None = None
        """The answer that the last event gave, and that must count."""
        self.last: dict[tuple[str, str], int] = {}
        """(offer, "dismissed" or "accepted") → when that counted last."""
        self.times: dict[tuple[str, str], list[int]] = defaultdict(list)
        """(cap, subject) → when."""
        self.consents: dict[str, tuple[int, bool]] = {}
        """Purpose → (when, whether it was withdrawn)."""
        self.zone: tuple[int, str | None] = (0, None)
        self.cause: tuple[str, int] = "", 0
        """Of what was published last, and when that was: one product may lead to several choices
        with no event in between."""
        self.at_once: set[str] = set()
        """The offers that were decided by that cause then."""
        self.message: Told | None = None


class Checker:
    """Takes everything in, customer by customer in the order in which it was applied."""

    def __init__(
        self, contact: Contact, words: Mapping[str, Sequence[Word]] = MappingProxyType({})
    ) -> None:
        """`words`: product → what the catalogue said of it, one after the other."""
        self._contact = contact
        self._customers: dict[str, Customer] = defaultdict(Customer)
        self._ids: dict[bytes, bytes] = {}
        laws = [*LAWS, *(OF_BUDGETS if contact.budgets else ()), *([STOCKED] if words else ())]
        self.findings = Findings(
            caps={cap.name: _of_cap(cap) for cap in contact.caps},
            budgets={name: OfBudget(name, *one) for name, one in contact.budgets.items()},
            laws={law: OfLaw(law) for law in laws},
        )
        self._law = self.findings.asks
        self._budgets = Budgets(contact.budgets, contact.offers, self.findings)
        self._stock = Stock(words, contact.offers, self.findings)

    def event(self, told: Told) -> None:
        """The next event of a customer, before what follows from it."""
        self.findings.events += 1
        customer = self._customers[told.customer]
        self._not_counted(customer)
        customer.message = told
        if told.name in ("Consent Granted", "Consent Withdrawn"):
            word = told.at_ms, told.name == "Consent Withdrawn"
            purpose = str(told.said.get("purpose"))
            customer.consents[purpose] = max(word, customer.consents.get(purpose, word))
        elif told.name == "Identified":
            self._identified(customer, told)
        elif told.name in KINDS:
            self._answer(customer, told)

    def action(self, record: ActionRecord, content: bytes) -> None:
        """The next record of a customer; `content`: its bytes."""
        if self._is_known(record.id, content) or record.kind[:6] != "offer.":
            return
        customer = self._customers[record.customer_id]
        now_ms = (record.decided_at - EPOCH) // MS
        self._law(FORWARD, now_ms >= customer.now_ms, f"{_place(record)}: {customer.now_ms}")
        customer.now_ms = now_ms
        told = customer.message
        caused = record.caused_by.startswith(LATER) or (
            told is not None and told.message_id == record.caused_by
        )
        self._law(CAUSED, caused, f"{_place(record)}: {record.caused_by}")
        if (cause := (record.caused_by, now_ms)) != customer.cause:
            customer.cause, customer.at_once = cause, set()
        known = record.body["offer_id"] in self._contact.offers
        self._law(KNOWN, known, _place(record))
        if known and record.kind == "offer.decided":
            self._decided(customer, record, now_ms)
        elif known and record.kind == "offer.answered":
            self._answered(customer, record, now_ms)

    def last_message(self, customer: str) -> str:
        """The message id of the customer's last event; "" before there is one."""
        told = self._customers[customer].message
        return told.message_id if told else ""

    def repeated(self, identity: str, content: bytes) -> None:
        """A record that lies in the log again, and that readers drop: it must be the same."""
        self.findings.repeats += 1
        known = self._ids.get(bytes.fromhex(identity))
        self._law(ONE_CONTENT, known in (None, _hash(content)), identity)

    def page(self, offers: Sequence[str], pages: int) -> None:
        """So many pages were read on which these offers stood at once."""
        findings = self.findings
        findings.pages += pages
        for name, those in self._contact.exclusive.items():
            beside = [offer for offer in offers if offer in those]
            if beside:
                findings.laws[EXCLUSIVE].asked += pages
            if len(beside) > 1:
                findings.broke(EXCLUSIVE, f"{pages} pages: {name}, {beside}")

    def end(self) -> Findings:
        """What was found, once everything is in."""
        for customer in self._customers.values():
            self._not_counted(customer)
        self._budgets.end()
        self.findings.customers = sum(1 for one in self._customers.values() if one.made)
        return self.findings

    def _is_known(self, identity: str, content: bytes) -> bool:
        key, of = bytes.fromhex(identity), _hash(content)
        before = self._ids.setdefault(key, of)
        self._law(ONE_CONTENT, before == of, identity)
        self._law(ONCE, before is of, identity)
        return before is not of

    def _identified(self, customer: Customer, told: Told) -> None:
        quiet = self._contact.quiet
        if quiet and quiet.trait in told.said and told.at_ms >= customer.zone[0]:
            customer.zone = told.at_ms, told.said[quiet.trait]

    # Decisions

    def _decided(self, customer: Customer, record: ActionRecord, now_ms: int) -> None:
        body, findings = record.body, self.findings
        offer, channel = body["offer_id"], body["channel"]
        terms = self._contact.offers[offer]
        findings.decisions += 1
        where = f"{_place(record)} of {offer} by {channel}"
        self._consented(customer, terms.purpose, where)
        for law, kind, rest_ms in (
            (COOLDOWN, "dismissed", terms.cooldown_ms),
            (SUPPRESSED, "accepted", terms.suppress_ms),
        ):
            if (since := customer.last.get((offer, kind))) is not None:
                self._law(law, now_ms >= since + rest_ms, f"{where}: {kind} at {since}")
        for name, those in self._contact.exclusive.items():
            if offer in those:
                beside = (customer.at_once & those) - {offer}
                self._law(EXCLUSIVE, not beside, f"{where}: {name}, beside {sorted(beside)}")
        customer.at_once.add(offer)
        self._budgets.decided(record, now_ms, where)
        self._stock.decided(record, where)
        quiet = self._contact.quiet
        if quiet and channel in quiet.channels:
            expires_ms = (_moment(body["expires_at"]) - EPOCH) // MS
            begins = first_quiet(quiet, customer.zone[1], now_ms, max(expires_ms, now_ms + 1))
            self._law(QUIET, begins is None, f"{where}: quiet at {begins}")
        made = Made(offer, terms.group, channel, now_ms, len(customer.made) + 1)
        customer.made[body["decision_id"]] = made
        if not terms.fallback:
            self._spend(customer, made, now_ms, where)

    def _consented(self, customer: Customer, purpose: str, where: str) -> None:
        if purpose:
            said = customer.consents.get(purpose)
            withdrawn = said[1] if said else self._contact.purposes[purpose] == "withdrawn"
            self._law(CONSENT, not withdrawn, f"{where}: {purpose}")

    def _spend(self, customer: Customer, made: Made, now_ms: int, where: str) -> None:
        for cap in self._contact.caps:
            subject = cap.subject(made.offer, made.group, made.channel)
            if subject is None:
                continue
            found = self.findings.caps[cap.name]
            found.decisions += 1
            if cap.of == "decided":
                if (held := _count(customer, cap, subject, now_ms, found)) > cap.most:
                    self.findings.broke(cap.name, f"{where}: the {held}th")
            elif (held := len(_window(customer, cap, subject, now_ms))) >= cap.most:
                self.findings.broke(cap.name, f"{where}: {held} {cap.of}")

    # Answers

    def _answer(self, customer: Customer, told: Told) -> None:
        """An event that answers an offer; whether it counts, a record will say."""
        decision, kind = told.said.get("decision_id"), KINDS[told.name]
        made = customer.made.get(str(decision))
        if made is None:
            return
        counted = kind == "shown" and not self._contact.offers[made.offer].fallback
        if counted:
            self._seen(customer, made, told)
        in_time = told.received_ms < made.at_ms + self._contact.answers_ms
        if not in_time or len(customer.made) - made.number >= SURELY_KEPT:
            return
        if (str(decision), kind) not in customer.answered:
            customer.due = str(decision), kind
        elif counted:  # it is shown again, which is not published
            self._spent(customer, made, kind, max(told.received_ms, customer.now_ms))

    def _seen(self, customer: Customer, made: Made, told: Told) -> None:
        """A page showed an offer: after a cap of shows was full?"""
        for cap in self._contact.caps:
            subject = cap.subject(made.offer, made.group, made.channel)
            if cap.of != "shown" or subject is None:
                continue
            window = _window(customer, cap, subject, max(told.received_ms, customer.now_ms))
            if len(window) >= cap.most:
                found = self.findings.caps[cap.name]
                found.late_shows += 1
                found.delays_ms.append(max(told.at_ms - window[cap.most - 1], 0))

    def _answered(self, customer: Customer, record: ActionRecord, now_ms: int) -> None:
        decision, kind = record.body["decision_id"], record.body["answer"]
        if refused := kind == EXHAUSTED:
            kind = "accepted"
        made, told = customer.made.get(decision), customer.message
        true = (
            made is not None
            and told is not None
            and (told.message_id, KINDS.get(told.name)) == (record.caused_by, kind)
            and told.said.get("decision_id") == decision
            and (decision, kind) not in customer.answered
            and (made.offer, made.channel) == (record.body["offer_id"], record.body["channel"])
        )
        self._law(ANSWERED, true, _place(record))
        if made is None or not true:
            return
        if customer.due == (decision, kind):
            customer.due = None
            self.findings.laws[COUNTED].asked += 1
        if refused:
            self._budgets.refused(record, _place(record))
            return
        if kind == "accepted":
            self._budgets.accepted(record, now_ms, _place(record))
        customer.answered.add((decision, kind))
        self.findings.answers[kind] += 1
        customer.last[made.offer, kind] = now_ms
        if not self._contact.offers[made.offer].fallback:
            self._spent(customer, made, kind, now_ms)

    def _spent(self, customer: Customer, made: Made, kind: str, now_ms: int) -> None:
        for cap in self._contact.caps:
            subject = cap.subject(made.offer, made.group, made.channel)
            if cap.of == kind and subject is not None:
                found = self.findings.caps[cap.name]
                if _count(customer, cap, subject, now_ms, found) > cap.most:
                    found.beyond += 1

    def _not_counted(self, customer: Customer) -> None:
        """The next event comes, and what the last one said has not counted."""
        if customer.due is not None:
            decision, kind = customer.due
            self._law(COUNTED, False, f"{kind}, to {decision}")
            customer.due = None


def _of_cap(cap: Cap) -> OfCap:
    only = [f"{kind} {', '.join(names)}" for kind, names in cap.only.items() if names]
    each = f" per {cap.per}" if cap.per != "customer" else ""
    says = f"{cap.of}{each}{' of ' if only else ''}{', '.join(only)}"
    return OfCap(cap.name, f"{says}: {cap.most} in {cap.within_ms // 1000} s", cap.of, cap.most)


def _window(customer: Customer, cap: Cap, subject: str, now_ms: int) -> list[int]:
    """What was counted in (now - within, now]."""
    times = customer.times[cap.name, subject]
    return times[bisect_right(times, now_ms - cap.within_ms) :]


def _count(customer: Customer, cap: Cap, subject: str, now_ms: int, found: OfCap) -> int:
    """How many there are in the window, with the one of now."""
    window = _window(customer, cap, subject, now_ms)
    window.append(now_ms)
    customer.times[cap.name, subject] = window
    found.counted += 1
    found.fullest = max(found.fullest, len(window))
    found.filled += len(window) == cap.most
    return len(window)


def _place(record: ActionRecord) -> str:
    return f"{record.customer_id}, {record.decided_at.isoformat()}, {record.id}"


def _moment(text: str) -> Any:
    return type(EPOCH).fromisoformat(text)


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=12).digest()
