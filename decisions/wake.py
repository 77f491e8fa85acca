"""What the passing of time leads to: the instants at which it may change something, one by one."""

from decisions.decide import pass_time
from decisions.playbook import Playbook
from decisions.world import BARE, World
from state.decision import Decision
from state.profile import Profile


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
