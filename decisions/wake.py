"""What comes without an event of the customer: by the passing of time, whose instants that may
change something are found one by one, and by a product that is sold out or a budget that is
spent."""

from collections.abc import Sequence

from decisions.decide import pass_time
from decisions.offering.serve import withdraw
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.decision import Decision
from state.profile import Profile
from state.touchpoint import silence


def wake(
    profile: Profile, customer_id: str, playbook: Playbook, until_ms: int, world: World = BARE
) -> list[tuple[int, Decision]]:
    """All that time alone brings about until `until_ms`, as (when, decision), in order.

    Changes `profile` in place. In one jump or in many: the instants are the same, since each is
    found from the profile alone.
    """
    found = []
    while 0 < profile.due_at <= until_ms:
        now_ms = max(profile.due_at, profile.decided_at)
        decision = pass_time(profile, customer_id, playbook, now_ms, world)
        if decision is not None:
            found.append((now_ms, decision))
    return found


def recall(
    profile: Profile, customer_id: str, playbook: Playbook, now_ms: int, causes: Sequence[str]
) -> list[tuple[int, Decision]]:
    """What follows as there is none any more of what `causes` name (as `needs` does): the offers
    that need it are withdrawn, as (when, decision). To be called once time has passed until
    `now_ms`.

    Nothing for whoever is served none. Changes `profile` in place: it is due at once, so that the
    offers are chosen anew in its turn.
    """
    at_ms = max(now_ms, profile.decided_at)
    touchpoint = silence(customer_id, at_ms, profile.firings + 1)
    decision = withdraw(profile, touchpoint, playbook, at_ms, causes)
    if decision is None:
        return []
    profile.decided_at = at_ms
    profile.due_at = max(now_ms, 1)  # 0 would be never
    return [(at_ms, decision)]
