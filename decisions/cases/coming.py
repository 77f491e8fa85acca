"""What has not happened yet, and would by time alone."""

from collections.abc import Callable
from typing import Final

from decisions.cases.story import Story
from state.times import rfc3339

HORIZON_MS: Final = 400 * 86_400_000
"""How far ahead is looked."""
MAX_INSTANTS: Final = 500
"""And at how many instants at most."""
UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def comes_at(story: Story, is_so: Callable[[Story], bool]) -> int | None:
    """The first instant after now at which it is so, if no event comes; None: not before long."""
    ahead = story.copy()
    limit_ms = story.now_ms + HORIZON_MS
    for _ in range(MAX_INSTANTS):
        due_ms = ahead.profile.due_at
        if not 0 < due_ms <= limit_ms:
            return None
        ahead.wait(due_ms)
        if is_so(ahead):
            return due_ms
    return None


def coming(story: Story, is_so: Callable[[Story], bool]) -> tuple[str, ...]:
    """When it will be so by itself, in words; nothing if it will not."""
    at_ms = comes_at(story, is_so)
    if at_ms is None:
        return ()
    return (
        f"not yet: due in {span(at_ms - story.now_ms)}, at {rfc3339(at_ms)}, if no event comes",
    )


def span(ms: int) -> str:
    """A time in its two largest units: 90061000 → 1d 1h."""
    parts = []
    for unit, size in UNITS:
        if ms >= size:
            parts.append(f"{ms // size}{unit}")
            ms %= size
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)
