"""Which offers a customer is served: eligibility, then priority x value, then a place for each."""

from collections.abc import Iterable, Iterator

from decisions.acting import action_id, cause
from decisions.language import EvaluationError
from decisions.playbook import Playbook
from decisions.rules import Offer
from state.decision import Action, Decision, ServedOffer, Serving
from state.profile import HeldOffer, Profile
from state.times import rfc3339
from state.touchpoint import Touchpoint

DECIDED = "offer.decided"
PROPENSITY = 1.0
"""How likely a customer is to take an offer: the same for all until it is learned."""

Choice = tuple[Offer, str, str]
"""An offer, the channel and the placement it is served in."""


def stands_until(held: HeldOffer, playbook: Playbook) -> int:
    """The first instant at which `held`, decided by this version, has less than a third of its time
    left, and is decided anew.

    One that stands until the offer's own end cannot be prolonged: for it, when it is over.
    """
    expires_at = held.expires_at
    if expires_at == playbook.offers[held.offer_id].end_ms:
        return expires_at
    return expires_at - (expires_at - held.decided_at - 1) // 3


def serve(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
    *,
    keep: bool,
) -> Decision | None:
    """Chooses anew; a serving and its new decisions are added to `decision` when something changed.

    Changes `profile.offers` and `profile.offers_until`. An offer that stays in its placement, and
    so in its channel, and is not old keeps its decision, unless `keep` is False: then nothing is.
    """
    chosen, errors = choose(profile, touchpoint, playbook, now_ms)
    if errors:
        decision = decision or Decision()
        for offer_id in errors:
            decision.err(f"offer.{offer_id}")
    before = profile.offers
    kept = (
        {held.offer_id: held for held in before if now_ms < stands_until(held, playbook)}
        if keep
        else {}
    )
    after = []
    new = []
    for offer, channel, placement in chosen:
        held = kept.get(offer.id)
        if held is None or held.placement != placement:
            held = _decide(touchpoint, offer, channel, placement, now_ms)
            new.append((offer, held))
        after.append(held)
    profile.offers = after
    profile.offers_until = min([stands_until(held, playbook) for held in after], default=0)
    if not new and [held.offer_id for held in after] == [held.offer_id for held in before]:
        return decision
    # An empty list stands as long as what it replaces can still be read.
    expires_at = max([held.expires_at for held in after or before])
    if expires_at <= now_ms:
        return decision
    decision = decision or Decision()
    for offer, held in new:
        decision.actions.append(_action(touchpoint, offer, held))
    decision.serving = Serving(now_ms, expires_at, list(_served(after, playbook)))
    return decision


def choose(
    profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int
) -> tuple[list[Choice], list[str]]:
    """The best offers by rank, and those whose eligibility ended in an error.

    From the best score down, an eligible offer takes the first of its placements with room left.
    A fallback offer takes a place only where nothing else was eligible.
    """
    errors: list[str] = []
    chosen: list[Choice] = []
    room = playbook.room.copy()
    for fallback, ranking in ((False, playbook.ranking), (True, playbook.fallbacks)):
        if fallback:
            taken = {placement for _, _, placement in chosen}
            room = {name: 1 for name in room if name not in taken}
        left = sum(room.values())
        if not left:
            break
        for offer in ranking.of(touchpoint.customer_id):
            for place in offer.places:
                if room.get(place[0]):
                    break
            else:
                continue
            if offer.timed and not _is_open(offer, now_ms):
                continue
            if offer.when is not None:
                try:
                    if not offer.when(profile, touchpoint, now_ms):
                        continue
                except EvaluationError:
                    errors.append(offer.id)
                    continue
            placement, channel = place
            chosen.append((offer, channel, placement))
            room[placement] -= 1
            left -= 1
            if not left:
                break
    return chosen, errors


def _is_open(offer: Offer, now_ms: int) -> bool:
    return offer.start_ms <= now_ms and not 0 < offer.end_ms <= now_ms


def _decide(
    touchpoint: Touchpoint, offer: Offer, channel: str, placement: str, now_ms: int
) -> HeldOffer:
    expires_at = now_ms + offer.ttl_ms
    return HeldOffer(
        offer_id=offer.id,
        decision_id=action_id(touchpoint, DECIDED, offer.id),
        channel=channel,
        placement=placement,
        score=offer.score,
        decided_at=now_ms,
        expires_at=min(expires_at, offer.end_ms) if offer.end_ms else expires_at,
    )


def _served(after: Iterable[HeldOffer], playbook: Playbook) -> Iterator[ServedOffer]:
    for rank, held in enumerate(after, 1):
        offer = playbook.offers[held.offer_id]
        yield ServedOffer(
            offer_id=held.offer_id,
            decision_id=held.decision_id.hex(),
            channel=held.channel,
            rank=rank,
            score=held.score,
            propensity=PROPENSITY,
            value=offer.value,
            placement=held.placement,
            reasons=list(offer.reasons),
            expires_at=held.expires_at,
        )


def _action(touchpoint: Touchpoint, offer: Offer, held: HeldOffer) -> Action:
    return Action(
        id=held.decision_id.hex(),
        kind=DECIDED,
        caused_by=cause(touchpoint, f"offer.{held.offer_id}"),
        body={
            "offer_id": held.offer_id,
            "decision_id": held.decision_id.hex(),
            "channel": held.channel,
            "score": held.score,
            "propensity": PROPENSITY,
            "value": offer.value,
            "placement": held.placement,
            "reasons": list(offer.reasons),
            "expires_at": rfc3339(held.expires_at),
        },
    )
