"""When time alone will next do something in a customer's journeys."""

from decisions.journeys.table import Journey, Until
from decisions.journeys.versions import definition
from decisions.language import Condition
from decisions.playbook import Playbook
from state.journeys import Run
from state.profile import Profile
from state.sections import EVENT
from state.touchpoint import Touchpoint


def next_due(profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int) -> int:
    """The earliest instant after `now_ms` at which time alone may do something; 0 = never.

    To be asked after `advance`. It may be early, never late.
    """
    found = [
        _starts(journey, profile, touchpoint, now_ms) for journey in playbook.journeys_watching
    ]
    for run in profile.journeys:
        found += _goes_on(run, profile, touchpoint, playbook, now_ms)
    return min((at_ms for at_ms in found if at_ms), default=0)


def _starts(journey: Journey, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> int:
    # Also while it is true: it has to be seen to be false before it can become true again.
    return 0 if journey.when is None else _changes(journey.when, profile, touchpoint, now_ms)


def _goes_on(
    run: Run, profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int
) -> list[int]:
    journey = definition(run, playbook)
    if journey is None:  # it is to move, or to end, and is not asked to wait for that
        return [now_ms + 1]
    step = journey.steps[run.step]
    asked = [*journey.exits, *([step.when] if isinstance(step, Until) else [])]
    return [run.due, *(_changes(when, profile, touchpoint, now_ms) for when in asked)]


def _changes(when: Condition, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> int:
    return 0 if when.reads & EVENT else when.changes_at(profile, touchpoint, now_ms)
