"""All that an expression can read, but for the traits, which the playbook declares.

The one list of names: the checker resolves against it and the documentation is made from it.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from decisions.language.kinds import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    PROPERTIES,
    STRING,
    TIMESTAMP,
    list_of,
)
from state.decay import decayed
from state.event_names import event_key
from state.profile import CartLine, Interest
from state.sections import (
    AFFINITY,
    CART,
    CHANNELS,
    CHAT,
    CONSENTS,
    EMAIL,
    EVENT,
    EVENTS,
    KIOSK,
    NOW,
    ORDERS,
    SEGMENTS,
    SESSIONS,
    SUBSCRIPTION,
)
from state.windows import DAY_MS, ORDER_WINDOW_DAYS, count_since, next_drop, value_since

KEYS: Final = ""
"""Instead of a type: a collection that can only be asked for a key, or for what a key has."""


class Field(Struct, frozen=True):
    """A name that an expression can read."""

    name: str
    """[key] stands for any text in brackets, or for .key."""
    type: str
    doc: str
    """What it is, with its unit."""
    code: str
    """A template (see `code`) over profile, event and now_ms, with A for the key. Never raises."""
    reads: int
    """Bits of state.sections."""
    holds: str = ""
    """For a collection: whether it holds the text that {} stands for, likewise."""
    # How it goes on by time alone (see `course`); at most one of these.
    change: str = ""
    """A template, likewise: the instant until which it stays as it is, in ms; 0 = never."""
    slope: int = 0
    """By how many ms it grows each ms."""
    fades: bool = False
    """Whether it halves as scores do."""


def _field(
    name: str, kind: str, reads: int, doc: str, code: str = "", holds: str = "", **course: Any
) -> Field:
    """A field; without `code` it is found under its own name."""
    return Field(name, kind, doc, code or name, reads, holds, **course)


def _window(function: str) -> str:
    return f"{function}(profile.orders.recent, now_ms // {DAY_MS} - {ORDER_WINDOW_DAYS})"


_DROP: Final = (
    f"next_drop(profile.orders.recent, now_ms // {DAY_MS} - {ORDER_WINDOW_DAYS}, {DAY_MS}, "
    f"{ORDER_WINDOW_DAYS})"
)


def _channel(field: str) -> str:
    return f"it.{field} if (it := profile.channels.get(A)) is not None else 0"


FIELDS: Final = (
    _field("now", TIMESTAMP, NOW, "The time of the decision.", "now_ms", slope=1),
    _field(
        "segments",
        list_of(STRING),
        SEGMENTS,
        "The segments the customer is in, in the order of their names.",
        "sorted(profile.segments)",
        holds="{} in profile.segments",
    ),
    _field("event.name", STRING, EVENT, 'The event\'s name, such as "Order Completed".'),
    _field("event.type", STRING, EVENT, "track, identify, page, screen, group or alias."),
    _field("event.channel", STRING, EVENT, "The channel it came through."),
    _field("event.at", TIMESTAMP, EVENT, "When it happened, by its producer.", "event.at_ms"),
    _field("event.properties", PROPERTIES, EVENT, "What the event says: any JSON values."),
    _field(
        "event.traits", PROPERTIES, EVENT, "What the event says of the customer: any JSON values."
    ),
    _field(
        "context",
        PROPERTIES,
        0,
        "For offers alone: what the page knows that asks, any JSON values; empty where none does.",
        "it if (it := event.context) is not None else {}",
    ),
    _field("profile.first_at", TIMESTAMP, CHANNELS, "The customer's first event; 1970 = never."),
    _field("profile.last_at", TIMESTAMP, CHANNELS, "The customer's last event; 1970 = never."),
    _field(
        "profile.events",
        KEYS,
        EVENTS,
        "The names of the events seen.",
        holds="event_key({}) in profile.events",
    ),
    _field(
        "profile.events[key]",
        INT,
        EVENTS,
        "How many events of this name; 0 if none.",
        "profile.events.get(event_key(A), 0)",
    ),
    _field(
        "profile.channels",
        KEYS,
        CHANNELS,
        "The channels something came through.",
        holds="{} in profile.channels",
    ),
    _field(
        "profile.channels[key].events",
        INT,
        CHANNELS,
        "How many events came through this channel; 0 if none.",
        _channel("events"),
    ),
    _field(
        "profile.channels[key].first_at",
        TIMESTAMP,
        CHANNELS,
        "The first event through this channel; 1970 = never.",
        _channel("first_at"),
    ),
    _field(
        "profile.channels[key].last_at",
        TIMESTAMP,
        CHANNELS,
        "The last event through this channel; 1970 = never.",
        _channel("last_at"),
    ),
    _field(
        "profile.sessions.count", INT, SESSIONS, "How many visits; 30 minutes apart is a new one."
    ),
    _field(
        "profile.sessions.started_at", TIMESTAMP, SESSIONS, "Begin of the last visit; 1970 = never."
    ),
    _field("profile.sessions.last_at", TIMESTAMP, SESSIONS, "Last event of a visit; 1970 = never."),
    _field("profile.sessions.events", INT, SESSIONS, "How many events in the last visit."),
    _field("profile.cart.cart_id", STRING, CART, 'The open cart\'s id; "" if not told.'),
    _field("profile.cart.value", DOUBLE, CART, "What the cart is worth, in the shop's currency."),
    _field(
        "profile.cart.items", INT, CART, "How many pieces are in it.", "items(profile.cart.lines)"
    ),
    _field("profile.cart.products", INT, CART, "How many products.", "len(profile.cart.lines)"),
    _field(
        "profile.cart.product_ids",
        list_of(STRING),
        CART,
        "The ids of these products.",
        "list(profile.cart.lines)",
        holds="{} in profile.cart.lines",
    ),
    _field(
        "profile.cart.categories",
        list_of(STRING),
        CART,
        "Their categories, in the order of their names.",
        "categories(profile.cart.lines)",
    ),
    _field("profile.cart.updated_at", TIMESTAMP, CART, "When the cart last changed; 1970 = never."),
    _field("profile.orders.count", INT, ORDERS, "How many orders were completed."),
    _field(
        "profile.orders.value",
        DOUBLE,
        ORDERS,
        "What they came to, less refunds, in the shop's currency.",
    ),
    _field(
        "profile.orders.average",
        DOUBLE,
        ORDERS,
        "value / count, in the shop's currency; 0 without orders.",
        "profile.orders.value / profile.orders.count if profile.orders.count else 0.0",
    ),
    _field("profile.orders.first_at", TIMESTAMP, ORDERS, "The first order; 1970 = never."),
    _field("profile.orders.last_at", TIMESTAMP, ORDERS, "The last order; 1970 = never."),
    _field(
        "profile.orders.interval",
        DURATION,
        ORDERS,
        "The time from one order to the next, on average; 0 before the second.",
        "(it.last_at - it.first_at) // (it.count - 1) if (it := profile.orders).count > 1 else 0",
    ),
    _field("profile.orders.last_value", DOUBLE, ORDERS, "Its value, in the shop's currency."),
    _field(
        "profile.orders.value_90d",
        DOUBLE,
        ORDERS | NOW,
        "Value of today's and the last 90 days' orders (UTC), less refunds, in the shop's money.",
        _window("value_since"),
        change=_DROP,
    ),
    _field(
        "profile.orders.count_90d",
        INT,
        ORDERS | NOW,
        "How many orders today and in the last 90 days, UTC.",
        _window("count_since"),
        change=_DROP,
    ),
    _field(
        "profile.affinity",
        KEYS,
        AFFINITY,
        "The categories the customer showed interest in.",
        holds="{} in profile.affinity",
    ),
    _field(
        "profile.affinity[key]",
        DOUBLE,
        AFFINITY | NOW,
        "Interest in this category, which halves every 30 days; 0 if none.",
        "0.0 if (it := profile.affinity.get(A)) is None else decayed(it.score, it.at, now_ms)",
        fades=True,
    ),
    _field(
        "profile.top_category",
        STRING,
        AFFINITY,
        'The category of most interest, of equals the first by name; "" if none.',
        "top_category(profile.affinity)",
    ),
    _field(
        "profile.consents",
        KEYS,
        CONSENTS,
        "The purposes of which the customer has granted or withdrawn consent.",
        holds="{} in profile.consents",
    ),
    _field(
        "profile.consents[key]",
        BOOL,
        CONSENTS,
        "Whether the customer's last word of this purpose was to grant it; false if there is none.",
        "it.granted if (it := profile.consents.get(A)) is not None else False",
    ),
    _field("profile.email.sent", INT, EMAIL, "How many mails were sent."),
    _field("profile.email.opened", INT, EMAIL, "How many were opened."),
    _field("profile.email.clicked", INT, EMAIL, "How many were clicked."),
    _field("profile.email.bounced", INT, EMAIL, "How many came back."),
    _field("profile.email.unsubscribed", BOOL, SUBSCRIPTION, "Whether the customer wants no more."),
    _field("profile.email.last_sent_at", TIMESTAMP, EMAIL, "The last mail sent; 1970 = never."),
    _field("profile.email.last_opened_at", TIMESTAMP, EMAIL, "The last one opened; 1970 = never."),
    _field(
        "profile.email.last_clicked_at", TIMESTAMP, EMAIL, "The last one clicked; 1970 = never."
    ),
    _field("profile.kiosk.visits", INT, KIOSK, "How many visits to a kiosk."),
    _field("profile.kiosk.transactions", INT, KIOSK, "How many transactions were completed there."),
    _field("profile.kiosk.failures", INT, KIOSK, "How many failed there."),
    _field("profile.kiosk.last_visit_at", TIMESTAMP, KIOSK, "The last visit; 1970 = never."),
    _field("profile.kiosk.last_failure_at", TIMESTAMP, KIOSK, "The last failure; 1970 = never."),
    _field("profile.chat.conversations", INT, CHAT, "How many conversations."),
    _field("profile.chat.messages", INT, CHAT, "How many messages in them."),
    _field("profile.chat.last_at", TIMESTAMP, CHAT, "The last of them; 1970 = never."),
    _field("profile.chat.open", BOOL, CHAT, "Whether a conversation is going on."),
    _field("profile.chat.rating", INT, CHAT, "The last rating, 1 to 5; 0 = none yet."),
    _field("profile.chat.rated_at", TIMESTAMP, CHAT, "When it was given; 1970 = never."),
    _field(
        "profile.trimmed",
        INT,
        CHANNELS,
        "How many entries were dropped to keep the profile small.",
    ),
)


def items(lines: Mapping[str, CartLine]) -> int:
    """Pieces over all lines of a cart."""
    return sum([line.quantity for line in lines.values()])


def categories(lines: Mapping[str, CartLine]) -> list[str]:
    """The categories of a cart, in the order of their names."""
    return sorted({line.category for line in lines.values() if line.category})


def newest(interests: Mapping[str, Interest]) -> int:
    """The instant from which on all of them fade; 0 if there is none."""
    return max([interest.at for interest in interests.values()], default=0)


def top_category(interests: Mapping[str, Interest]) -> str:
    """The category of most interest; "" if there is none.

    All fade at one rate, so which is first changes by events alone: any later instant will do.
    """
    latest = newest(interests)
    best, most = "", 0.0
    for category in sorted(interests):
        score = decayed(interests[category].score, interests[category].at, latest)
        if score > most:
            best, most = category, score
    return best


NAMESPACE: Final[dict[str, Any]] = {
    function.__name__: function
    for function in (
        categories,
        count_since,
        decayed,
        event_key,
        items,
        newest,
        top_category,
        value_since,
        next_drop,
    )
}
"""What the templates above call."""
