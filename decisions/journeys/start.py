"""Who begins a journey."""

from decisions.acting import action_id
from decisions.journeys.ending import end, left_name
from decisions.journeys.moment import STARTED, Moment, key_text
from decisions.journeys.steps import go
from decisions.journeys.table import Journey
from decisions.journeys.versions import definition
from decisions.language import EvaluationError
from state.bounds import cut
from state.journeys import CAUSE_BYTES, KEY_BYTES, RUNS_KEPT, Key, Run


def begin(moment: Moment) -> None:
    """Starts the journeys that this event starts, and those whose condition has become true."""
    touchpoint, playbook = moment.touchpoint, moment.playbook
    if touchpoint.message_id:
        for journey in playbook.journeys_on.get(touchpoint.name, ()):
            if journey.when is None or moment.holds(journey.when, touchpoint, journey.id):
                _start(moment, journey)
    for journey in playbook.journeys_watching:
        if journey.reads & moment.mask and _becomes_true(moment, journey):
            _start(moment, journey)


def _becomes_true(moment: Moment, journey: Journey) -> bool:
    """Notes whether the condition is true; whether it was not when it was last asked."""
    assert journey.when is not None, "without an event there is a condition"
    met = moment.profile.journeys_met
    before, now = journey.id in met, moment.holds(journey.when, moment.touchpoint, journey.id)
    if now and not before:
        # Those of journeys that are gone make room, and a profile stays small.
        watching = {other.id for other in moment.playbook.journeys_watching}
        moment.profile.journeys_met = [*(name for name in met if name in watching), journey.id]
    elif before and not now:
        met.remove(journey.id)
    return now and not before


def _start(moment: Moment, journey: Journey) -> None:
    profile, touchpoint, now_ms = moment.profile, moment.touchpoint, moment.now_ms
    key = _key(moment, journey)
    if (key is None and journey.key is not None) or not _may_enter(moment, journey, key):
        return
    subject = journey.id if key is None else f"{journey.id}:{key_text(key)}"
    run = Run(
        id=action_id(touchpoint, STARTED, subject),
        journey=journey.id,
        version=journey.version,
        key=key,
        since=now_ms,
        started_at=now_ms,
        armed_by=cut(profile, touchpoint.message_id, CAUSE_BYTES),
    )
    for when in journey.exits:  # one that looks at events is for those that come later
        if not moment.looks_at_event(when) and moment.holds(when, moment.seen_by(run), journey.id):
            return
    if len(profile.journeys) >= RUNS_KEPT:
        oldest = profile.journeys.pop(0)
        profile.trimmed += 1
        end(moment, oldest, definition(oldest, moment.playbook), "dropped")
    moment.say_started(run, subject)
    if go(moment, run, journey, 0):
        end(moment, run, journey, "finished")
    else:
        profile.journeys.append(run)


def _key(moment: Moment, journey: Journey) -> Key | None:
    """What the run is about; None where the journey says no key, or it cannot be had, which is
    counted as an error."""
    if journey.key is None:
        return None
    try:
        key = journey.key(moment.profile, moment.touchpoint, moment.now_ms)
        if isinstance(key, bool | int | float):
            return key
        if isinstance(key, str) and len(key.encode()) <= KEY_BYTES:
            return key
    except (EvaluationError, UnicodeEncodeError):
        pass
    moment.err(journey.id)
    return None


def _may_enter(moment: Moment, journey: Journey, key: Key | None) -> bool:
    """Whether a run may start now, as far as other runs of the journey are concerned."""
    others = [run for run in moment.profile.journeys if run.journey == journey.id]
    if len(others) >= journey.at_most:
        return False
    text = None if key is None else key_text(key)
    if any(text == (None if run.key is None else key_text(run.key)) for run in others):
        return False
    if journey.reentry_ms == 0:
        return True
    name = left_name(moment.touchpoint.customer_id, journey.id, key)
    left = moment.profile.journeys_left.get(name)
    if left is None:
        return True
    return journey.reentry_ms is not None and moment.now_ms - left >= journey.reentry_ms
