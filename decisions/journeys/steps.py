"""A run goes from step to step, as far as it comes at one instant."""

from typing import Final

from decisions.actions.make import make
from decisions.journeys.moment import Moment, key_text, origin, step_name
from decisions.journeys.table import (
    END,
    Act,
    If,
    Journey,
    Over,
    Split,
    Step,
    Until,
    Wait,
    WaitUntil,
)
from state.journeys import Run
from state.touchpoint import identity

HUNDREDTHS: Final = 100


def go_on(moment: Moment, run: Run, journey: Journey) -> bool:
    """Takes a run on that is waiting, if its waiting is over; whether it has come to the end."""
    step = journey.steps[run.step]
    over = 0 < run.due <= moment.now_ms
    if (
        isinstance(step, Until)
        # An event comes too late then, also where the clock has not come to the timeout yet.
        and not (over and moment.looks_at_event(step.when))
        and moment.may_hold(step.when)
        and moment.holds(step.when, moment.seen_by(run), run.journey)
    ):
        return go(moment, run, journey, step.held)
    if not over:
        return False
    if isinstance(step, Until):
        return go(moment, run, journey, step.timed_out)
    # What was held by quiet hours is done now, if they are over where the customer is by now.
    return go(moment, run, journey, step.then if isinstance(step, Wait | WaitUntil) else run.step)


def go(moment: Moment, run: Run, journey: Journey, number: int) -> bool:
    """Takes a run to a step and on from there, until it has to wait; whether it came to the end.

    Comes to an end itself, as no step leads back.
    """
    while number != END:
        step = journey.steps[number]
        run.step, run.since, run.due = number, moment.now_ms, 0
        run.due = _waits(moment, run, journey, step, moment.now_ms)
        if run.due:
            return False
        number = _does(moment, run, journey, step)
    return True


def stand(moment: Moment, run: Run, journey: Journey, number: int) -> bool:
    """Puts a run that has come from another version at a step; whether it came to the end.

    It waits as though it had waited here since it reached the step that this one replaces.
    """
    run.step = number
    run.due = _waits(moment, run, journey, journey.steps[number], run.since)
    return go_on(moment, run, journey) if run.due else go(moment, run, journey, number)


def _waits(moment: Moment, run: Run, journey: Journey, step: Step, since_ms: int) -> int:
    """Until when a run waits at a step that it reached at `since_ms`; 0 = it does not."""
    match step:
        case Wait(ms=ms):
            return since_ms + ms
        case WaitUntil(time=time):
            assert journey.local_time is not None, "refused when it was read"
            zone, errors = journey.local_time.of(moment.profile, moment.seen_by(run), moment.now_ms)
            moment.err(run.journey, errors)
            return time.after(zone, since_ms)
        case Until(when=when, timeout_ms=timeout_ms):
            # The event that led here is not what is waited for.
            if moment.looks_at_event(when) or not moment.holds(
                when, moment.seen_by(run), run.journey
            ):
                return since_ms + timeout_ms
        case Act() if journey.quiet and journey.local_time:
            zone, errors = journey.local_time.of(moment.profile, moment.seen_by(run), moment.now_ms)
            moment.err(run.journey, errors)
            over_ms = journey.quiet.over_at(zone, moment.now_ms)
            return over_ms if over_ms > moment.now_ms else 0
    return 0


def _does(moment: Moment, run: Run, journey: Journey, step: Step) -> int:
    """Does what a step says that need not wait; the number of the next one."""
    match step:
        case Act(spec=spec, then=then):
            action, errors = make(
                spec,
                moment.profile,
                moment.seen_by(run),
                moment.now_ms,
                subject=f"{run.id.hex()}.{run.step}",
                rule=f"journey.{run.journey}",
                armed_by=run.armed_by,
                origin={**origin(run), "step": step_name(journey, run.step)},
            )
            moment.decided().actions.append(action)
            moment.err(run.journey, errors)
            return then
        case If(when=when, true=true, false=false):
            return true if moment.holds(when, moment.seen_by(run), run.journey) else false
        case Split(below=below, ways=ways):
            lot = _lot(moment, run, journey)
            return next(way for edge, way in zip(below, ways, strict=True) if lot < edge)
        case Until(held=held):
            return held
        case Over():
            return END
    raise AssertionError(f"{step} waits")


def _lot(moment: Moment, run: Run, journey: Journey) -> int:
    """0 to 99: the same for the same customer, journey, key and step; so a step that has an id
    keeps its lots when others are put before it."""
    key = [] if run.key is None else [key_text(run.key)]
    name = step_name(journey, run.step)
    digest = identity(moment.touchpoint.customer_id, "split", run.journey, name, *key)
    return int.from_bytes(digest) % HUNDREDTHS
