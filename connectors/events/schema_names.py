"""The names of events that are more than names: what each is about, says, and changes.

The tables of docs/events.md, the AsyncAPI document and the JSON Schemas are made of these; a test
folds an event of each name and holds `changes` to what the fold says.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Meta, Struct, structs

from connectors.events import schema_properties as properties
from state import sections
from state.fold.interests import ADDED, ORDERED, SCANNED, VIEWED, WISHED


class KnownEvent(Struct, frozen=True):
    """Events of type track with this name."""

    name: str
    channel: str
    """The channel it usually comes on. What it changes does not depend on it."""
    properties: type[Struct]
    effect: str
    """What changes in the profile, in words; "" for no more than any event does."""
    changes: int = 0
    """The same, as `state.sections`."""


class Group(Struct, frozen=True):
    """Events that belong together: a table of the docs."""

    name: str
    events: tuple[KnownEvent, ...]


def _group(name: str, channel: str, *rows: tuple[str, type[Struct], str, int]) -> Group:
    """One row for the names (separated by commas) that say and change the same."""
    return Group(
        name,
        tuple(
            KnownEvent(event, channel, says, effect, changes)
            for names, says, effect, changes in rows
            for event in names.split(", ")
        ),
    )


SENT: Final = "The second is in no spec and for producers that know no more: send one of the two"
SOLD: Final = "a transaction; an order, too, where an amount is there"

GROUPS: Final = (
    _group(
        "shop",
        "click",
        (
            "Product List Viewed, Product Clicked, Product Viewed",
            properties.Viewing,
            f"interest in each category named, by {VIEWED:g}",
            sections.AFFINITY,
        ),
        (
            "Product Added to Wishlist, Product Shared, Product Reviewed",
            properties.Viewing,
            f"interest, by {WISHED:g}",
            sections.AFFINITY,
        ),
        (
            "Product Added",
            properties.Adding,
            f"a line of the cart; interest, by {ADDED:g}",
            sections.CART | sections.AFFINITY,
        ),
        ("Product Removed", properties.Removing, "a line of the cart", sections.CART),
        (
            "Cart Viewed, Checkout Started",
            properties.Cart,
            "the whole cart, where `products` is there: an empty list empties it",
            sections.CART,
        ),
        (
            "Order Completed",
            properties.Order,
            f"orders; the cart is emptied; interest, by {ORDERED:g}",
            sections.ORDERS | sections.CART | sections.AFFINITY,
        ),
        (
            "Order Refunded, Order Cancelled",
            properties.Return,
            "the value of orders goes down by the amount, their number stays",
            sections.ORDERS,
        ),
    ),
    _group(
        "email",
        "email",
        (
            "Email Delivered, Email Sent",
            properties.Mail,
            f"mails sent. {SENT}",
            sections.EMAIL,
        ),
        ("Email Opened", properties.Mail, "mails opened", sections.EMAIL),
        ("Email Link Clicked", properties.MailClick, "mails clicked", sections.EMAIL),
        ("Email Bounced", properties.Mail, "mails that came back", sections.EMAIL),
        (
            "Email Marked as Spam, Unsubscribed",
            properties.Mail,
            "the customer wants no more",
            sections.EMAIL | sections.SUBSCRIPTION,
        ),
        ("Subscribed", properties.Mail, "the customer wants mails again", sections.EMAIL),
    ),
    _group(
        "chat",
        "chat",
        (
            "Live Chat Conversation Started",
            properties.Conversation,
            "a conversation, which is open",
            sections.CHAT,
        ),
        (
            "Live Chat Message Sent, Live Chat Message Received",
            properties.Conversation,
            "a message",
            sections.CHAT,
        ),
        (
            "Live Chat Conversation Ended",
            properties.ConversationEnd,
            "no conversation is open; the last rating",
            sections.CHAT,
        ),
    ),
    _group(
        "kiosk",
        "kiosk",
        ("Kiosk Session Started", properties.Kiosk, "a visit to a kiosk", sections.KIOSK),
        (
            "Kiosk Item Scanned",
            properties.KioskScan,
            f"interest, by {SCANNED:g}",
            sections.KIOSK | sections.AFFINITY,
        ),
        (
            "Kiosk Transaction Completed",
            properties.KioskSale,
            f"{SOLD}; interest, by {ORDERED:g}. The cart of the website stays",
            sections.KIOSK | sections.ORDERS | sections.AFFINITY,
        ),
        ("Kiosk Transaction Failed", properties.KioskFailure, "a failure", sections.KIOSK),
        (
            "Kiosk Session Ended",
            properties.Kiosk,
            "when the customer was last at a kiosk, as with each of these",
            sections.KIOSK,
        ),
    ),
    _group(
        "offers",
        "click",
        (
            "Offer Shown, Offer Clicked, Offer Accepted, Offer Dismissed",
            properties.Answer,
            "what became of the decision",
            0,
        ),
    ),
    _group(
        "consent",
        "click",
        (
            "Consent Granted, Consent Withdrawn",
            properties.Agreement,
            "what the customer agrees to; the newer word holds",
            sections.CONSENTS,
        ),
    ),
)

KNOWN: Final = {event.name: event for group in GROUPS for event in group.events}
"""Name → what there is to know of it."""


def of_channel(channel: str) -> Iterable[KnownEvent]:
    """The known events of a channel; of one that is not among the usual ones, all."""
    usual = [event for event in KNOWN.values() if event.channel == channel]
    return usual or KNOWN.values()


class Property(Struct, frozen=True):
    """One property of a known event."""

    name: str
    doc: str
    read: bool
    """Whether it changes the profile."""
    examples: tuple[Any, ...] = ()


def properties_of(struct: type[Struct]) -> Iterator[Property]:
    """The properties that `struct` describes, in its order."""
    for field in structs.fields(struct):
        metas = [meta for meta in field.type.__metadata__ if isinstance(meta, Meta)]
        yield Property(
            name=field.name,
            doc=[meta.description for meta in metas if meta.description][-1],
            read=all((meta.extra or {}).get("read", True) for meta in metas),
            examples=tuple(one for meta in metas for one in meta.examples or ()),
        )


def example(event: KnownEvent) -> dict[str, Any]:
    """Properties of an event of this name, as a producer might send them."""
    return {p.name: p.examples[-1] for p in properties_of(event.properties) if p.examples}
