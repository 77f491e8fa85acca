"""What became of a decision: `Offer Shown`, `Offer Clicked`, `Offer Accepted`, `Offer Dismissed`.

An answer names its decision by `properties.decision_id`. Each kind counts once for a decision, in
whichever order they come; but caps of what is shown count each time that it is. Every answer has a
result:

- attributed: it is the first of its kind to a decision that this customer was served;
- exhausted: it accepts an offer of a hard budget of which there is no unit: nothing is noted;
- repeated: one of its kind was there before;
- expired: the decision does not stand and is longer ago than answers count, or is kept no more;
- foreign: the decision was made for another customer;
- unknown: no decision has that id;
- unnamed: it does not say which decision it is about, or not in 32 hex digits.
"""

import re
from typing import Any, Final

from decisions.acting import act
from decisions.budgets.purse import has_unit, purse_of
from decisions.offering.caps import ACCEPTED, SHOWN
from decisions.offering.contacts import note
from decisions.offering.memory import ANSWERS_KEPT
from decisions.offering.outcomes import DISMISSED, learn_from
from decisions.offering.policy import rests_until
from decisions.offering.propensity import CLICKED
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.decision import Decision, Spent
from state.decision_ids import is_of, is_ours
from state.profile import Answer, Profile, Proposal
from state.times import rfc3339
from state.touchpoint import Touchpoint

ANSWERED: Final = "offer.answered"
EVENTS: Final = {
    "Offer Shown": SHOWN,
    "Offer Clicked": CLICKED,
    "Offer Accepted": ACCEPTED,
    "Offer Dismissed": DISMISSED,
}
"""Event → the kind of answer that it is."""
ATTRIBUTED: Final = "attributed"
EXHAUSTED: Final = "exhausted"
REPEATED: Final = "repeated"
EXPIRED: Final = "expired"
FOREIGN: Final = "foreign"
UNKNOWN: Final = "unknown"
UNNAMED: Final = "unnamed"
RESULTS: Final = (ATTRIBUTED, EXHAUSTED, REPEATED, EXPIRED, FOREIGN, UNKNOWN, UNNAMED)
HEX: Final = re.compile("[0-9a-f]{32}")


def take_answer(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
    world: World = BARE,
) -> tuple[Decision, bool]:
    """Takes in the answer that `touchpoint` is; whether it may change what is served, too.

    Changes of the profile `proposals`, `answers` and `contacts`.
    """
    decision = decision or Decision()
    kind = EVENTS[touchpoint.name]
    proposal, result = _attribute(profile, touchpoint, kind, playbook.policy.answers_ms, now_ms)
    offer = playbook.offers.get(proposal.offer_id) if proposal else None
    if result == ATTRIBUTED and kind == ACCEPTED and offer is not None and offer.budget is not None:
        purse = purse_of(world.budgets, offer.budget)
        found = purse is None or has_unit(purse, offer.budget)
        decision.spent.append(Spent(offer.budget.id, found))
        result = result if found else EXHAUSTED
    name = f"{kind} {result}"
    decision.answers[name] = decision.answers.get(name, 0) + 1
    if proposal is None or (result == REPEATED and kind != SHOWN):
        return decision, False
    group, rule = proposal.group, f"offer.{proposal.offer_id}"
    if result == EXHAUSTED:
        body = _body(proposal, EXHAUSTED, group)
        decision.actions.append(act(touchpoint, ANSWERED, proposal.offer_id, body, rule=rule))
        return decision, True
    if offer is None or not offer.fallback:
        counted = playbook.policy.counted(proposal.offer_id, group, proposal.channel)
        note(profile, counted, kind, now_ms)
    if result == REPEATED:
        return decision, True
    setattr(proposal, f"{kind}_at", now_ms)
    if proposal.bucket and playbook.learning is not None:
        learn_from(proposal, kind, playbook.learning, decision)
    if kind in (ACCEPTED, DISMISSED):
        _remember(profile, proposal.offer_id, kind, playbook, now_ms)
    body = _body(proposal, kind, group)
    decision.actions.append(act(touchpoint, ANSWERED, proposal.offer_id, body, rule=rule))
    return decision, kind != CLICKED


def _attribute(
    profile: Profile, touchpoint: Touchpoint, kind: str, within_ms: int, now_ms: int
) -> tuple[Proposal | None, str]:
    """The proposal that is answered, and the result; None unless that is ATTRIBUTED or REPEATED."""
    said = touchpoint.properties.get("decision_id")
    if type(said) is not str or not HEX.fullmatch(said):
        return None, UNNAMED
    decision_id = bytes.fromhex(said)
    standing = [one.decision_id for one in profile.offers if now_ms < one.expires_at]
    for proposal in reversed(profile.proposals):
        if proposal.decision_id == decision_id:
            if now_ms > proposal.decided_at + within_ms and decision_id not in standing:
                return None, EXPIRED
            if getattr(proposal, f"{kind}_at"):
                return proposal, REPEATED
            return proposal, ATTRIBUTED
    if not is_ours(decision_id):
        return None, UNKNOWN
    return None, EXPIRED if is_of(decision_id, touchpoint.customer_id) else FOREIGN


def _remember(profile: Profile, offer_id: str, kind: str, playbook: Playbook, now_ms: int) -> None:
    """Notes what the customer said. Of too many the one goes whose offer would be back first, so
    that what rests for long is not forgotten for what rests no more; counted if it still rests."""
    answers = profile.answers
    answer = answers.pop(offer_id, None) or Answer()
    setattr(answer, f"{kind}_at", now_ms)
    answers[offer_id] = answer
    if len(answers) > ANSWERS_KEPT:
        rests = {
            name: rests_until(offer, profile) if (offer := playbook.offers.get(name)) else 0
            for name in answers
        }
        first = min(rests, key=rests.__getitem__)
        del answers[first]
        profile.trimmed += rests[first] > now_ms


def _body(proposal: Proposal, kind: str, group: str) -> dict[str, Any]:
    return {
        "offer_id": proposal.offer_id,
        "decision_id": proposal.decision_id.hex(),
        "group": group,
        "channel": proposal.channel,
        "placement": proposal.placement,
        "answer": kind,
        "decided_at": rfc3339(proposal.decided_at),
    }
