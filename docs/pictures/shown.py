"""What the pictures show: one customer, some decisions and a running `up`, the same each time."""

from typing import Any

from msgspec.json import encode

from connectors.published.record_types import ActionRecord, read_action
from flows.commands.customer.history import History, RaisedAlert, Touch
from flows.commands.customer.titles import Titles
from flows.local.numbers import Numbers
from state.event_names import event_key
from state.profile import (
    Cart,
    CartLine,
    ChannelActivity,
    Chat,
    Email,
    Interest,
    Kiosk,
    Orders,
    Profile,
    Sessions,
)
from state.store.lookup import Known
from state.times import rfc3339

NOW_MS = 1_792_486_800_000
"""2026-10-20T09:00:00Z."""
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
TODAY = NOW_MS // DAY_MS

_PROFILE = Profile(
    first_at=NOW_MS - 211 * DAY_MS,
    last_at=NOW_MS - 40_000,
    channels={
        "click": ChannelActivity(312, 0, NOW_MS - 5 * MINUTE_MS),
        "email": ChannelActivity(41, 0, NOW_MS - 26 * HOUR_MS),
        "kiosk": ChannelActivity(9, 0, NOW_MS - 2 * HOUR_MS),
        "chat": ChannelActivity(17, 0, NOW_MS - 40_000),
    },
    events={
        event_key("Product Viewed"): 188,
        event_key("Product Added"): 31,
        event_key("Email Opened"): 19,
        event_key("Live Chat Message Sent"): 9,
        event_key("Order Completed"): 7,
    },
    sessions=Sessions(34, NOW_MS - 12 * MINUTE_MS, NOW_MS - 40_000, 11),
    cart=Cart(
        "cart-7",
        {"run-12": CartLine(1, 149.0, "running"), "sock-03": CartLine(2, 12.5, "running")},
        174.0,
        NOW_MS - 5 * MINUTE_MS,
    ),
    orders=Orders(
        7,
        2_318.4,
        NOW_MS - 9 * DAY_MS,
        389.9,
        [(TODAY - 30, 512.0, 1), (TODAY - 9, 389.9, 1)],
    ),
    affinity={
        "running": Interest(41.0, NOW_MS - DAY_MS),
        "jackets": Interest(17.5, NOW_MS - 9 * DAY_MS),
    },
    email=Email(22, 19, 6, 0, False, NOW_MS - 27 * HOUR_MS, NOW_MS - 26 * HOUR_MS),
    kiosk=Kiosk(3, 2, 1, NOW_MS - 2 * HOUR_MS, NOW_MS - 2 * HOUR_MS),
    chat=Chat(2, 9, NOW_MS - 40_000, False, 2, NOW_MS - 40_000),
    traits={"city": "Zurich", "age": 42, "plan": "plus"},
    segments={
        "vip": NOW_MS - 9 * DAY_MS,
        "shoe_lover": NOW_MS - 60 * DAY_MS,
        "needs_care": NOW_MS - 40_000,
    },
    alerts={"vip_unhappy": NOW_MS - 40_000, "kiosk_then_chat": NOW_MS - 11 * MINUTE_MS},
    playbook="b6535ed8fef3",
)


def _offer(rank: int, offer_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "offer_id": offer_id,
        "decision_id": "0" * 32,
        "rank": rank,
        "propensity": 1.0,
        "value": 0.0,
        **fields,
    }


_OFFERS = {
    "customer_id": "c-000001",
    "as_of": rfc3339(NOW_MS - 40_000),
    "expires_at": rfc3339(NOW_MS + 14 * DAY_MS),
    "offers": [
        _offer(
            1,
            "vip_preview",
            channel="click",
            placement="home",
            score=8.0,
            reasons=["one of our best customers", "propensity 0.2 × value 40"],  # noqa: RUF001 - the sign is meant
            expires_at=rfc3339(NOW_MS + 6 * DAY_MS),
        ),
        _offer(
            2,
            "apology",
            channel="chat",
            placement="counter",
            score=4.5,
            reasons=["something went wrong that we should put right", "propensity 0.3 × value 15"],  # noqa: RUF001 - the sign is meant
            expires_at=rfc3339(NOW_MS + 14 * DAY_MS),
        ),
    ],
}
KNOWN = Known("c-000001", 9, _PROFILE, encode(_OFFERS))
TITLES = Titles(
    "b6535ed8fef3",
    offers={
        "vip_preview": "See the new collection a week early",
        "apology": "A coffee and fifteen off, with our apologies",
    },
    segments={
        "vip": "Spent 2,000 or more within 90 days",
        "shoe_lover": "Keeps looking at shoes",
        "needs_care": "Had a bad chat, or a kiosk failed more than once",
    },
)


