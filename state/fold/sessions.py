"""Visits: what the customer does, with no gap of more than 30 minutes.

Counted as the events come. In order of time the count is exact. A late event joins the current
visit when it lies in it or at most 30 minutes before it, and moves its beginning; one that is older
belongs to a visit that is over, and changes nothing. So disorder can hide a visit that only late
events speak of, or leave two that a late event would have joined; it never counts one event twice.
"""

from typing import Final

from state.profile import Sessions
from state.sections import SESSIONS

GAP_MS: Final = 30 * 60_000


def visit(sessions: Sessions, at_ms: int) -> int:
    """Count an event at `at_ms` in; returns the sections that changed."""
    gap_ms = at_ms - sessions.last_at
    if gap_ms > GAP_MS or not sessions.count:
        sessions.count += 1
        sessions.started_at = sessions.last_at = at_ms
        sessions.events = 1
        return SESSIONS
    if gap_ms > 0:
        sessions.last_at = at_ms
    elif at_ms < sessions.started_at:
        if at_ms < sessions.started_at - GAP_MS:
            return 0
        sessions.started_at = at_ms
    sessions.events += 1
    return SESSIONS
