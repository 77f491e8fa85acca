"""Which segments a customer is in, and the moment that changes."""

from collections.abc import Iterable

from decisions.acting import act
from decisions.language import EvaluationError
from decisions.playbook import NOTHING, Due, Playbook
from decisions.rules import Segment
from state.decision import Action, Decision
from state.profile import Profile
from state.sections import SEGMENTS
from state.times import earliest, rfc3339
from state.touchpoint import Touchpoint

ENTERED = "segment.entered"
EXITED = "segment.exited"


def move(
    profile: Profile, touchpoint: Touchpoint, due: Due, mask: int, now_ms: int
) -> Decision | None:
    """Asks the due segments and moves the customer; None when nothing changed.

    Changes `profile.segments`. A later segment that names an earlier one sees where it went.
    """
    segments = due.segments
    if due.any_moves is not None and not due.any_moves(profile, touchpoint, now_ms):
        segments = due.fallible
    return _move(profile, touchpoint, segments, mask, now_ms) if segments else None


def _move(
    profile: Profile, touchpoint: Touchpoint, segments: Iterable[Segment], mask: int, now_ms: int
) -> Decision | None:
    decision = None
    inside = profile.segments
    for segment in segments:
        if not segment.reads & mask:
            continue
        belongs, failed = _belongs(profile, touchpoint, segment, now_ms)
        if failed:
            decision = decision or Decision()
            decision.err(f"segment.{segment.id}")
        if belongs is (segment.id in inside):
            continue
        mask |= SEGMENTS
        decision = decision or Decision()
        if belongs:
            inside[segment.id] = now_ms
            decision.actions.append(_action(touchpoint, ENTERED, segment.id, now_ms))
        else:
            since = inside.pop(segment.id)
            decision.actions.append(_action(touchpoint, EXITED, segment.id, since))
    return decision


def _belongs(
    profile: Profile, touchpoint: Touchpoint, segment: Segment, now_ms: int
) -> tuple[bool, bool]:
    """Whether the customer is in it now, and whether a condition ended in an error: then that one
    counts as false.

    Who fulfils both conditions is not in it: they would leave at the next look, and come back at
    the one after.
    """
    inside, until = segment.id in profile.segments, segment.until
    if inside and now_ms < stays_until(profile, segment):
        return True, False
    try:
        if (until is None or not inside) and not segment.when(profile, touchpoint, now_ms):
            return False, False
    except EvaluationError:
        return False, True
    try:
        return until is None or not until(profile, touchpoint, now_ms), False
    except EvaluationError:
        return True, True


def stays_until(profile: Profile, segment: Segment) -> int:
    """The first instant at which a customer who is in it may leave."""
    return profile.segments[segment.id] + segment.dwell_ms


def next_move(profile: Profile, playbook: Playbook, changed: int, now_ms: int) -> int:
    """The earliest instant after `now_ms` at which time alone may move a customer; 0 = never.

    Of those segments only that read something of what `changed`: for the others it stays what it
    was.
    """
    first = 0
    for reads, changes_at in playbook.plain_moves.items():
        if reads & changed:
            first = earliest(first, changes_at(profile, NOTHING, now_ms))
    for segment in playbook.held_by_time:
        if (segment.reads | SEGMENTS) & changed:
            first = earliest(first, _moves_at(profile, segment, now_ms))
    return first


def _moves_at(profile: Profile, segment: Segment, now_ms: int) -> int:
    inside, until = segment.id in profile.segments, segment.until
    if inside and now_ms < (stays := stays_until(profile, segment)):
        return stays
    found = 0
    if until is not None:
        found = until.changes_at(profile, NOTHING, now_ms)
    if until is None or not inside:
        found = earliest(found, segment.when.changes_at(profile, NOTHING, now_ms))
    return found


def leave_unknown(
    profile: Profile, touchpoint: Touchpoint, playbook: Playbook, decision: Decision | None
) -> Decision | None:
    """Takes the customer out of segments that the playbook no longer has."""
    for name in [name for name in profile.segments if name not in playbook.segments]:
        decision = decision or Decision()
        since = profile.segments.pop(name)
        decision.actions.append(_action(touchpoint, EXITED, name, since))
    return decision


def _action(touchpoint: Touchpoint, kind: str, segment: str, since: int) -> Action:
    body = {"segment": segment, "since": rfc3339(since)}
    return act(touchpoint, kind, segment, body, rule=f"segment.{segment}")
