"""The end of a run, and what is remembered of it."""

from decisions.journeys.moment import Moment, key_text, step_name
from decisions.journeys.table import Journey
from state.journeys import LEFT_KEPT, Key, Run
from state.touchpoint import identity

MAX_KEY = 16
"""Bytes of a key as a profile remembers it; a longer one is remembered by its hash."""


def end(moment: Moment, run: Run, journey: Journey | None, reason: str) -> bool:
    """Publishes that a run is over, and why, and remembers when; always True.

    `journey` is the definition by which it went, where that is known.
    """
    moment.say_ended(run, step_name(journey, run.step), reason)
    ruling = moment.playbook.journeys.get(run.journey) or journey
    if ruling is None or ruling.reentry_ms != 0:
        _remember(moment, left_name(moment.touchpoint.customer_id, run.journey, run.key))
    return True


def left_name(customer_id: str, journey: str, key: Key | None) -> str:
    """What the end of a run is remembered by."""
    if key is None:
        return journey
    text = key_text(key)
    if len(text.encode()) > MAX_KEY:
        text = identity(customer_id, text).hex()[:MAX_KEY]
    return f"{journey}:{text}"


def _remember(moment: Moment, name: str) -> None:
    profile, journeys = moment.profile, moment.playbook.journeys
    kept = {}
    for other, left in profile.journeys_left.items():
        journey = journeys.get(other.partition(":")[0])
        if not _forgotten(journey, left, moment.now_ms):
            kept[other] = left
    kept[name] = moment.now_ms  # last: oldest first
    while len(kept) > LEFT_KEPT:
        del kept[next(iter(kept))]
        profile.trimmed += 1
    profile.journeys_left = kept


def _forgotten(journey: Journey | None, left: int, now_ms: int) -> bool:
    if journey is None or journey.reentry_ms is None:
        return False  # one that is gone may come back
    return now_ms - left >= journey.reentry_ms