def _touch(ago_ms: int, channel: str, event: str, **properties: Any) -> Touch:
    return Touch(NOW_MS - ago_ms, channel, event, str(ago_ms), properties)


HISTORY = History(
    ".touchline/warehouse",
    as_of=NOW_MS - 2_000,
    touchpoints=[
        _touch(40_000, "chat", "Live Chat Conversation Ended", topic="complaint", rating=2),
        _touch(70_000, "chat", "Live Chat Message Sent", topic="complaint"),
        _touch(11 * MINUTE_MS, "chat", "Live Chat Conversation Started", topic="complaint"),
        _touch(5 * MINUTE_MS, "click", "Product Added", name="Trail Shoe Moss", price=149.0),
        _touch(6 * MINUTE_MS, "click", "Product Viewed", name="Trail Shoe Moss", price=149.0),
        _touch(8 * MINUTE_MS, "click", "Offer Shown", offer_id="vip_preview"),
        _touch(2 * HOUR_MS, "kiosk", "Kiosk Transaction Failed", kiosk_id="k-07", store="Bern"),
        _touch(26 * HOUR_MS, "email", "Email Opened", email_subject="New on the trails"),
    ],
    alerts=[
        RaisedAlert(NOW_MS - 40_000, "vip_unhappy", "critical", "A VIP rated a chat with 2 of 5"),
        RaisedAlert(
            NOW_MS - 11 * MINUTE_MS,
            "kiosk_then_chat",
            "warning",
            "Asks for help within a day of a failed payment at a kiosk",
        ),
    ],
)
assert HISTORY.touchpoints is not None
HISTORY.touchpoints.sort(key=lambda touch: -touch.at)


def _action(ago_s: int, kind: str, customer: str, **body: Any) -> ActionRecord:
    return read_action(
        encode(
            {
                "id": "0" * 32,
                "kind": kind,
                "customer_id": customer,
                "caused_by": "m",
                "decided_at": rfc3339(NOW_MS - ago_s * 1_000),
                "playbook": "b6535ed8fef3",
                "applied": {"shard": 0, "generation": 0, "commit": 0, "index": 0},
                "body": body,
            }
        )
    )


def _decided(
    ago_s: int, customer: str, offer_id: str, where: str, score: float, why: str
) -> ActionRecord:
    placement, channel = where.split("/")
    return _action(
        ago_s,
        "offer.decided",
        customer,
        offer_id=offer_id,
        placement=placement,
        channel=channel,
        score=score,
        reasons=[why],
    )


def _raised(ago_s: int, customer: str, alert: str, severity: str, message: str) -> ActionRecord:
    return _action(ago_s, "alert.raised", customer, alert=alert, severity=severity, message=message)


ACTIONS = [
    _action(52, "segment.entered", "c-000870", segment="full_cart"),
    _decided(52, "c-000870", "free_delivery", "home/click", 1_750.0, "a cart worth completing"),
    _decided(49, "a-7f0eab416cf9", "welcome", "home/click", 400.0, "has not bought yet"),
    _raised(45, "c-000247", "big_order", "info", "An order of 1102.4"),
    _action(
        45, "segment.exited", "c-000247", segment="newcomer", since=rfc3339(NOW_MS - 3 * DAY_MS)
    ),
    _raised(
        43,
        "c-000014",
        "kiosk_failed_twice",
        "warning",
        "Payment failed at kiosk k-07 in Bern",
    ),
    _raised(40, "c-000001", "vip_unhappy", "critical", "A VIP rated a chat with 2 of 5"),
    _action(40, "segment.entered", "c-000001", segment="needs_care"),
    _decided(
        40,
        "c-000001",
        "apology",
        "counter/chat",
        1_350.0,
        "something went wrong that we should put right",
    ),
]

NUMBERS = Numbers(
    seconds=83.0,
    events=17_204,
    events_per_s=206.4,
    channels_per_s={"click": 148.2, "email": 24.6, "chat": 20.4, "kiosk": 13.2},
    latency_p50_ms=15.7,
    latency_p99_ms=29.4,
    offers=2_871,
    alerts=21,
    dead_letters=17,
    lag_events=4,
    warehouse_rows=24_020,
    shards=16,
    shards_owned=16,
)
ANSWERS = {"Offer Shown": 1_286, "Offer Clicked": 381, "Offer Accepted": 136}
COMMANDS = [
    ".venv/bin/touchline customer c-000001",
    ".venv/bin/touchline tail",
    "redis-cli -p 16379 GET touchline:offers:c-000001",
    "curl -s http://127.0.0.1:19464/metrics",
]
