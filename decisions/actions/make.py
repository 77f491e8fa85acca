"""Actions, made of what a playbook says and what is known of a customer."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from decisions.acting import act
from decisions.actions.routes import queue_of
from decisions.actions.spec import ActionSpec
from decisions.templates import worded
from state.decision import Action, Decision
from state.profile import Profile
from state.times import rfc3339
from state.touchpoint import Touchpoint, identity

MAX_KEY = 255
"""Characters of an idempotency key: what receivers take."""
NO_KEY = ("", "null")
"""Of these many actions would be one: each is one of its own instead."""


def make(
    spec: ActionSpec,
    profile: Profile,
    touchpoint: Touchpoint,
    now_ms: int,
    *,
    subject: str,
    rule: str,
    armed_by: str = "",
    origin: dict[str, Any],
) -> tuple[Action, int]:
    """The action, and how many of its expressions ended in an error.

    One decision has at most one action of `spec.kind` about `subject`. `rule` and `armed_by` as in
    `acting.act`. `origin` is what it comes of, and is published: `alert` or `journey`, and where
    there is one `step` and `key`. A value that could not be had is None, in a text "?".
    """
    body: dict[str, Any] = {
        "origin": origin,
        "requires_approval": spec.requires_approval,
        "idempotency_key": "",
        "expires_at": rfc3339(now_ms + spec.expiry_ms),
    }
    errors = 0
    for name, part in spec.parts.items():
        body[name], failed = part.made(profile, touchpoint, now_ms)
        errors += failed
    if spec.rows:
        body["queue"] = queue_of(spec.rows, body.get("region"), body.get("score"))
    action = act(touchpoint, spec.kind, subject, body, rule=rule, armed_by=armed_by)
    key: str | None = None
    if spec.idempotency_key is not None:
        key, failed = worded(spec.idempotency_key, profile, touchpoint, now_ms)
        errors += failed
    named = key not in (None, *NO_KEY)
    body["idempotency_key"] = key_of(touchpoint.customer_id, key or "") if named else action.id
    return action, errors


def make_all(
    specs: Iterable[ActionSpec],
    profile: Profile,
    touchpoint: Touchpoint,
    now_ms: int,
    decision: Decision,
    *,
    subject: str,
    rule: str,
    armed_by: str = "",
    origin: dict[str, Any],
) -> None:
    """Adds to `decision` an action for each of `specs`, their subjects numbered from 1 on."""
    for number, spec in enumerate(specs, 1):
        action, errors = make(
            spec,
            profile,
            touchpoint,
            now_ms,
            subject=f"{subject}.{number}",
            rule=rule,
            armed_by=armed_by,
            origin=origin,
        )
        decision.actions.append(action)
        if errors:
            decision.err(rule, errors)


def key_of(customer_id: str, key: str) -> str:
    """<customer>:<key>, both as in a URL; where that is too long for receivers, its hash.

    No colon is left in the customer's part, so two customers never share one.
    """
    text = f"{quote(customer_id, safe='@')}:{quote(key, safe=':/@')}"
    return text if len(text) <= MAX_KEY else identity(customer_id, key).hex()
