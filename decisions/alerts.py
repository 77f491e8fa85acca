"""When an alert is raised, how long it is silent afterwards, and what becomes of it."""

from collections.abc import Iterable
from typing import Any

from decisions.acting import act
from decisions.actions.make import make_all
from decisions.alerting.memory import MAX_REMEMBERED, alert_of, disarm, keep, key_of, recall
from decisions.alerting.standing import acknowledge, follow_up, is_over, stand
from decisions.alerting.taking import compare, name_key, take
from decisions.alerting.wording import Spot, keep_texts, render, spot
from decisions.language import EvaluationError
from decisions.playbook import ALWAYS, Playbook
from decisions.rules import ACKNOWLEDGED_EVENT, Absence, Alert, Change
from decisions.templates import MAX_VALUE
from state.decision import Decision
from state.profile import Profile, Watch
from state.sections import EVENT
from state.touchpoint import Touchpoint

RAISED = "alert.raised"


def raise_alerts(
    profile: Profile,
    touchpoint: Touchpoint,
    due: Iterable[Alert],
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """All that is to be done about alerts at `now_ms`, at an event or when time alone has come.

    `due`: the alerts without an event of their own whose answer may have changed; `mask`: what has
    (bits of state.sections). First comes what time has brought: what was waited for and is absent,
    what is over, steps of what nobody acknowledged; then what the event says. Nothing of it is due
    at `now_ms` afterwards.

    Changes `profile.alerts` and `profile.watches`, and `profile.trimmed`, when either is full.
    """
    if profile.watches:
        decision = _settle(profile, touchpoint, mask, playbook, now_ms, decision)
    if touchpoint.message_id:
        at = playbook.alerts_on.get(touchpoint.name)
        if at is not None:
            decision = _ask(profile, touchpoint, at, mask, playbook, now_ms, decision)
        if touchpoint.name == ACKNOWLEDGED_EVENT:
            decision = acknowledge(profile, touchpoint, playbook, now_ms, decision)
    return _ask(profile, touchpoint, due, mask, playbook, now_ms, decision)


def _settle(
    profile: Profile,
    touchpoint: Touchpoint,
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    for name, watch in list(profile.watches.items()):
        alert = alert_of(name, playbook)
        if alert is None:
            profile.watches.pop(name, None)  # what one before has remembered may have driven it out
            continue
        if watch.raised_at:
            decision = follow_up(
                name, alert, watch, profile, touchpoint, mask, playbook, now_ms, decision
            )
        pattern = alert.pattern
        if (
            watch.armed_at
            and isinstance(pattern, Absence)
            and watch.armed_at + pattern.within_ms <= now_ms
        ):
            decision = _miss(profile, touchpoint, alert, name, watch, playbook, now_ms, decision)
    return decision


def _miss(
    profile: Profile,
    touchpoint: Touchpoint,
    alert: Alert,
    name: str,
    watch: Watch,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """Raises the alert about what has not come."""
    place = Spot(name, key_of(name, watch))
    armed_by, texts = watch.armed_by, watch.texts
    disarm(watch)
    keep(profile, name, watch, playbook, now_ms)
    return _raise(
        profile, touchpoint, alert, place, playbook, now_ms, decision, armed_by, texts, subject=name
    )


def _ask(
    profile: Profile,
    touchpoint: Touchpoint,
    alerts: Iterable[Alert],
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    silent = not touchpoint.message_id
    for alert in alerts:
        if alert.pattern is not None:
            decision = _take(profile, touchpoint, alert, mask, playbook, now_ms, decision)
            continue
        if alert.when is not None and not alert.events and not alert.reads & mask:
            continue
        if silent and (alert.when is None or alert.reads & EVENT):
            continue
        try:
            true = alert.when is None or alert.when(profile, touchpoint, now_ms)
        except EvaluationError:
            decision = decision or Decision()
            decision.err(alert.rule)
            true = False
        if alert.timed:
            before = _notice(profile, alert, true, playbook, now_ms)
            if silent and before and not alert.reads & mask & ~ALWAYS:
                continue  # time alone raises it when it becomes true, not while it is
        elif silent and not alert.reads & mask & ~ALWAYS:
            continue
        if true:
            place = spot(alert, profile, touchpoint, now_ms)
            decision = _raise(profile, touchpoint, alert, place, playbook, now_ms, decision)
    return decision


def _notice(profile: Profile, alert: Alert, true: bool, playbook: Playbook, now_ms: int) -> bool:
    """Remembers the answer; the one before."""
    watch = profile.watches.get(alert.id)
    before = watch is not None and watch.held
    if true is not before:
        watch = watch or Watch()
        watch.held = true
        keep(profile, alert.id, watch, playbook, now_ms)
    return before


def _take(
    profile: Profile,
    touchpoint: Touchpoint,
    alert: Alert,
    mask: int,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
) -> Decision | None:
    """Takes what is at hand into what the alert counts, waits for or compares."""
    if isinstance(alert.pattern, Change):
        taken = compare(alert, profile, touchpoint, mask, playbook, now_ms)
    elif touchpoint.message_id:
        taken = take(alert, profile, touchpoint, playbook, now_ms)
    else:
        return decision
    place = taken.place
    if taken.true and place is not None:
        if isinstance(alert.pattern, Absence):
            watch = profile.watches[place.name]
            decision = _miss(
                profile, touchpoint, alert, place.name, watch, playbook, now_ms, decision
            )
        else:
            decision = _raise(profile, touchpoint, alert, place, playbook, now_ms, decision)
    if taken.errors:
        decision = decision or Decision()
        decision.err(alert.rule, taken.errors)
    return decision


def _raise(
    profile: Profile,
    touchpoint: Touchpoint,
    alert: Alert,
    place: Spot,
    playbook: Playbook,
    now_ms: int,
    decision: Decision | None,
    armed_by: str = "",
    texts: list[str] | None = None,
    subject: str = "",
) -> Decision | None:
    """Raises the alert, unless it is silent. `texts`: what was kept of the event it is about, which
    is not the one at hand."""
    errors = place.errors
    name, key = place.name, place.key
    raised = profile.alerts.get(name)
    if raised is None or now_ms - raised >= alert.cooldown_ms:
        over, failed = is_over(alert, name, profile, touchpoint, now_ms)
        errors += failed
        watch = recall(profile, name, alert, now_ms) if alert.until or alert.escalate else None
        if not over and not (watch is not None and alert.until is not None and watch.raised_at):
            kept = alert.kept if texts is not None else ()
            message, failed = render(alert.message, profile, touchpoint, now_ms, kept, texts or ())
            errors += failed
            body: dict[str, Any] = {
                "alert": alert.id,
                "severity": alert.severity,
                "message": message,
            }
            if key is not None:
                body["key"] = key[:MAX_VALUE]
            decision = decision or Decision()
            decision.actions.append(
                act(
                    touchpoint,
                    RAISED,
                    subject or alert.id,
                    body,
                    rule=alert.rule,
                    armed_by=armed_by,
                )
            )
            if alert.actions:
                about = {part: body[part] for part in body if part in ("alert", "key")}
                make_all(
                    alert.actions,
                    profile,
                    touchpoint,
                    now_ms,
                    decision,
                    subject=name,  # with its key, of which time may bring several at once
                    rule=alert.rule,
                    armed_by=armed_by,
                    origin=about,
                )
            _remember(profile, name, playbook, now_ms)
            if watch is not None:
                if texts is None:
                    texts, _ = keep_texts(alert, profile, touchpoint, now_ms)
                name_key(watch, place)
                stand(alert, watch, armed_by or touchpoint.message_id, texts, now_ms)
                keep(profile, name, watch, playbook, now_ms)
    if errors:
        decision = decision or Decision()
        decision.err(alert.rule, errors)
    return decision


def _remember(profile: Profile, name: str, playbook: Playbook, now_ms: int) -> None:
    cooling = {}
    for other, raised in profile.alerts.items():
        alert = alert_of(other, playbook)
        if other != name and alert is not None and now_ms - raised < alert.cooldown_ms:
            cooling[other] = raised
    cooling[name] = now_ms  # last: oldest first
    while len(cooling) > MAX_REMEMBERED:
        del cooling[next(iter(cooling))]
        profile.trimmed += 1
    profile.alerts = cooling
