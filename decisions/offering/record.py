"""What is published of a decision for an offer, and what is served of it."""

from typing import Any, Final

from decisions.acting import cause
from decisions.offering.arbitration import Candidate, reckoning
from decisions.offering.catalogue import Offer, Treatment
from decisions.offering.choose import Chosen
from decisions.playbook import Playbook
from state.decision import MOST_ELIGIBLE, Action, ServedOffer
from state.profile import HeldOffer
from state.times import rfc3339
from state.touchpoint import Touchpoint

DECIDED: Final = "offer.decided"


def action(
    touchpoint: Touchpoint,
    playbook: Playbook,
    arms: dict[str, str],
    chosen: Chosen,
    held: HeldOffer,
) -> Action:
    """`offer.decided`: all that the choice hung on, so that it can be made again."""
    one, offer = chosen.candidate.treatment, playbook.offers[held.offer_id]
    decision_id = held.decision_id.hex()
    return Action(
        id=decision_id,
        kind=DECIDED,
        caused_by=cause(touchpoint, f"offer.{held.offer_id}"),
        body={
            "offer_id": held.offer_id,
            "decision_id": decision_id,
            "channel": held.channel,
            "score": held.score,
            "propensity": held.propensity,
            "value": one.value,
            "placement": held.placement,
            "reasons": reasons(offer, one, held, playbook.power),
            "expires_at": rfc3339(held.expires_at),
            "group": offer.group,
            "power": playbook.power,
            "weight": held.weight,
            "lever": one.lever,
            "cost": one.cost,
            "arms": arms,
            "eligible": eligible(chosen.among),
        },
    )


def eligible(ranked: list[Candidate]) -> dict[str, list[Any]]:
    """The eligible set, column by column, the best first."""
    listed = ranked[:MOST_ELIGIBLE]
    treatments = [one.treatment for one in listed]
    return {
        "offer_id": [one.offer for one in treatments],
        "channel": [one.channel for one in treatments],
        "placement": [one.placement for one in treatments],
        "propensity": [one.propensity for one in treatments],
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
    )


def treatment_of(offer: Offer, held: HeldOffer) -> Treatment:
    """The one that was decided for. Raises StopIteration where there is none."""
    place = (held.placement, held.channel)
    return next(one for one in offer.treatments if (one.placement, one.channel) == place)


def reasons(offer: Offer, one: Treatment, held: HeldOffer, power: float) -> list[str]:
    """Why a customer gets it: in words, and by number."""
    words = offer.because or offer.source or "for everyone"
    return [words, reckoning(one, held.propensity, held.weight, power)]
