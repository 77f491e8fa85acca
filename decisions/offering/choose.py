"""The choice: what a customer may be offered now, and what of it stands where."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import filterfalse
from typing import Final

from msgspec import Struct, field

from decisions.language import EvaluationError, Value
from decisions.offering.arbitration import Candidate, Eligible, Ranking, best_first, weighed
from decisions.offering.caps import CROWDED, DECIDED, Full, Subject, cap_without_room
from decisions.offering.catalogue import Offer, Treatment
from decisions.offering.contacts import room
from decisions.offering.eligibility import is_held_out
from decisions.offering.experiments import assigned
from decisions.offering.interest import INTERESTS, declared, share, topics_of
from decisions.offering.model import Model
from decisions.offering.policy import rests_until
from decisions.offering.propensity import Moment, bucket_of
from decisions.offering.ranked import explored, ranked, treatments_of
from decisions.offering.stock import first_sold_out, is_used_up
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.profile import HeldOffer, Profile
from state.times import earliest
from state.touchpoint import Touchpoint

MOST_WEIGHT: Final = 1e6
CLOSED: Final = "dates"
STOCK: Final = "stock"
BUDGET: Final = "budget"
CONTROL: Final = "control"
ARM: Final = "arm"
CONSENT: Final = "consent"
INTEREST: Final = "interest"
ANSWERED: Final = "answered"
"""Stages at which an offer stops, beside its layers."""


class Chosen(Struct, frozen=True, gc=False):
    """A treatment that is to be served."""

    candidate: Candidate
    kept: HeldOffer | None
    """The decision that stays; None: it is decided anew."""
    among: Sequence[Candidate]
    """What it was chosen of, the best first: the eligible set."""


class Drawn(Struct, frozen=True, gc=False):
    """What the propensities of a choice hang on, where they are learned."""

    bucket: str
    seed: int
    told: int
    """See `World`."""
    best: Treatment
    """The first one by score."""
    explored: Treatment | None
    """The one that goes first all the same; None: this is no time to explore."""


class Choice(Struct, gc=False):
    """What is to be served."""

    chosen: list[Chosen] = field(default_factory=list)
    """By rank; fallback offers after all others."""
    arms: dict[str, str] = field(default_factory=dict)
    """Experiment → the customer's arm."""
    errors: list[str] = field(default_factory=list)
    """Rules that ended in an error: conditions and weights of offers, which are not chosen then,
    the context and features of what is learned, and what customers declare."""
    interests: tuple[str, ...] | None = None
    """What the customer declared; None = not looked at."""
    drawn: Drawn | None = None
    """None: nothing is learned, or nothing may be chosen."""
    again_at: int = 0
    """The first instant at which time alone may let one more be chosen; 0 = never."""


def choose(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    standing: Mapping[str, HeldOffer],
    world: World = BARE,
) -> Choice:
    """The best offers, each in a place with room, no two rivals, no cap exceeded.

    `standing`: offer → the decision for it that has not expired. It stays until it is old, and
    beyond that while a cap has no room for a new one. Changes nothing.
    """
    return Chooser(profile, touchpoint, playbook, now_ms, standing, world).choose()


def stands_until(held: HeldOffer, offer: Offer) -> int:
    """The first instant at which `held` has less than a third of its time left, and is decided
    anew.

    One that does not stand its whole time, as the offer or the day ends before, cannot be
    prolonged: for it, when it is over.
    """
    expires_at = held.expires_at
    if expires_at < held.decided_at + offer.ttl_ms or expires_at == offer.end_ms:
        return expires_at
    return expires_at - (expires_at - held.decided_at - 1) // 3


