"""What becomes of an alert that was raised: cleared, escalated, acknowledged."""

from typing import Any

from decisions.acting import act
from decisions.actions.make import make_all
from decisions.alerting.memory import alert_of, keep, key_of, stepped_until
from decisions.alerting.wording import name_of, render, spot
from decisions.language import EvaluationError
from decisions.playbook import Playbook
from decisions.rules import Alert
from decisions.templates import MAX_VALUE, shown
from state.decision import Decision
from state.profile import Profile, Watch
from state.sections import EVENT
from state.times import rfc3339
from state.touchpoint import Touchpoint

ESCALATED = "alert.escalated"
ACKNOWLEDGED = "alert.acknowledged"
CLEARED = "alert.cleared"


def is_over(
    alert: Alert, name: str, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[bool, int]:
    """Whether the alert's `until` holds, and how many errors that ended in.

    One that looks at the event holds for the key that the event has.
    """
    until = alert.until
    if until is None:
        return False, 0
    if until.reads & EVENT:
        if not touchpoint.message_id:
            return False, 0
        if until.event_names is not None and touchpoint.name not in until.event_names:
            return False, 0
    try:
        if not until(profile, touchpoint, now_ms):
            return False, 0
    except EvaluationError:
        return False, 1
    if alert.key is None or not until.reads & EVENT:
        return True, 0
    here = spot(alert, profile, touchpoint, now_ms)
    return here.name == name, here.errors


def follow_up(
    name: str,
    alert: Alert,
    watch: Watch,
    profile: Profile,
    touchpoint: Touchpoint,
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """Clears an alert that stands, when its `until` holds; else takes the steps that are due."""
    over, errors = False, 0
    if alert.until is not None and alert.until.reads & mask:
        over, errors = is_over(alert, name, profile, touchpoint, now_ms)
    if over:
        decision = decision or Decision()
        body = _body(alert, name, watch)
        decision.actions.append(_act(touchpoint, CLEARED, name, body, alert, watch))
        watch.raised_at, watch.raised_by, watch.said, watch.steps = 0, "", [], 0
        keep(profile, name, watch, playbook, now_ms)
    elif alert.escalate:
        before = watch.steps
        while (at_ms := step_at(alert, watch)) and at_ms <= now_ms:
            decision = decision or Decision()
            step = alert.escalate[watch.steps]
            watch.steps += 1
            message, failed = render(
                step.message or alert.message, profile, touchpoint, now_ms, alert.kept, watch.said
            )
            errors += failed
            body = _body(alert, name, watch, severity=step.severity)
            body |= {"message": message, "step": watch.steps}
            subject = f"{name}:{watch.steps}"
            decision.actions.append(_act(touchpoint, ESCALATED, subject, body, alert, watch))
            make_all(
                step.actions,
                profile,
                touchpoint,
                now_ms,
                decision,
                subject=f"{watch.steps}:{name}",  # no alert's name begins so
                rule=alert.rule,
                armed_by=watch.raised_by,
                origin={part: body[part] for part in body if part in ("alert", "key")},
            )
        if watch.steps > before:
            keep(profile, name, watch, playbook, now_ms)
    if errors:
        decision = decision or Decision()
        decision.err(alert.rule, errors)
    return decision


def step_at(alert: Alert, watch: Watch) -> int:
    """When the next step is due of an alert that stands; 0 = never."""
    if not watch.raised_at or watch.acknowledged_at or watch.steps >= len(alert.escalate):
        return 0
    return watch.raised_at + alert.escalate[watch.steps].after_ms


def stand(alert: Alert, watch: Watch, raised_by: str, said: list[str], now_ms: int) -> None:
    """Notes that the alert was raised. One that waits for a step goes on to wait for it."""
    if step_at(alert, watch):
        return
    watch.raised_at, watch.raised_by, watch.said = now_ms, raised_by, said
    watch.steps = watch.acknowledged_at = 0


def acknowledge(
    profile: Profile,
    touchpoint: Touchpoint,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """Takes the word of the event that somebody looks at an alert: no further step is taken.

    Without a key it is about all keys of the alert. Once for each time that it was raised, as long
    as it is silent or stands, or seven days after its last step.
    """
    named = touchpoint.properties.get("alert")
    alert = playbook.alerts.get(named) if isinstance(named, str) else None
    if alert is None:
        return decision
    said = touchpoint.properties.get("key")
    key = None if said is None else shown(said)
    wanted = None if key is None else name_of(alert.id, touchpoint.customer_id, key)
    for name in list({**profile.watches, **profile.alerts}):
        if alert_of(name, playbook) is not alert or (wanted is not None and name != wanted):
            continue
        watch = profile.watches.get(name) or Watch()
        raised_at = watch.raised_at
        if not raised_at or _forgotten(alert, watch, now_ms):
            cooling = profile.alerts.get(name, 0)
            raised_at = cooling if now_ms - cooling < alert.cooldown_ms else 0
        if not raised_at or watch.acknowledged_at >= raised_at:
            continue
        decision = decision or Decision()
        body = _body(alert, name, watch, raised_at=raised_at)
        if key is not None:
            body["key"] = key[:MAX_VALUE]
        decision.actions.append(_act(touchpoint, ACKNOWLEDGED, name, body, alert, watch))
        watch.acknowledged_at = now_ms
        if alert.until is None:
            watch.raised_at, watch.raised_by, watch.said = 0, "", []
        keep(profile, name, watch, playbook, now_ms)
    return decision


def _forgotten(alert: Alert, watch: Watch, now_ms: int) -> bool:
    """Whether it is too late to acknowledge an alert that does not stand; it may be remembered for
    longer, until something else is."""
    return alert.until is None and bool(alert.escalate) and now_ms > stepped_until(alert, watch)


def _body(
    alert: Alert, name: str, watch: Watch, *, severity: str = "", raised_at: int = 0
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "alert": alert.id,
        "severity": severity or alert.severity,
        "raised_at": rfc3339(raised_at or watch.raised_at),
    }
    key = key_of(name, watch)
    if key is not None:
        body["key"] = key
    return body


def _act(
    touchpoint: Touchpoint,
    kind: str,
    subject: str,
    body: dict[str, Any],
    alert: Alert,
    watch: Watch,
) -> Any:
    return act(touchpoint, kind, subject, body, rule=alert.rule, armed_by=watch.raised_by)
