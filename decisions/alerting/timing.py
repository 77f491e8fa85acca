"""When time alone may change something about alerts."""

from decisions.alerting.memory import alert_of
from decisions.alerting.standing import step_at
from decisions.language import Condition
from decisions.playbook import Playbook
from decisions.rules import Absence
from state.profile import Profile
from state.sections import EVENT, NOW
from state.touchpoint import Touchpoint


def next_due(profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int) -> int:
    """The earliest instant after `now_ms` at which time alone may raise, clear or escalate an
    alert; 0 = never. Never late, may be early. To be asked after `raise_alerts` at `now_ms`."""
    instants = [
        _changes_at(alert.when, profile, touchpoint, now_ms)
        for alert in playbook.timed_alerts
        if alert.when is not None
    ]
    for name, watch in profile.watches.items():
        alert = alert_of(name, playbook)
        if alert is None:
            continue
        if watch.armed_at and isinstance(alert.pattern, Absence):
            instants.append(watch.armed_at + alert.pattern.within_ms)
        if watch.raised_at:
            instants.append(step_at(alert, watch))
            until = alert.until
            if until is not None and until.reads & NOW and not until.reads & EVENT:
                instants.append(_changes_at(until, profile, touchpoint, now_ms))
    return min([max(instant, now_ms + 1) for instant in instants if instant], default=0)


def _changes_at(condition: Condition, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> int:
    return condition.changes_at(profile, touchpoint, now_ms)
