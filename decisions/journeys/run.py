"""Journeys at one instant: who leaves them, who goes on, who begins."""

from decisions.journeys.ending import end
from decisions.journeys.moment import Moment
from decisions.journeys.start import begin
from decisions.journeys.steps import go_on, stand
from decisions.journeys.table import Journey
from decisions.journeys.versions import definition, successor, why_over
from decisions.playbook import Playbook
from state.decision import Decision
from state.journeys import Run
from state.profile import Profile
from state.touchpoint import Touchpoint


def advance(
    profile: Profile,
    touchpoint: Touchpoint,
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """Does all that journeys say for this customer at `now_ms`; None when there was nothing.

    To be called after the segments have been asked, at an event and when time alone has led to it
    (then without a message id). `mask` is what may have changed: all, for
    a profile that is new to this version of the playbook. First each run in the order they
    started: it ends if one of its exits holds, else it goes on if its waiting is over. Then those
    start that can. Afterwards nothing is due at `now_ms` any more.

    Changes `journeys`, `journeys_left`, `journeys_met` and `trimmed` of the profile.
    """
    moment = Moment(profile, touchpoint, mask, playbook, now_ms, decision)
    if profile.journeys:
        profile.journeys = [
            run for run in profile.journeys if _rests(moment, run) or not _over(moment, run)
        ]
    begin(moment)
    return moment.decision


def _rests(moment: Moment, run: Run) -> bool:
    """Whether nothing that is new concerns a run: so it is with most, and said at little cost."""
    if 0 < run.due <= moment.now_ms:
        return False
    journey = moment.playbook.journeys.get(run.journey)
    if journey is None or run.version not in journey.versions:
        return False
    reads, names = journey.listens[run.step]
    return not reads & moment.mask and (names is None or moment.touchpoint.name not in names)


def _over(moment: Moment, run: Run) -> bool:
    journey = definition(run, moment.playbook)
    if journey is not None:
        if _exits(moment, run, journey):
            return end(moment, run, journey, "exit")
        return go_on(moment, run, journey) and end(moment, run, journey, "finished")
    found = successor(run, moment.playbook)
    if found is None:
        known = moment.playbook.earlier.get((run.journey, run.version))
        return end(moment, run, known, why_over(run, moment.playbook))
    journey, number = found
    run.version = journey.version
    if _exits(moment, run, journey):
        return end(moment, run, journey, "exit")
    return stand(moment, run, journey, number) and end(moment, run, journey, "finished")


def _exits(moment: Moment, run: Run, journey: Journey) -> bool:
    return any(
        moment.holds(when, moment.seen_by(run), journey.id)
        for when in journey.exits
        if moment.may_hold(when)
    )
