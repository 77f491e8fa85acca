"""When an alert is raised, and how long it is silent afterwards."""

from collections.abc import Iterable
from typing import Any

from decisions.acting import act
from decisions.actions.make import make_all
from decisions.language import EvaluationError
from decisions.playbook import Playbook
from decisions.rules import Alert
from decisions.templates import MAX_VALUE, render, worded
from state.decision import Decision
from state.profile import Profile
from state.touchpoint import Touchpoint, identity

RAISED = "alert.raised"
MAX_REMEMBERED = 32
"""Alerts (with their keys) a profile remembers while they cool down."""
MAX_KEY = 16
"""Bytes of a key as a profile remembers it; a longer one is remembered by its hash."""


def raise_alerts(
    profile: Profile,
    touchpoint: Touchpoint,
    alerts: Iterable[Alert],
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """Asks the alerts and raises those that are true and not cooling down.

    Changes `profile.alerts` (and `profile.trimmed`, when more than MAX_REMEMBERED cool down).
    """
    for alert in alerts:
        if alert.when is not None and not alert.events and not alert.reads & mask:
            continue
        try:
            true = alert.when is None or alert.when(profile, touchpoint, now_ms)
        except EvaluationError:
            decision = decision or Decision()
            decision.rule_errors += 1
            continue
        if true:
            decision = _raise(profile, touchpoint, alert, playbook, now_ms, decision)
    return decision


def _raise(
    profile: Profile,
    touchpoint: Touchpoint,
    alert: Alert,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    errors = 0
    key = None
    if alert.key is not None:
        key, errors = worded(alert.key, profile, touchpoint, now_ms)
    name = alert.id if key is None else f"{alert.id}:{_short(touchpoint.customer_id, key)}"
    raised = profile.alerts.get(name)
    if raised is None or now_ms - raised >= alert.cooldown_ms:
        message, failed = render(alert.message, profile, touchpoint, now_ms)
        errors += failed
        body: dict[str, Any] = {"alert": alert.id, "severity": alert.severity, "message": message}
        if key is not None:
            body["key"] = key[:MAX_VALUE]
        decision = decision or Decision()
        decision.actions.append(act(touchpoint, RAISED, alert.id, body, rule=f"alert.{alert.id}"))
        if alert.actions:
            origin = {"alert": alert.id} if key is None else {"alert": alert.id, "key": body["key"]}
            make_all(
                alert.actions,
                profile,
                touchpoint,
                now_ms,
                decision,
                subject=name,  # with its key, of which time may bring several at once
                rule=f"alert.{alert.id}",
                origin=origin,
            )
        _remember(profile, name, playbook, now_ms)
    if errors:
        decision = decision or Decision()
        decision.rule_errors += errors
    return decision


def _remember(profile: Profile, name: str, playbook: Playbook, now_ms: int) -> None:
    cooling = {}
    for other, raised in profile.alerts.items():
        alert = playbook.alerts.get(other.partition(":")[0])
        if other != name and alert is not None and now_ms - raised < alert.cooldown_ms:
            cooling[other] = raised
    cooling[name] = now_ms  # last: oldest first
    while len(cooling) > MAX_REMEMBERED:
        del cooling[next(iter(cooling))]
        profile.trimmed += 1
    profile.alerts = cooling


def _short(customer_id: str, key: str) -> str:
    return key if len(key.encode()) <= MAX_KEY else identity(customer_id, key).hex()[:MAX_KEY]
