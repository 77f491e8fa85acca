"""Which segments a customer is in, and the moment that changes."""

from collections.abc import Iterable

from decisions.acting import act
from decisions.language import EvaluationError
from decisions.playbook import Due, Playbook
from decisions.rules import Segment
from state.decision import Action, Decision
from state.profile import Profile
from state.sections import SEGMENTS
from state.times import rfc3339
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
        try:
            belongs = segment.when(profile, touchpoint, now_ms)
        except EvaluationError:
            belongs = False
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
