"""What one event leads to, and what time alone leads to: segments, then alerts, then journeys, then
offers."""

from decisions.alerting.timing import next_due as next_alert
from decisions.alerts import raise_alerts
from decisions.history import forget_unknown, note
from decisions.journeys.due import next_due as next_step
from decisions.journeys.run import advance
from decisions.offering.answers import EVENTS as ANSWERING
from decisions.offering.answers import take_answer
from decisions.offering.outcomes import learn_from_silence, next_silence
from decisions.offering.serve import serve
from decisions.playbook import ALWAYS, Playbook
from decisions.segments import leave_unknown, move, next_move
from decisions.world import BARE, World, after_spending
from state.decision import Decision
from state.profile import Profile
from state.sections import ANSWERS, NOW, SEGMENTS
from state.times import earliest
from state.touchpoint import Touchpoint, silence

EVERYTHING = -1
"""All bits: a profile that this version of the playbook has not seen yet."""


def time_of(touchpoint: Touchpoint, profile: Profile, now_ms: int) -> int:
    """`now` of the decision after `touchpoint`: when it was received, so that a flow that comes
    later decides as if it had never been away.

    Not after `now_ms`, which is the time of whoever asks, and not before what is decided already.
    """
    return max(min(touchpoint.received_ms, now_ms), profile.decided_at)


def decide(
    profile: Profile,
    touchpoint: Touchpoint,
    changed: int,
    playbook: Playbook,
    now_ms: int,
    world: World = BARE,
) -> Decision | None:
    """What to do after `touchpoint`; None when there is nothing to do, which is the common case.

    To be called after the fold has put the touchpoint into `profile` and said what it `changed`
    (bits of state.sections). A function of its arguments: equal arguments, equal answers, for ever.

    Changes the second part of the profile, which the fold leaves alone, in place, also when the
    answer is None. `profile.playbook` becomes the playbook's edition: its version, with "+n" when n
    of its offers' start dates have passed. `profile.due_at` becomes the next instant at which time
    alone may change something; an earlier one that still is to come stays, as most customers move
    theirs at every event, and to ask once in vain costs less than to write it down each time.

    A rule is asked only when something it reads has changed, or the clock or the event is among
    what it reads; a segment that reads the clock only once it is `profile.due_at`. The offers are
    chosen anew when what any of them depends on may have changed, the customer's answers to offers
    included, when one of them nears its expiry, when time may let another one in, and for another
    edition of the playbook. Another version asks all rules, and decides anew each offer of which it
    says something else. What the history functions of all
    rules remember is brought up to date before the first rule is asked. A condition that ends in an
    error counts as false and is counted in the decision.
    """
    return _decide(profile, touchpoint, changed, ALWAYS, playbook, now_ms, world)


def pass_time(
    profile: Profile, customer_id: str, playbook: Playbook, now_ms: int, world: World = BARE
) -> Decision | None:
    """What follows at `now_ms` from time alone: as `decide`, without an event.

    The offers are chosen anew when the customer's segments change; because they expire or others
    open only for as long after the last event as the playbook says (`refresh`): those who are not
    there would be decided for for ever. And they are chosen anew, in any case, after some were
    withdrawn: what that was for is the cause then.
    """
    touchpoint = silence(customer_id, now_ms, profile.firings + 1, profile.withdrawn_for)
    decision = _decide(profile, touchpoint, 0, NOW, playbook, now_ms, world)
    if decision is not None and decision.actions:
        profile.firings += 1
    return decision


def _decide(
    profile: Profile,
    touchpoint: Touchpoint,
    changed: int,
    always: int,
    playbook: Playbook,
    now_ms: int,
    world: World,
) -> Decision | None:
    # A profile of a Touchline that did not note when it decided has no `due_at`, either.
    before = profile.playbook if profile.decided_at else ""
    profile.decided_at = now_ms
    edition = playbook.edition(now_ms)
    fresh = not touchpoint.firing or playbook.is_fresh(profile, now_ms)
    if not fresh and before.partition("+")[0] == playbook.version:
        edition = before  # offers that have opened since wait for the customer to do something
    known = True
    if before != edition:
        profile.playbook = edition
        known = before.partition("+")[0] == playbook.version
        if not known:
            changed = EVERYTHING
            forget_unknown(profile, playbook.history)
    if playbook.history.trackers:
        changed |= note(profile, touchpoint, playbook.history, now_ms)
    mask = changed | always
    # Before `due_at` time alone moves nobody: segments that read the clock need not be asked.
    asked = changed | NOW if 0 < profile.due_at <= now_ms else changed
    due = playbook.due(asked)
    decision = move(profile, touchpoint, due, asked, now_ms) if due.segments else None
    if not known:
        decision = leave_unknown(profile, touchpoint, playbook, decision)
    if decision is not None and decision.actions:
        mask |= SEGMENTS
    if profile.watches or due.alerts or touchpoint.name in playbook.alert_events:
        decision = raise_alerts(profile, touchpoint, due.alerts, mask, playbook, now_ms, decision)
    starts = touchpoint.name in playbook.journeys_on or playbook.journeys_read & mask
    if profile.journeys or starts:
        decision = advance(profile, touchpoint, mask, playbook, now_ms, decision)
    if touchpoint.name in ANSWERING:
        decision, moves = take_answer(profile, touchpoint, playbook, now_ms, decision, world)
        mask |= ANSWERS if moves else 0
        # What it has used up is offered no more in the same breath.
        world = after_spending(world, decision.spent)
    if playbook.learning is not None and 0 < profile.due_at <= now_ms:
        decision = learn_from_silence(profile, playbook.learning, now_ms, decision)
    again = before != edition or playbook.offers_read & mask & (EVERYTHING if fresh else SEGMENTS)
    if again or profile.withdrawn_for or (fresh and 0 < profile.offers_until <= now_ms):
        decision = serve(profile, touchpoint, playbook, now_ms, decision, world)
        profile.withdrawn_for = ""
    moved = mask & ~always if known else EVERYTHING
    profile.due_at = _due_at(profile, touchpoint, moved, playbook, now_ms)
    return decision


def _due_at(
    profile: Profile, touchpoint: Touchpoint, changed: int, playbook: Playbook, now_ms: int
) -> int:
    due_at = profile.due_at
    anew = 0 < due_at <= now_ms or changed == EVERYTHING
    if anew:
        due_at = next_move(profile, playbook, EVERYTHING, now_ms)
    elif changed & playbook.timed:
        due_at = earliest(due_at, next_move(profile, playbook, changed, now_ms))
    if anew or profile.watches or changed & playbook.alerts_timed:
        due_at = earliest(due_at, next_alert(profile, touchpoint, playbook, now_ms))
    if profile.journeys or playbook.journeys_timed:
        due_at = earliest(due_at, next_step(profile, touchpoint, playbook, now_ms))
    if playbook.learning is not None and (anew or touchpoint.name in ANSWERING):
        due_at = earliest(due_at, next_silence(profile, playbook.learning))
    return earliest(due_at, playbook.refresh_at(profile, now_ms))
