"""Why a customer is served what they are served, offer by offer: the same choice, with its reasons.

Pure: it changes neither the profile nor anything else, and asks the code that decides.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from decisions.budgets.budget import Budget
from decisions.budgets.purse import EMPTY, is_spent, known_accepted, purse_of
from decisions.explaining.evidence import Evidence
from decisions.explaining.phrases import span
from decisions.offering.arbitration import Candidate, reckoning
from decisions.offering.caps import CROWDED, Full
from decisions.offering.catalogue import LAYERS, Offer, Treatment
from decisions.offering.choose import (
    ANSWERED,
    ARM,
    BUDGET,
    CLOSED,
    CONSENT,
    CONTROL,
    INTEREST,
    MOST_WEIGHT,
    STOCK,
    Chooser,
)
from decisions.offering.experiments import EVERYTHING, HELD_OUT, control_of
from decisions.offering.interest import ALONE, share, topics_of
from decisions.offering.serve import standing
from decisions.offering.stock import first_sold_out
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.profile import Profile
from state.times import rfc3339
from state.touchpoint import silence

SERVED: Final = "served"
QUIET: Final = "quiet"
CAPPED: Final = "capped"
WEIGHT: Final = "weight"
COST: Final = "cost"
RIVAL: Final = "rival"
OUTRANKED: Final = "outranked"
FALLBACK: Final = "fallback"
STAGES: Final = (
    *(CLOSED, STOCK, BUDGET, CONTROL, ARM, CONSENT, INTEREST, *LAYERS, ANSWERED, CAPPED, QUIET),
    *(WEIGHT, COST, FALLBACK, RIVAL, OUTRANKED, SERVED),
)
"""Where an offer can stop, in the order in which it is asked; the last one is no stop."""


class Weighed(Struct, frozen=True):
    """A treatment that may be chosen, with its terms."""

    rank: int
    """1 is the best of all that may be chosen; fallback offers count by themselves."""
    channel: str
    placement: str
    propensity: float
    weight: float
    value: float
    lever: float
    cost: float
    score: float
    terms: str
    """The score in words."""


class Told(Struct, frozen=True):
    """What became of one offer."""

    offer: str
    title: str
    stage: str
    """One of STAGES."""
    reasons: tuple[str, ...]
    decision_id: str
    """Of what is served and stays; "" where it is not served, or would be decided anew."""
    treatments: tuple[Weighed, ...]


def tell(
    profile: Profile, customer_id: str, playbook: Playbook, now_ms: int, world: World = BARE
) -> tuple[Told, ...]:
    """What becomes of every offer of the playbook if it is chosen at `now_ms`, in its order."""
    return _Teller(profile, customer_id, playbook, now_ms, world).all()


class _Teller:
    def __init__(
        self, profile: Profile, customer_id: str, playbook: Playbook, now_ms: int, world: World
    ) -> None:
        self._profile = profile
        self._world = world
        self._playbook = playbook
        self._now_ms = now_ms
        self._evidence = Evidence(profile, playbook, now_ms)
        touchpoint = silence(customer_id, now_ms, profile.firings + 1)
        kept = standing(profile, touchpoint, playbook, now_ms)
        self._chooser = Chooser(profile, touchpoint, playbook, now_ms, kept, world)
        self._choice = choice = self._chooser.choose()
        self._arms = choice.arms
        self._served = {one.candidate.offer: one for one in choice.chosen}
        self._ranked = {
            fallback: list(self._chooser.candidates(ranking))
            for fallback, ranking in ((False, playbook.proper), (True, playbook.fallbacks))
        }

    def all(self) -> tuple[Told, ...]:
        return tuple(self._told(offer) for offer in self._playbook.offers.values())

    def _told(self, offer: Offer) -> Told:
        ranked = self._ranked[offer.fallback]
        mine = [(rank, one) for rank, one in enumerate(ranked, 1) if one.offer == offer.id]
        stage, reasons = self._stage(offer, [one for _, one in mine])
        chosen = self._served.get(offer.id)
        kept = chosen.kept if chosen else None
        return Told(
            offer=offer.id,
            title=offer.title,
            stage=stage,
            reasons=tuple(reasons),
            decision_id=kept.decision_id.hex() if kept else "",
            treatments=tuple(self._weighed(rank, one) for rank, one in mine),
        )

    def _weighed(self, rank: int, one: Candidate) -> Weighed:
        what = one.treatment
        return Weighed(
            rank=rank,
            channel=what.channel,
            placement=what.placement,
            propensity=one.propensity,
            weight=one.weight,
            value=what.value,
            lever=what.lever,
            cost=what.cost,
            score=one.score,
            terms=reckoning(what, one.propensity, one.weight, self._playbook.power),
        )

    def _stage(self, offer: Offer, mine: list[Candidate]) -> tuple[str, Iterable[str]]:
        stage = self._chooser.stage(offer)
        if stage:
            return stage, self._stopped(offer, stage)
        if offer.id in self._served:
            return SERVED, self._why(offer)
        if mine:
            return self._passed_over(offer, mine)
        for one in offer.treatments:
            if without := self._chooser.cap_on(one):
                return CAPPED, [self._cap(one, without)]
            if until_ms := self._chooser.quiet_until(one):
                return QUIET, [f"{one.channel} is left alone until {rfc3339(until_ms)}"]
        if any(one.weight and one.weight.source != ALONE for one in offer.treatments):
            return WEIGHT, self._weights(offer)
        return COST, self._losses(offer)

    def _stopped(self, offer: Offer, stage: str) -> Iterator[str]:
        now_ms = self._now_ms
        if stage == CLOSED and now_ms < offer.start_ms:
            yield f"it starts at {rfc3339(offer.start_ms)}, now is {rfc3339(now_ms)}"
        elif stage == CLOSED:
            yield f"it ended at {rfc3339(offer.end_ms)}, now is {rfc3339(now_ms)}"
        elif stage == STOCK:
            yield self._stock(offer)
        elif stage == BUDGET and offer.budget is not None:
            yield self._used_up(offer.budget)
        elif stage == CONTROL:
            names = (EVERYTHING, control_of(offer.group))
            held_out = [name for name in names if self._arms.get(name) == HELD_OUT]
            yield f"the customer is held out: {', '.join(held_out)}"
        elif stage == ARM:
            yield from self._other_arms(offer)
        elif stage == CONSENT:
            yield self._consent(offer.purpose)
        elif stage == INTEREST:
            yield self._interest(offer)
        elif stage == ANSWERED:
            yield from self._answered(offer)
        else:
            for layer, when in offer.layers:
                if layer == stage:
                    yield from self._evidence.why_not(when.source)

    def _stock(self, offer: Offer) -> str:
        product = first_sold_out(offer.products, self._world)
        known = (self._world.products or {}).get(product)
        if known is None or known.product is None:
            return f"product {product} is not in the catalogue"
        return f"product {product} is sold out: its stock is {known.product.stock}"

    def _used_up(self, budget: Budget) -> str:
        purse = purse_of(self._world.budgets, budget) or EMPTY
        accepted = f"{known_accepted(purse)} of {budget.units} are accepted"
        if is_spent(purse, budget):
            return f"budget {budget.id} is spent: {accepted}"
        return f"budget {budget.id}: {accepted}, and none of the others is left in this shard"

    def _other_arms(self, offer: Offer) -> Iterator[str]:
        for experiment in sorted({experiment for experiment, _ in offer.arms}):
            arm = self._arms.get(experiment)
            wanted = sorted(name for of, name in offer.arms if of == experiment)
            got = f"is in {arm}" if arm else "takes no part"
            yield f"for {' or '.join(wanted)} of {experiment}; the customer {got}"

    def _consent(self, purpose: str) -> str:
        said = self._profile.consents.get(purpose)
        if said is None:
            return f"the customer has said nothing of {purpose}, and by default it is withdrawn"
        return f"the customer withdrew {purpose} at {rfc3339(said.at)}"

    def _interest(self, offer: Offer) -> str:
        declared = ", ".join(self._choice.interests or ()) or "nothing"
        topics = ", ".join(topics_of(offer, self._world))
        return f"it is about {topics}; the customer declared {declared}"

    def _answered(self, offer: Offer) -> Iterator[str]:
        said = self._profile.answers[offer.id]
        for word, at_ms, rest_ms in (
            ("dismissed", said.dismissed_at, offer.cooldown_ms),
            ("accepted", said.accepted_at, offer.suppress_ms),
        ):
            if at_ms and self._now_ms < at_ms + rest_ms:
                until = rfc3339(at_ms + rest_ms)
                yield f"{word} at {rfc3339(at_ms)}: left alone for {span(rest_ms)}, until {until}"

    def _cap(self, one: Treatment, without: Full) -> str:
        cap, until = without.cap, rfc3339(without.until_ms)
        if cap is CROWDED:
            return f"all that can be kept for caps is kept; room again at {until}"
        per = "" if cap.per == "customer" else f" per {cap.per}"
        most = f"at most {cap.most} {cap.of}{per} within {span(cap.within_ms)}"
        return f"cap {cap.id}, through {one.channel}: {most}; room again at {until}"

    def _weights(self, offer: Offer) -> Iterator[str]:
        for source in dict.fromkeys(one.weight.source for one in offer.treatments if one.weight):
            told = self._evidence.value(source)
            expected = f"no number from 0 to {MOST_WEIGHT:,.0f}, or makes it a loss"
            yield f"its weight is {expected}: {told}"
        if topics_of(offer, self._world):
            yield f"it is multiplied by {self._share(offer):g}: {self._interest(offer)}"

    def _losses(self, offer: Offer) -> Iterator[str]:
        part = self._share(offer)
        for one in offer.treatments:
            terms = reckoning(one, one.propensity, part, self._playbook.power)
            score = one.gain * part - one.cost
            yield f"through {one.channel} it costs more than it may bring: {terms} = {score:g}"
        if topics_of(offer, self._world):
            yield f"its weight is the share of its topics: {self._interest(offer)}"

    def _share(self, offer: Offer) -> float:
        return share(topics_of(offer, self._world), self._choice.interests or ())

    def _why(self, offer: Offer) -> Iterator[str]:
        if topics_of(offer, self._world):
            yield self._interest(offer)
        elif not offer.layers:
            yield "it is for everyone"
        for _, when in offer.layers:
            yield self._evidence.of(when.source)

    def _passed_over(self, offer: Offer, mine: list[Candidate]) -> tuple[str, Iterable[str]]:
        if self._chooser.is_barred(offer.id):
            rivals = sorted(offer.rivals & self._served.keys())
            return RIVAL, [f"{', '.join(rivals)} stands, and the two exclude each other"]
        if offer.id in self._chooser.refused:
            return CAPPED, [self._cap(*self._chooser.refused[offer.id])]
        found = dict.fromkeys(reason for one in mine for reason in self._outranked(offer, one))
        over = offer.fallback and not any(
            self._playbook.offers[name].fallback for name in self._beside(mine)
        )
        return FALLBACK if over else OUTRANKED, list(found)

    def _beside(self, mine: list[Candidate]) -> Iterator[str]:
        places = {one.treatment.placement for one in mine}
        for chosen in self._served.values():
            if chosen.candidate.treatment.placement in places:
                yield chosen.candidate.offer

    def _outranked(self, offer: Offer, mine: Candidate) -> Iterator[str]:
        place = mine.treatment.placement
        for chosen in self._served.values():
            other = chosen.candidate
            name = other.offer
            if other.treatment.placement != place:
                continue
            if offer.fallback and not self._playbook.offers[name].fallback:
                yield f"it is a fallback, and {name} fits"
            elif other.score == mine.score:
                yield f"{name} has the same score, {other.score:g}, and won the draw"
            else:
                scores = f"{other.score:g} to {mine.score:g}"
                yield f"{name} stands in {place} with the higher score, {scores}"
