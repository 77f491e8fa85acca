"""What a profile remembers of alerts between two events: bounded, and no longer than it counts."""

from decisions.playbook import Playbook
from decisions.rules import Absence, Alert, Change, Sequence
from state.profile import Profile, Watch

MAX_REMEMBERED = 32
"""Alerts (with their keys) of which a profile remembers when they were raised, and as many of which
it remembers more."""
REMEMBERED_MS = 7 * 86_400_000
"""How long after its last step an alert that nobody has acknowledged still can be."""
WATCH_BYTES = 8 * 1024
"""What that may take of a stored profile."""
FIXED_BYTES = 120
"""More than a stored watch takes beyond its lists and texts, and the beginnings of these."""


def recall(profile: Profile, name: str, alert: Alert, now_ms: int) -> Watch:
    """What is remembered under `name`, less what does not count any more; to be kept by `keep`."""
    watch = profile.watches.get(name)
    if watch is None:
        return Watch()
    if now_ms > watch.keep_until:
        watch.times, watch.others, watch.met_at = [], [], 0
        if not isinstance(alert.pattern, Absence):
            disarm(watch)
    return watch


def keep(profile: Profile, name: str, watch: Watch, playbook: Playbook, now_ms: int) -> None:
    """Remember `watch`; what does not count any more goes, and beyond the bounds the oldest, which
    is counted in `profile.trimmed`."""
    kept = {
        other: each
        for other, each in profile.watches.items()
        if other != name and _counts(profile, other, each, playbook, now_ms)
    }
    if _counts(profile, name, watch, playbook, now_ms):
        kept[name] = watch  # last: the oldest first
    size = sum(_size(other, each) for other, each in kept.items())
    while len(kept) > MAX_REMEMBERED or size > WATCH_BYTES:
        oldest = next(iter(kept))
        size -= _size(oldest, kept.pop(oldest))
        profile.trimmed += 1
    profile.watches = kept


def alert_of(name: str, playbook: Playbook) -> Alert | None:
    """The alert that is remembered under `name`, if the playbook still has it."""
    return playbook.alerts.get(name.partition(":")[0])


def key_of(name: str, watch: Watch | None) -> str | None:
    """The key of what is remembered under `name`; None without one."""
    _, colon, key = name.partition(":")
    if not colon:
        return None
    return watch.key if watch is not None and watch.key else key


def stepped_until(alert: Alert, watch: Watch) -> int:
    """Until when an alert that was raised, and has steps, can be acknowledged. What it counts is
    not kept for so long."""
    return watch.raised_at + alert.escalate[-1].after_ms + REMEMBERED_MS


def disarm(watch: Watch) -> None:
    """It waits no more."""
    watch.armed_at, watch.armed_by, watch.texts = 0, "", []


def _counts(profile: Profile, name: str, watch: Watch, playbook: Playbook, now_ms: int) -> bool:
    alert = alert_of(name, playbook)
    if alert is None:
        return False
    if watch.held and alert.timed:
        return True
    if watch.value is not None and isinstance(alert.pattern, Change):
        return True
    if watch.armed_at and isinstance(alert.pattern, Absence):
        return True
    if watch.raised_at and (alert.until is not None or watch.steps < len(alert.escalate)):
        return True
    if watch.raised_at and alert.escalate and now_ms <= stepped_until(alert, watch):
        return True
    raised_at = profile.alerts.get(name, 0)
    if watch.acknowledged_at >= raised_at and now_ms - raised_at < alert.cooldown_ms:
        return True  # else it could be acknowledged again
    if now_ms > watch.keep_until:
        return False
    waits = watch.armed_at and isinstance(alert.pattern, Sequence)
    return bool(waits or watch.times or watch.others or watch.met_at or watch.raised_at)


def _size(name: str, watch: Watch) -> int:
    texts = [name, watch.key, watch.armed_by, watch.raised_by, *watch.texts, *watch.said]
    size = sum(len(text.encode()) + 3 for text in texts)
    return FIXED_BYTES + size + 9 * (len(watch.times) + len(watch.others))
