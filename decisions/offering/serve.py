"""What a customer is served: what stays as it was decided, and what is decided anew."""

from collections.abc import Sequence

from decisions.acting import action_id
from decisions.offering.caps import DECIDED as SPENT
from decisions.offering.choose import Choice, Chosen, choose, stands_until
from decisions.offering.contacts import note
from decisions.offering.memory import PROPOSALS_KEPT
from decisions.offering.outcomes import give_up
from decisions.offering.record import DECIDED, action, served
from decisions.offering.stock import needs, price_of
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.decision import Decision, Serving
from state.decision_ids import decision_id
from state.profile import HeldOffer, Profile, Proposal
from state.times import earliest
from state.touchpoint import Touchpoint


def serve(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
    world: World = BARE,
) -> Decision | None:
    """Chooses anew; a serving and its new decisions are added to `decision` when something changed.

    Changes of the profile `offers`, `offers_until`, `proposals` and `contacts`. An offer that stays
    in its placement and channel, is not old, and of which the playbook says what it said, keeps its
    decision. What is decided anew is counted at once, so that the next choice knows of it.
    """
    before = profile.offers
    kept = standing(profile, touchpoint, playbook, now_ms)
    choice = choose(profile, touchpoint, playbook, now_ms, kept, world)
    if choice.errors:
        decision = decision or Decision()
        for rule in choice.errors:
            decision.err(rule)
    after = []
    new: list[tuple[Chosen, HeldOffer]] = []
    until = choice.again_at
    for chosen in choice.chosen:
        held = chosen.kept
        if held is None:
            held = decide_anew(profile, touchpoint, playbook, now_ms, chosen, world)
            new.append((chosen, held))
        after.append(held)
        old_at = stands_until(held, playbook.offers[held.offer_id])
        until = earliest(until, old_at if old_at > now_ms else held.expires_at)
    profile.offers = after
    profile.offers_until = until
    if not new and [held.offer_id for held in after] == [held.offer_id for held in before]:
        return decision
    # An empty list stands as long as what it replaces can still be read.
    expires_at = _readable_until(after or before)
    if expires_at <= now_ms:
        return decision
    decision = decision or Decision()
    shown = {held.offer_id: served(rank, held, playbook) for rank, held in enumerate(after, 1)}
    for chosen, held in new:
        made = action(touchpoint, playbook, choice, chosen, held, shown[held.offer_id], world)
        decision.actions.append(made)
        _note(profile, playbook, now_ms, chosen, held, choice, decision)
    decision.serving = Serving(now_ms, expires_at, list(shown.values()))
    return decision


def withdraw(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    causes: Sequence[str],
) -> Decision | None:
    """Takes away at once what needs any of `causes` (as `needs` names them), and keeps what stands
    beside it; None where nothing that is served needs one.

    Changes of the profile `offers` and `withdrawn_for`: others are to be chosen. To do that here,
    even of a fallback alone, would take several times as long; until then nothing comes instead.
    """
    before = profile.offers
    shown = [held for held in before if now_ms < held.expires_at]
    gone = {need for held in shown for need in needs(held, playbook)}.intersection(causes)
    if not gone:
        return None
    after = [
        held
        for held in standing(profile, touchpoint, playbook, now_ms).values()
        if gone.isdisjoint(needs(held, playbook))
    ]
    profile.offers = after
    profile.withdrawn_for = profile.withdrawn_for or next(filter(gone.__contains__, causes))
    offers = [served(rank, held, playbook) for rank, held in enumerate(after, 1)]
    return Decision(serving=Serving(now_ms, _readable_until(after or before), offers))


def standing(
    profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int
) -> dict[str, HeldOffer]:
    """Offer → the decision for it that has not expired, where the playbook still says of the offer
    what it said, and no quiet hours have come before its end since."""
    offers = playbook.offers
    return {
        held.offer_id: held
        for held in profile.offers
        if now_ms < held.expires_at
        and (offer := offers.get(held.offer_id))
        and offer.version == held.version
        and not 0 < _quiet_at(profile, touchpoint, playbook, held.channel, now_ms) < held.expires_at
    }


def _readable_until(offers: Sequence[HeldOffer]) -> int:
    return max([held.expires_at for held in offers])


def _quiet_at(
    profile: Profile, touchpoint: Touchpoint, playbook: Playbook, channel: str, now_ms: int
) -> int:
    """The next instant at which it is quiet in a channel, now included; 0 = never."""
    quiet = playbook.policy.quiet
    if quiet is None or channel not in quiet.channels:
        return 0
    if quiet.over_at(profile, touchpoint, now_ms) > now_ms:
        return now_ms
    return quiet.begins_at(profile, touchpoint, now_ms)


def decide_anew(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    chosen: Chosen,
    world: World,
) -> HeldOffer:
    """A decision for what was chosen. Changes nothing."""
    one = chosen.candidate.treatment
    offer = playbook.offers[one.offer]
    expires_at = now_ms + offer.ttl_ms
    if offer.end_ms:
        expires_at = min(expires_at, offer.end_ms)
    quiet_at = _quiet_at(profile, touchpoint, playbook, one.channel, now_ms)
    own = action_id(touchpoint, DECIDED, one.offer)
    return HeldOffer(
        offer_id=one.offer,
        decision_id=decision_id(touchpoint.customer_id, own),
        channel=one.channel,
        placement=one.placement,
        score=chosen.candidate.score,
        decided_at=now_ms,
        expires_at=earliest(expires_at, quiet_at),
        version=offer.version,
        propensity=chosen.candidate.propensity,
        weight=chosen.candidate.weight,
        products=offer.products,
        price=price_of(offer, world),
    )


def _note(
    profile: Profile,
    playbook: Playbook,
    now_ms: int,
    chosen: Chosen,
    held: HeldOffer,
    choice: Choice,
    decision: Decision,
) -> None:
    note(profile, chosen.candidate.treatment.counted, SPENT, now_ms)
    offer = playbook.offers[held.offer_id]
    proposal = Proposal(
        *(held.decision_id, held.offer_id, held.channel, held.placement, now_ms),
        group=offer.group,
        bucket=choice.drawn.bucket if choice.drawn and not offer.fallback else "",
    )
    propose(profile, proposal, decision)


def propose(profile: Profile, proposal: Proposal, decision: Decision) -> None:
    """Keeps a new decision, so that answers to it are known. One that goes for it is waited for no
    longer, which `decision` learns from. Changes `proposals`."""
    profile.proposals.append(proposal)
    if len(profile.proposals) > PROPOSALS_KEPT:
        standing = {one.decision_id for one in profile.offers}
        oldest = [n for n, one in enumerate(profile.proposals) if one.decision_id not in standing]
        give_up(profile.proposals.pop(oldest[0]), decision)
