"""Two events of one key: the second does not come (absence), or does (sequence).

By when they happened; of two at the same millisecond, the one that comes first is first. Of each
kind the newest counts that has come, so the second may come before the first and still be the
second.
"""

from decisions.alerting.memory import disarm
from decisions.rules import Absence, Sequence
from state.profile import Watch


def take_absence(watch: Watch, absence: Absence, at_ms: int, *, first: bool, second: bool) -> bool:
    """Takes in an event that is the first, the second or both (then the second of an earlier one);
    whether the time is to be counted from it."""
    known = watch.met_at
    if second:
        if watch.armed_at and _follows(at_ms, watch.armed_at, absence.within_ms):
            disarm(watch)
        watch.met_at = max(watch.met_at, at_ms)
    if not first or at_ms < known <= at_ms + absence.within_ms:
        return False
    if not watch.armed_at:
        return True
    return at_ms >= watch.armed_at if absence.restart else at_ms < watch.armed_at


def take_sequence(
    watch: Watch, sequence: Sequence, at_ms: int, message_id: str, *, first: bool, second: bool
) -> bool:
    """Takes in an event that is the first, the second or both (then first the second); whether the
    two have come. A second one is the second of one sequence only."""
    complete = False
    known = watch.met_at
    if second:
        if watch.armed_at and _follows(at_ms, watch.armed_at, sequence.within_ms):
            complete = True
            disarm(watch)
        else:
            watch.met_at = max(watch.met_at, at_ms)
    if first:
        if at_ms < known <= at_ms + sequence.within_ms:
            complete = True
            watch.met_at = 0
        elif at_ms >= watch.armed_at:
            watch.armed_at, watch.armed_by = at_ms, message_id
    return complete


def _follows(second_ms: int, first_ms: int, within_ms: int) -> bool:
    return first_ms <= second_ms <= first_ms + within_ms
