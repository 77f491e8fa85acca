"""What history functions remember of a customer: noted at every event, before any rule is asked.

An event counts from when it happened (`at_ms`) by its producer's clock; one that is ahead of `now`
counts as of `now`. As `now` never goes back for a customer, what is dropped from a window is never
asked for again, and all but sequences come out the same in whatever order the events come.
"""

from collections.abc import Iterable
from typing import Final

from decisions.language import EvaluationError, Remembered, Tracked, compile_tracked
from decisions.language.history import Asked
from state.profile import Profile, Tracker
from state.sections import HISTORY
from state.touchpoint import Touchpoint
from state.windows import put

MAX_TRACKERS: Final = 32
"""Different things that a playbook may have remembered of each customer."""


class History:
    """What a playbook has remembered, by the events that may concern it."""

    def __init__(self, remembered: Iterable[Remembered] = ()) -> None:
        self.trackers: dict[bytes, Tracked] = {one.key: compile_tracked(one) for one in remembered}
        """By key, in the order of the playbook."""
        named = {name for one in self.trackers.values() for name in one.event_names or ()}
        self._at = {name: self._concerned(name) for name in named}
        self._at_any = self._concerned(None)

    def _concerned(self, name: str | None) -> tuple[Tracked, ...]:
        return tuple(
            one
            for one in self.trackers.values()
            if one.event_names is None or name in one.event_names
        )

    def at(self, name: str) -> tuple[Tracked, ...]:
        """What an event of this name may concern."""
        return self._at.get(name, self._at_any)


def note(profile: Profile, touchpoint: Touchpoint, history: History, now_ms: int) -> int:
    """Remembers `touchpoint` where it fits; HISTORY if that changed anything, else 0.

    To be called once for each event, after the fold has taken it. A condition or number that ends
    in an error does not fit. What only stands for time that has passed is no event.
    """
    if touchpoint.firing:
        return 0
    changed = 0
    at_ms = min(touchpoint.at_ms, now_ms)
    for tracked in history.at(touchpoint.name):
        if tracked.then is not None:
            noted = _in_order(profile, tracked, touchpoint, at_ms)
        elif tracked.unit_ms:
            noted = _counted(profile, tracked, touchpoint, at_ms, now_ms)
        else:
            noted = _newest(profile, tracked, touchpoint, at_ms)
        if noted:
            changed = HISTORY
    return changed


def forget_unknown(profile: Profile, history: History) -> None:
    """Drops what the playbook no longer has remembered."""
    for key in [key for key in profile.history if key not in history.trackers]:
        del profile.history[key]


def _counted(
    profile: Profile, tracked: Tracked, touchpoint: Touchpoint, at_ms: int, now_ms: int
) -> bool:
    bucket, first = at_ms // tracked.unit_ms, now_ms // tracked.unit_ms - tracked.before
    if bucket < first:
        return False
    value = 0.0
    try:
        if not tracked.fits(profile, touchpoint, 0):
            return False
        if tracked.amount is not None:
            value = tracked.amount(profile, touchpoint, 0)
    except EvaluationError:
        return False
    put(_tracker(profile, tracked).recent, bucket, value, first)
    return True


def _newest(profile: Profile, tracked: Tracked, touchpoint: Touchpoint, at_ms: int) -> bool:
    known = profile.history.get(tracked.key)
    if (known is not None and at_ms <= known.last_at) or not _fits(
        tracked.fits, profile, touchpoint
    ):
        return False
    _tracker(profile, tracked).last_at = at_ms
    return True


def _in_order(profile: Profile, tracked: Tracked, touchpoint: Touchpoint, at_ms: int) -> bool:
    """An event that fits both parts is the end of one sequence, then the begin of another."""
    noted = False
    known = profile.history.get(tracked.key)
    if (
        known is not None
        and known.done_at < at_ms
        and known.last_at <= at_ms <= known.last_at + tracked.window_ms
        and _fits(tracked.then, profile, touchpoint)
    ):
        known.done_at = at_ms
        noted = True
    if (known is None or known.last_at < at_ms) and _fits(tracked.fits, profile, touchpoint):
        _tracker(profile, tracked).last_at = at_ms
        noted = True
    return noted


def _fits(asked: Asked | None, profile: Profile, touchpoint: Touchpoint) -> bool:
    try:
        return asked is not None and bool(asked(profile, touchpoint, 0))
    except EvaluationError:
        return False


def _tracker(profile: Profile, tracked: Tracked) -> Tracker:
    found = profile.history.get(tracked.key)
    if found is None:
        found = profile.history[tracked.key] = Tracker()
    return found
