"""A stored profile in the oracle's words."""

from collections.abc import Mapping
from typing import Any

from state.event_names import event_name
from state.profile import Profile
from tests.oracle.account import Customer
from tests.oracle.memory import DAY_MS, HALF_LIFE_MS
from tests.oracle.offers import Course
from tests.oracle.rules import Rules, ms

NOT_STORED = {
    "profile.cart.items",
    "profile.cart.products",
    "profile.cart.product_ids",
    "profile.cart.categories",
    "profile.orders.average",
    "profile.orders.interval",
    "profile.top_category",
}
"""Documented names that follow from others; rows show them, see corners.yaml."""


def as_stored(profile: Profile, names: Mapping[str, Any], rules: Rules, now_ms: int) -> Any:
    """What the profile holds under each of `names`, the customer's last event being at `now_ms`."""
    orders = [entry for entry in profile.orders.recent if entry[0] >= now_ms // DAY_MS - 90]
    special = {
        "profile.events": {event_name(key): count for key, count in profile.events.items()},
        "profile.channels": {
            name: {"events": c.events, "first_at": c.first_at, "last_at": c.last_at}
            for name, c in profile.channels.items()
        },
        "profile.affinity": {
            name: interest.score * 0.5 ** (max(now_ms - interest.at, 0) / HALF_LIFE_MS)
            for name, interest in profile.affinity.items()
        },
        "profile.consents": {name: said.granted for name, said in profile.consents.items()},
        "profile.orders.value_90d": sum((value for _, value, _ in orders), 0.0),
        "profile.orders.count_90d": sum(count for _, _, count in orders),
        "lines": {
            name: {"quantity": line.quantity, "price": line.price, "category": line.category}
            for name, line in profile.cart.lines.items()
        },
        "customer": profile.traits,
        "segments": profile.segments,
        "silent": silent(profile.alerts, rules, now_ms),
        "offers": [
            (h.offer_id, h.placement, h.channel, h.score, h.decided_at, h.expires_at)
            for h in profile.offers
        ],
    }
    return {name: special[name] if name in special else at(profile, name) for name in names}


def at(profile: Profile, name: str) -> Any:
    """The field that is documented as `name`."""
    value: Any = profile
    for part in name.removeprefix("profile.").split("."):
        value = getattr(value, part)
    return value


def as_known(customer: Customer, course: Course) -> dict[str, Any]:
    """What must be stored."""
    known = {name: value for name, value in customer.facts.items() if name not in NOT_STORED}
    raised = {
        alert if key is None else f"{alert}:{key}": raised_at
        for (alert, key), raised_at in customer.raised.items()
    }
    return known | {
        "segments": customer.segments,
        "silent": silent(raised, customer.steps[-1].rules, customer.now_ms),
        "offers": [
            (h.offer, h.placement, h.channel, h.score, h.decided_at, h.expires_at)
            for h in course.held
        ],
    }


def silent(raised: Mapping[str, int], rules: Rules, now_ms: int) -> dict[str, int]:
    """Alerts (with their keys) that are silent now; a profile may remember older ones, too."""
    alerts = rules.written["alerts"]
    return {
        name: at_ms
        for name, at_ms in raised.items()
        if (alert := name.partition(":")[0]) in alerts
        and now_ms < at_ms + ms(alerts[alert]["cooldown"])
    }
