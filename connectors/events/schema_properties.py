"""What the properties of known events are, as types: the docs' tables and the JSON Schemas say it.

Nothing is decoded by these types. The decoder takes any properties, and the fold reads each one by
itself: what is not as described here is as if it were not there. So is null, which is why every
property may be null or missing.
"""

from typing import Annotated, Final, TypeVar

from msgspec import Meta, Struct

from state.bounds import NAME_BYTES, PRODUCTS_READ
from state.fold.cart import MOST
from state.fold.reading import LARGEST

T = TypeVar("T")

UNREAD: Final = {"read": False}
"""Marks a property that changes no profile: it is for rules and for readers of the warehouse."""

Text = Annotated[str, Meta(min_length=1)]
Word = Text | Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)] | None
"""An id or a category."""
Money = Annotated[float, Meta(ge=0, le=LARGEST)] | None
"""In the shop's currency."""
Quantity = Annotated[float, Meta(ge=1, le=MOST)] | None
Rating = Annotated[float, Meta(ge=1, le=5)] | None

ProductId = Annotated[
    Word,
    Meta(description=f"The product; cut to {NAME_BYTES} bytes.", examples=["sneaker-42"]),
]
Sku = Annotated[Word, Meta(description="The product, where there is no `product_id`.")]
CategoryOfAll = Annotated[
    Word, Meta(description=f"What the customer is interested in; cut to {NAME_BYTES} bytes.")
]
Category = Annotated[CategoryOfAll, Meta(examples=["shoes"])]
Price = Annotated[Money, Meta(description="Of one piece, in the shop's currency.", examples=[79.5])]
Pieces = Annotated[
    Quantity,
    Meta(
        description="Whole pieces; where it is not said, 1 is added, or all are removed.",
        examples=[1],
    ),
]
CartId = Annotated[
    Word, Meta(description=f"The cart; cut to {NAME_BYTES} bytes.", examples=["cart-7"])
]
Total = Annotated[Money, Meta(description="The amount, in the shop's currency.", examples=[104.4])]
Revenue = Annotated[Money, Meta(description="The amount, where there is no `total`.")]
Value = Annotated[Money, Meta(description="The amount, where there is no `revenue` either.")]
OrderId = Annotated[
    Word, Meta(description="The order, for the warehouse.", examples=["order-501"], extra=UNREAD)
]
Currency = Annotated[
    Text | None,
    Meta(
        description="For the warehouse; amounts are not converted.",
        examples=["EUR"],
        extra=UNREAD,
    ),
]


class Product(Struct):
    """One entry of `products`."""

    product_id: ProductId = None
    sku: Sku = None
    category: Category = None
    price: Price = None
    quantity: Pieces = None


Products = Annotated[
    Annotated[list[Product], Meta(max_length=PRODUCTS_READ)] | None,
    Meta(
        description="What it is about: of each `category` is read, of a whole cart all that "
        f"`Product Added` has; those after the first {PRODUCTS_READ} are not."
    ),
]
Bought = Annotated[
    Products,
    Meta(
        examples=[
            [
                {"product_id": "sneaker-42", "category": "shoes", "price": 79.5, "quantity": 1},
                {"product_id": "socks-1", "category": "socks", "price": 12.45, "quantity": 2},
            ]
        ]
    ),
]
"""The same, where a list is what one expects."""


class Viewing(Struct):
    """Properties of events that tell what a customer is interested in."""

    product_id: Annotated[
        Word, Meta(description="The product.", examples=["sneaker-42"], extra=UNREAD)
    ] = None
    category: Category = None
    price: Annotated[Money, Meta(description="Of one piece.", examples=[79.5], extra=UNREAD)] = None
    products: Products = None


class Adding(Struct):
    """Properties of `Product Added`."""

    cart_id: CartId = None
    product_id: ProductId = None
    sku: Sku = None
    category: Category = None
    price: Price = None
    quantity: Pieces = None
    products: Products = None