class Chooser:
    """One choice, for one customer, at one instant."""

    def __init__(
        self,
        profile: Profile,
        touchpoint: Touchpoint,
        playbook: Playbook,
        now_ms: int,
        standing: Mapping[str, HeldOffer],
        world: World = BARE,
    ) -> None:
        arms = assigned(playbook.experiments.values(), touchpoint.customer_id)
        self.choice = Choice(arms=arms)
        self.refused: dict[str, tuple[Treatment, Full]] = {}
        """Offer → the first of its treatments that a cap kept from being decided, and the cap."""
        self._arms = frozenset(arms.items())
        self._refused_purposes = playbook.refused_purposes(profile)
        self._profile = profile
        self._touchpoint = touchpoint
        self._playbook = playbook
        self._now_ms = now_ms
        self._standing = standing
        self._world = world
        self._full: dict[bytes, Full] = {}
        """Subject → the cap on it that has no room."""
        for key, known in profile.contacts.items():
            subject = playbook.counted.get(key)
            if subject and (without := cap_without_room(subject, known.times, 0, now_ms)):
                self._full[key] = without
        self._left, self._crowded_until = room(profile, now_ms)
        self._spent: dict[bytes, int] = {}
        """Subject → how many of it this choice decides."""
        self._over_at: int | None = None
        """When it is not quiet any more; None = not looked at."""
        self._barred: set[str] = set()
        """What stands, and its rivals."""
        self._shares: dict[str, float] = {}
        """Offer → the share of its topics that interests the customer, where that was asked."""

    def choose(self, room: Mapping[str, int] | None = None) -> Choice:
        """The choice; to be made once. `room`: placement → how many offers, where it is not made
        for all of the playbook's."""
        book, choice = self._playbook, self.choice
        room = book.room if room is None else room
        choice.chosen += self._fill(self.candidates(book.proper), dict(room))
        if book.fallbacks.offers:
            taken = {one.candidate.treatment.placement for one in choice.chosen}
            empty = {name: 1 for name in room if name not in taken}
            if empty:
                choice.chosen += self._fill(self.candidates(book.fallbacks), empty)
        return choice

    def candidates(self, ranking: Ranking) -> Sequence[Candidate]:
        """What may be chosen of `ranking`, the best first."""
        eligible = ranking.eligible(self.open_of(ranking))
        if self._full:
            eligible = eligible.where(lambda one: not self.cap_on(one.treatment))
        if self._playbook.policy.quiet:
            eligible = eligible.where(lambda one: not self.quiet_until(one.treatment))
        weights = self._weights(eligible.candidates) if ranking.weighed else None
        if ranking.learned and self._playbook.model is not None:
            return self._by_learning(self._playbook.model, eligible, weights)
        found: Sequence[Candidate] = eligible.candidates
        if weights is not None:
            found = weighed(found, weights)
        if not ranking.clear:
            found = best_first(found, self._touchpoint.customer_id)
        if found and found[-1].score < 0:  # it costs more than it may bring
            found = [one for one in found if one.score >= 0]
        return found

    def open_of(self, ranking: Ranking) -> frozenset[str]:
        """The offers of `ranking` that stop at no stage, by their ids."""
        if self._touchpoint.context is not None:  # which any condition may look at
            return frozenset([offer.id for offer in filterfalse(self.stage, ranking.offers)])
        index, offers = ranking.index, self._playbook.offers
        found = index.open_to(self._profile.segments, self._arms, self._refused_purposes)
        if self._profile.answers:
            answered = found.intersection(self._profile.answers)
            found = found.difference([one for one in answered if self._rests(offers[one])])
        if index.others:
            found = found.union([offer.id for offer in filterfalse(self.stage, index.others)])
        return found

    def _by_learning(
        self, model: Model, eligible: Eligible, weights: Mapping[Value | None, float] | None
    ) -> Sequence[Candidate]:
        customer, now_ms = self._touchpoint.customer_id, self._now_ms
        bucket, wrong = bucket_of(model.learning, self._profile, self._touchpoint, now_ms)
        self.choice.errors += wrong
        seed, until_ms = model.learning.luck(customer, now_ms)
        where = Moment(bucket, seed, self._world, now_ms)
        among = ranked(eligible, weights, model, self._playbook.power, where, customer)
        if not among:
            return ()
        best, at = among[0].treatment, explored(among, model, seed)
        first = among[at].treatment if at is not None else None
        self._again(until_ms)
        self.choice.drawn = Drawn(bucket, seed, self._world.told, best, first)
        return among.with_first(at) if at else among

    def stage(self, offer: Offer) -> str:
        """Where an offer stops for this customer, whatever the channel: one of CLOSED, STOCK,
        BUDGET, CONTROL, ARM, CONSENT, INTEREST, LAYERS, ANSWERED; "" = nowhere."""
        now_ms = self._now_ms
        if offer.timed and (now_ms < offer.start_ms or 0 < offer.end_ms <= now_ms):
            return CLOSED
        if offer.products and first_sold_out(offer.products, self._world):
            return STOCK
        if offer.budget and is_used_up(offer, self._world):
            return BUDGET
        if self._arms and is_held_out(offer, self._arms):
            return CONTROL
        if offer.arms and offer.arms.isdisjoint(self._arms):
            return ARM
        if offer.purpose in self._refused_purposes:
            return CONSENT
        if offer.interests and not self._share(offer, offer.interests):
            return INTEREST
        for layer, when in offer.layers:
            try:
                if not when(self._profile, self._touchpoint, now_ms):
                    return layer
            except EvaluationError:
                self.choice.errors.append(f"offer.{offer.id}")
                return layer
        return ANSWERED if self._rests(offer) else ""

    def _rests(self, offer: Offer) -> bool:
        """Whether the customer has answered it, and is left alone with it."""
        if not self._profile.answers or self._now_ms >= (
            rests := rests_until(offer, self._profile)
        ):
            return False
        self._again(rests)
        return True

    def _share(self, offer: Offer, interests: Value) -> float:
        """The share of its topics that is of interest to the customer: its weights are multiplied
        by it."""
        choice, topics = self.choice, topics_of(offer, self._world)
        if topics and choice.interests is None:
            found = declared(interests, self._profile, self._touchpoint, self._now_ms)
            if found is None:
                choice.errors.append(INTERESTS)
            choice.interests = found or ()
        self._shares[offer.id] = of_interest = share(topics, choice.interests or ())
        return of_interest

    def quiet_until(self, treatment: Treatment) -> int:
        """0 where its channel is not silent now; else the first instant at which it is not."""
        quiet = self._playbook.policy.quiet
        if quiet is None or treatment.channel not in quiet.channels:
            return 0
        if self._over_at is None:
            self._over_at = quiet.over_at(self._profile, self._touchpoint, self._now_ms)
        if self._over_at <= self._now_ms:
            return 0
        self._again(self._over_at)
        return self._over_at

    def cap_on(self, treatment: Treatment) -> Full | None:
        """The cap that keeps it out now: one of decisions only where one would have to be made."""
        for subject in treatment.counted:
            without = self._full.get(subject.key)
            if without and (subject.of != DECIDED or self._held(treatment) is None):
                self._again(without.until_ms)
                return without
        return None

    def _without_room(self, treatment: Treatment) -> Full | None:
        """The cap that has no room for one more decision, what is chosen already counted."""
        if treatment.counted and self._left < max(len(treatment.spends), 1):
            return Full(CROWDED, self._crowded_until)
        for subject in treatment.spends:
            if without := self._cap_of(subject):
                return without
        return None

    def is_barred(self, offer_id: str) -> bool:
        """Whether it stands, or one of its rivals does."""
        return offer_id in self._barred

    def _fill(self, among: Sequence[Candidate], places: dict[str, int]) -> Iterator[Chosen]:
        """From the best down, each takes its place where that has room; each offer once."""
        left = sum(places.values())
        for rank, treatment in enumerate(treatments_of(among)):
            if not left:
                return
            if not places.get(treatment.placement) or treatment.offer in self._barred:
                continue
            kept = self._held(treatment)
            offer = self._playbook.offers[treatment.offer]
            if kept is None or self._now_ms >= stands_until(kept, offer):
                without = self._without_room(treatment)
                if without is None:
                    kept = None
                    self._spend(treatment)
                else:
                    self._again(without.until_ms)
                    self.refused.setdefault(treatment.offer, (treatment, without))
                    if kept is None:
                        continue
            places[treatment.placement] -= 1
            left -= 1
            self._barred |= offer.rivals
            yield Chosen(among[rank], kept, among)

    def _held(self, treatment: Treatment) -> HeldOffer | None:
        held = self._standing.get(treatment.offer)
        if held is None or held.placement != treatment.placement:
            return None
        return held if held.channel == treatment.channel else None

    def _cap_of(self, subject: Subject) -> Full | None:
        spent = self._spent.get(subject.key)
        if not spent:
            return self._full.get(subject.key)
        known = self._profile.contacts.get(subject.key)
        return cap_without_room(subject, known.times if known else None, spent, self._now_ms)

    def _spend(self, treatment: Treatment) -> None:
        for subject in treatment.spends:
            self._spent[subject.key] = self._spent.get(subject.key, 0) + 1
        self._left -= len(treatment.spends)

    def _weights(self, found: Iterable[Candidate]) -> dict[Value | None, float]:
        """Weight → what it is now, times the share of the offer's topics that is of interest; one
        that is no number from 0 to MOST_WEIGHT is left out."""
        known: dict[Value | None, float] = {None: 1.0}
        shares = self._shares
        for weight, offer in {one.treatment.weight: one.offer for one in found}.items():
            if weight is not None and (now := self._weight(offer, weight)) is not None:
                known[weight] = now * shares.get(offer, 1.0) if shares else now
        return known

    def _weight(self, offer: str, weight: Value) -> float | None:
        try:
            found = weight(self._profile, self._touchpoint, self._now_ms)
        except EvaluationError:
            found = None
        if type(found) in (int, float) and 0 <= found <= MOST_WEIGHT:
            return float(found)
        self.choice.errors.append(f"offer.{offer}")
        return None

    def _again(self, at_ms: int) -> None:
        self.choice.again_at = earliest(self.choice.again_at, at_ms)
