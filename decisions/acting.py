"""What a decision says is to be done, with its id and its cause."""

from typing import Any

from state.decision import Action
from state.touchpoint import Touchpoint, identity

BY_TIME = "time:"
"""Stands before the cause of what no event led to; then the rule, and after another colon the
message id of the event that armed it, where there is one."""

BY_STOCK = "stock:"
"""Stands before the cause of a choice that was made anew as a product is not to be had any more;
then the product."""

BY_BUDGET = "budget:"
"""The same as a budget is spent; then the budget."""


def act(
    touchpoint: Touchpoint,
    kind: str,
    subject: str,
    body: dict[str, Any],
    *,
    rule: str,
    armed_by: str = "",
) -> Action:
    """An action of `kind` about `subject`; one decision has at most one of the two.

    `rule` is what it comes of, such as "segment.lapsed"; `armed_by` the message id of the event
    from which on time was counted.
    """
    return Action(
        id=action_id(touchpoint, kind, subject).hex(),
        kind=kind,
        caused_by=cause(touchpoint, rule, armed_by),
        body=body,
    )


def action_id(touchpoint: Touchpoint, kind: str, subject: str) -> bytes:
    """16 bytes: of (customer, message id, kind, subject); where time alone led to it, of (customer,
    how often it has done so, kind, subject). No message id is empty, so the two never meet."""
    customer, message = touchpoint.customer_id, touchpoint.message_id
    if message:
        return identity(customer, message, kind, subject)
    return identity(customer, "", str(touchpoint.firing), kind, subject)


def cause(touchpoint: Touchpoint, rule: str, armed_by: str = "") -> str:
    """What is published as the cause: the message id, or the rule where time alone led to it."""
    if touchpoint.message_id:
        return touchpoint.message_id
    return f"{BY_TIME}{rule}:{armed_by}" if armed_by else f"{BY_TIME}{rule}"