class Removing(Struct):
    """Properties of `Product Removed`."""

    cart_id: CartId = None
    product_id: ProductId = None
    sku: Sku = None
    quantity: Pieces = None


class Cart(Struct):
    """Properties of events that say the whole cart."""

    cart_id: CartId = None
    products: Bought = None


class Order(Struct):
    """Properties of `Order Completed`."""

    order_id: OrderId = None
    total: Total = None
    revenue: Revenue = None
    value: Value = None
    currency: Currency = None
    category: CategoryOfAll = None
    products: Bought = None


class Return(Struct):
    """Properties of events that take an order back."""

    order_id: OrderId = None
    total: Total = None
    revenue: Revenue = None
    value: Value = None
    currency: Currency = None


class Mail(Struct):
    """Properties of events about e-mail."""

    email_id: Annotated[
        Word, Meta(description="The mail.", examples=["winter-sale-ann"], extra=UNREAD)
    ] = None
    campaign_id: Annotated[
        Word, Meta(description="What it belongs to.", examples=["winter-sale"], extra=UNREAD)
    ] = None


class MailClick(Mail):
    """Properties of `Email Link Clicked`."""

    link_url: Annotated[
        Text | None,
        Meta(
            description="Where a click leads to.",
            examples=["https://shop.example/sale"],
            extra=UNREAD,
        ),
    ] = None


class Conversation(Struct):
    """Properties of events of a live chat."""

    conversation_id: Annotated[
        Word, Meta(description="The conversation.", examples=["chat-9"], extra=UNREAD)
    ] = None


class ConversationEnd(Conversation):
    """Properties of `Live Chat Conversation Ended`."""

    conversation_duration: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="Seconds.", examples=[240], extra=UNREAD),
    ] = None
    rating: Annotated[
        Rating,
        Meta(
            description="1, the worst, to 5; what follows the point is cut off. In no spec: ours.",
            examples=[2],
        ),
    ] = None


class Kiosk(Struct):
    """Properties of events of a kiosk."""

    kiosk_id: Annotated[Word, Meta(description="The kiosk.", examples=["k-3"], extra=UNREAD)] = None
    store: Annotated[
        Text | None, Meta(description="Its store.", examples=["Berlin Mitte"], extra=UNREAD)
    ] = None


class KioskScan(Kiosk):
    """Properties of `Kiosk Item Scanned`."""

    product_id: Annotated[
        Word, Meta(description="The product.", examples=["sneaker-42"], extra=UNREAD)
    ] = None
    category: Category = None
    products: Products = None


class KioskSale(Kiosk):
    """Properties of `Kiosk Transaction Completed`."""

    transaction_id: Annotated[
        Word, Meta(description="The transaction.", examples=["till-88"], extra=UNREAD)
    ] = None
    total: Total = None
    revenue: Revenue = None
    value: Value = None
    currency: Currency = None
    category: CategoryOfAll = None
    products: Bought = None


class KioskFailure(Kiosk):
    """Properties of `Kiosk Transaction Failed`."""

    transaction_id: Annotated[
        Word, Meta(description="The transaction.", examples=["till-89"], extra=UNREAD)
    ] = None


class Answer(Struct):
    """Properties of events that say what became of an offer."""

    decision_id: Annotated[
        Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None,
        Meta(
            description="As it stood in the offer that was read: 32 hex digits.",
            examples=["9f86d081884c7d659a2feaa0c55ad015"],
        ),
    ] = None
    offer_id: Annotated[
        Text | None, Meta(description="The offer.", examples=["welcome"], extra=UNREAD)
    ] = None
    placement: Annotated[
        Text | None, Meta(description="Where it stood.", examples=["home"], extra=UNREAD)
    ] = None


class Agreement(Struct):
    """Properties of events that say what a customer agreed to, or does not any more."""

    purpose: Annotated[
        Word, Meta(description="One of the playbook's purposes.", examples=["marketing"])
    ] = None
