"""When time alone will next do something in a customer's journeys."""

from decisions.journeys.versions import definition
from decisions.playbook import Playbook
from state.profile import Profile
from state.times import earliest
from state.touchpoint import Touchpoint


def next_due(profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int) -> int:
    """The earliest instant after `now_ms` at which time alone may do something; 0 = never.

    To be asked after `advance`. It may be early, never late.
    """
    first = 0
    # Also while it is true: it has to be seen to be false before it can become true again.
    for when in playbook.journeys_timed:
        first = earliest(first, when.changes_at(profile, touchpoint, now_ms))
    for run in profile.journeys:
        journey = definition(run, playbook)
        if journey is None:  # it is to move, or to end, and is not asked to wait for that
            return now_ms + 1
        first = earliest(first, run.due)
        for when in journey.timed[run.step]:
            first = earliest(first, when.changes_at(profile, touchpoint, now_ms))
    return first
