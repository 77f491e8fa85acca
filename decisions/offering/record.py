"""What is published of a decision for an offer, and what is served of it."""

from collections.abc import Sequence
from typing import Any, Final

from decisions.acting import cause
from decisions.budgets.purse import known_accepted, purse_of
from decisions.learning.policies.kinds import DRAWN, Linear, name_of
from decisions.offering.arbitration import Candidate, reckoning
from decisions.offering.catalogue import Offer, Treatment
from decisions.offering.choose import Choice, Chosen, Drawn
from decisions.offering.interest import topics_of
from decisions.offering.propensity import Learning, chance_of_picked
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.decision import MOST_ELIGIBLE, Action, ServedOffer
from state.profile import HeldOffer
from state.times import rfc3339
from state.touchpoint import Touchpoint

DECIDED: Final = "offer.decided"


def action(
    touchpoint: Touchpoint,
    playbook: Playbook,
    choice: Choice,
    chosen: Chosen,
    held: HeldOffer,
    shown: ServedOffer,
    world: World = BARE,
) -> Action:
    """`offer.decided`: all that the choice hung on, so that it can be made again."""
    listed = chosen.among[:MOST_ELIGIBLE]
    one, offer = chosen.candidate.treatment, playbook.offers[held.offer_id]
    return Action(
        id=shown.decision_id,
        kind=DECIDED,
        caused_by=touchpoint.because or cause(touchpoint, f"offer.{held.offer_id}"),
        body={
            "offer_id": held.offer_id,
            "decision_id": shown.decision_id,
            "channel": held.channel,
            "score": held.score,
            "propensity": held.propensity,
            "value": one.value,
            "placement": held.placement,
            "reasons": shown.reasons,
            "expires_at": rfc3339(held.expires_at),
            "group": offer.group,
            "power": playbook.power,
            "weight": held.weight,
            "lever": one.lever,
            "cost": one.cost,
            "arms": choice.arms,
            "eligible": eligible(listed),
            "learned": None if offer.fallback else _learned(playbook, choice.drawn, chosen, listed),
            **wares(held.products, held.price),
            **_topics(offer, choice, world),
            **_budget(offer, world),
        },
    )


def wares(products: tuple[str, ...], price: float | None) -> dict[str, Any]:
    """What an offer's record says of its products and their price: nothing where there are none."""
    said: dict[str, Any] = {"products": list(products)} if products else {}
    return said if price is None else said | {"price": price}


def _topics(offer: Offer, choice: Choice, world: World) -> dict[str, Any]:
    """What it is about, and what the customer declared; nothing where it is about no topics."""
    topics = topics_of(offer, world)
    if not topics:
        return {}
    return {"topics": list(topics), "interests": list(choice.interests or ())}


def _budget(offer: Offer, world: World) -> dict[str, Any]:
    """What its record says of an offer's budget: nothing where it has none."""
    if (budget := offer.budget) is None:
        return {}
    purse = purse_of(world.budgets, budget)
    accepted = known_accepted(purse) if purse is not None else 0
    said = {"id": budget.id, "units": budget.units, "hard": budget.hard, "accepted": accepted}
    return {"budget": said}


def _learned(
    playbook: Playbook, drawn: Drawn | None, chosen: Chosen, listed: Sequence[Candidate]
) -> dict[str, Any] | None:
    """What the propensities were drawn by; None where they are not learned."""
    if drawn is None or playbook.learning is None:
        return None
    learning = playbook.learning
    shapes = [other.shape for other in listed]
    names = ("mean", "spread") if isinstance(learning.policy, Linear) else ("alpha", "beta")
    return {
        "policy": name_of(learning.policy),
        "bucket": drawn.bucket,
        "seed": f"{drawn.seed:016x}",
        "totals": drawn.told,
        **{name: [shape[at] for shape in shapes] for at, name in enumerate(names)},
        "explore": learning.explore,
        "explored": drawn.explored is not None,
        "chance": _chance(learning, drawn, chosen),
    }


def _chance(learning: Learning, drawn: Drawn, chosen: Chosen) -> float | None:
    """How likely it was to be the first one, where that is a formula; None where it is an integral,
    or it is not the first."""
    one, first = chosen.candidate.treatment, drawn.explored or drawn.best
    if one is not first or isinstance(learning.policy, DRAWN):
        return None
    by_lot = learning.explore * chance_of_picked([other.offer for other in chosen.among], one.offer)
    return by_lot + (1.0 - learning.explore if one is drawn.best else 0.0)


def eligible(listed: Sequence[Candidate]) -> dict[str, list[Any]]:
    """The eligible set, or the best MOST_ELIGIBLE of it, column by column."""
    treatments = [one.treatment for one in listed]
    return {
        "offer_id": [one.offer for one in treatments],
        "channel": [one.channel for one in treatments],
        "placement": [one.placement for one in treatments],
        "propensity": [one.propensity for one in listed],
        "weight": [one.weight for one in listed],
        "score": [one.score for one in listed],
    }


def served(rank: int, held: HeldOffer, playbook: Playbook) -> ServedOffer:
    """The same as personalization services read it."""
    offer = playbook.offers[held.offer_id]
    one = treatment_of(offer, held)
    return ServedOffer(
        offer_id=held.offer_id,
        decision_id=held.decision_id.hex(),
        channel=held.channel,
        rank=rank,
        score=held.score,
        propensity=held.propensity,
        value=one.value,
        placement=held.placement,
        reasons=reasons(offer, one, held, playbook.power),
        expires_at=held.expires_at,
        products=held.products,
        price=held.price,
    )


def treatment_of(offer: Offer, held: HeldOffer) -> Treatment:
    """The one that was decided for. Raises StopIteration where there is none."""
    place = (held.placement, held.channel)
    return next(one for one in offer.treatments if (one.placement, one.channel) == place)


def reasons(offer: Offer, one: Treatment, held: HeldOffer, power: float) -> list[str]:
    """Why a customer gets it: in words, and by number."""
    return [offer.words, reckoning(one, held.propensity, held.weight, power)]
