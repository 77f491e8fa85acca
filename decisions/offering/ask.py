"""Asked with a context: what a customer is to be offered now, in some placements.

What stands there as it was decided is part of the answer under its own id, and spends nothing. All
else is decided anew, beside what stands: the decisions go to the customer's shard, which counts
them (`take_decided`). Until they are there, who decided them has to count them by itself.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from decisions.offering.caps import DECIDED as SPENT
from decisions.offering.choose import Chooser
from decisions.offering.contacts import note
from decisions.offering.record import DECIDED, action, served
from decisions.offering.serve import decide_anew, propose, standing
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.decided import ASKED, Decided, request_identity
from state.decision import Action, Decision, ServedOffer
from state.decision_ids import decision_id
from state.profile import Profile, Proposal
from state.repeats import is_repeat, remembered
from state.touchpoint import silence


class Question(Struct, frozen=True):
    """Who asks what."""

    customer_id: str
    request: str
    """The request's id: the same one gives the same decision ids."""
    placements: Sequence[str]
    """One or more of the playbook's."""
    context: dict[str, Any]
    """What the page knows, plain JSON values: `context` of conditions and weights."""


class Answer(Struct, frozen=True):
    """What a customer is to be offered."""

    as_of: int
    """Milliseconds since the epoch."""
    offers: list[ServedOffer]
    """By rank, over all the placements."""
    decided: Decided | None
    """What of that is new; None where nothing is."""
    errors: list[str]
    """Rules that ended in an error, as `Choice` has them."""


def ask(
    profile: Profile, question: Question, playbook: Playbook, now_ms: int, world: World = BARE
) -> Answer:
    """Chooses for the placements of the question, and changes nothing.

    `now_ms` does not go back behind what is decided already. Raises KeyError for a placement that
    the playbook does not have.
    """
    now_ms = max(now_ms, profile.decided_at)
    touchpoint = structs.replace(
        silence(question.customer_id, now_ms, 0),
        message_id=ASKED + question.request,
        context=question.context,
    )
    kept = standing(profile, touchpoint, playbook, now_ms)
    room = {name: playbook.room[name] for name in question.placements}
    choice = Chooser(profile, touchpoint, playbook, now_ms, kept, world).choose(room)
    offers: list[ServedOffer] = []
    actions: list[Action] = []
    for rank, chosen in enumerate(choice.chosen, 1):
        held = chosen.kept
        if held is None:
            held = decide_anew(profile, touchpoint, playbook, now_ms, chosen, world)
            own = request_identity(question.customer_id, question.request, DECIDED, held.offer_id)
            held.decision_id = decision_id(question.customer_id, own)
        offers.append(served(rank, held, playbook))
        if chosen.kept is None:
            made = action(touchpoint, playbook, choice, chosen, held, offers[-1], world)
            actions.append(made)
    decided = (
        Decided(question.customer_id, question.request, now_ms, playbook.version, actions)
        if actions
        else None
    )
    return Answer(now_ms, offers, decided, choice.errors)


def was_taken(profile: Profile, customer_id: str, request: str, playbook: Playbook) -> bool:
    """Whether decisions for this request are in the profile already, as far back as repeats are
    known."""
    fingerprint = request_identity(customer_id, request)[:8]
    # Whenever it was: the window in time is for events, whose ids others give twice on purpose.
    return is_repeat(profile.recent, fingerprint, 0, playbook.limits.duplicates)


def take_decided(
    profile: Profile, decided: Decided, playbook: Playbook, now_ms: int
) -> Decision | None:
    """Takes in what was decided for somebody who asked; None, and no change, for a repeat.

    Answers to it are known from now on, and caps count it: as of when it was decided, but not after
    `now_ms` and not before what is decided already. What stands stays. Changes of the profile
    `recent`, `decided_at`, `proposals` and `contacts`.
    """
    window = playbook.limits.duplicates
    if was_taken(profile, decided.customer_id, decided.request, playbook):
        return None
    spent_ms = max(min(decided.at_ms, now_ms), profile.decided_at)
    profile.recent = remembered(profile.recent, decided.fingerprint, spent_ms, window)
    profile.decided_at = spent_ms
    decision = Decision(actions=decided.actions)
    for one in decided.actions:
        body = one.body
        offer = playbook.offers.get(body["offer_id"])
        proposal = Proposal(
            bytes.fromhex(body["decision_id"]),
            body["offer_id"],
            body["channel"],
            body["placement"],
            decided.at_ms,
            group=body["group"],
            bucket=learned["bucket"] if (learned := body.get("learned")) else "",
        )
        if offer is None or not offer.fallback:
            counted = playbook.policy.counted(proposal.offer_id, proposal.group, proposal.channel)
            note(profile, counted, SPENT, spent_ms)
        propose(profile, proposal, decision)
    return decision
