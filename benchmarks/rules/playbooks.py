"""Playbooks made for measuring: the retail example with another number of rules. Pure."""

import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

RETAIL = Path(__file__).resolve().parents[2] / "playbooks/retail.yaml"
OFTEN = (
    *("Product Viewed", "Product List Viewed", "Page Viewed", "Product Added", "Identified"),
    *("Products Searched", "Kiosk Item Scanned", "Live Chat Message Sent", "Email Delivered"),
    *("Live Chat Message Received", "Cart Viewed", "Kiosk Session Started", "Email Opened"),
    *("Kiosk Session Ended", "Kiosk Transaction Completed", "Live Chat Conversation Started"),
    *("Checkout Started", "Live Chat Conversation Ended", "Order Completed", "Email Link Clicked"),
    *("Product Removed", "Kiosk Transaction Failed", "Email Bounced", "Unsubscribed"),
)
"""What simulated customers do, the most frequent first."""
NAMES = 50
"""Event names that rules are spread over: OFTEN, each of them beside one that does not come."""
REMEMBERED = 32
"""Different history functions that a playbook may have."""
UNREACHED = 1_000_000
"""What no profile reaches: what is measured is to ask, not to act."""


def event_names() -> list[str]:
    """NAMES of them, in the order in which rules get them."""
    never = [f"Other Event {number:02}" for number in range(1, NAMES - len(OFTEN) + 1)]
    beside = [name for pair in zip(never, OFTEN, strict=False) for name in pair]
    return [*beside, *never[len(OFTEN) :]]


def with_alerts(count: int) -> str:
    """Retail's with `count` alerts in place of its own, each asked at one event name: half say so
    by `event`, half by their condition."""
    names = event_names()
    return _retail(
        alerts={f"rule_{number}": _alert(number, names[number % NAMES]) for number in range(count)}
    )


def with_segments(count: int) -> str:
    """Retail's with `count` segments over what history functions remember in place of its own, and
    neither alerts nor offers that name any."""
    segments = {f"group_{number}": _segment(number) for number in range(count)}
    offer = {**_retail_part("offers")["bestsellers"], "fallback": False}
    return _retail(segments=segments, alerts={}, journeys={}, offers={"only": offer})


def with_silence(days: int) -> str:
    """Retail's and a segment that a customer comes into by `days` of silence: each event moves when
    that is."""
    when = f'now - profile.sessions.last_at > duration("{days}d")'
    return _retail(
        segments={**_retail_part("segments"), "silent": {"title": "Not seen", "when": when}}
    )


def leaving(segment: str, seconds: int) -> str:
    """Retail's and `segment`, which a customer is in for `seconds` after having seen a product."""
    looked = 'event.name == "Product Viewed"'
    when = f"seen({looked}) && since({looked}) < {seconds}s"
    added = {segment: {"title": "Looked at something just now", "when": when}}
    return _retail(segments={**_retail_part("segments"), **added})


def _alert(number: int, name: str) -> dict[str, Any]:
    bound = UNREACHED + number
    asked = (
        f"profile.cart.value >= {bound}.0",
        f"profile.orders.count >= 3 && profile.kiosk.failures >= {bound}",
        f'"vip" in segments && profile.sessions.count >= {bound}',
        f'event.channel == "kiosk" && profile.orders.value >= {bound}.0',
    )[number // NAMES % 4]
    alert = {"severity": "info", "cooldown": "1d", "message": "Reached"}
    if number % 2:
        return {**alert, "event": name, "when": asked}
    return {**alert, "when": f'event.name == "{name}" && {asked}'}


def _segment(number: int) -> dict[str, str]:
    what = f'event.name == "{event_names()[number % REMEMBERED]}"'
    return {
        "title": f"Group {number}",
        "when": f"count({what}, 30d) >= {UNREACHED + number} && profile.sessions.count >= 1",
    }


def _retail_part(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(RETAIL.read_text())[name]
    return found


def _retail(**parts: Any) -> str:
    retail = YAML(typ="safe").load(RETAIL.read_text())
    del retail["tests"]  # they speak of the rules that were there
    return json.dumps({**retail, **parts}, default=str)  # YAML holds all JSON
