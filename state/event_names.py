"""Event names as profiles keep them: a number for the usual ones, since a name takes 20 bytes.

The usual ones are those of Segment's specs for e-commerce, e-mail and live chat, of the types other
than track, of kiosks, of offers and of consent. Stored profiles hold their places in this list:
append only.
"""

from typing import Final

USUAL: Final = (
    *("Page Viewed", "Screen Viewed", "Identified", "Grouped", "Aliased"),
    *("Products Searched", "Product List Viewed", "Product List Filtered"),
    *("Promotion Viewed", "Promotion Clicked"),
    *("Product Clicked", "Product Viewed", "Product Added", "Product Removed"),
    *("Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed"),
    *("Payment Info Entered", "Order Completed", "Order Updated", "Order Refunded"),
    *("Order Cancelled", "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed"),
    *("Product Added to Wishlist", "Product Removed from Wishlist"),
    *("Wishlist Product Added to Cart", "Product Shared", "Cart Shared", "Product Reviewed"),
    *("Email Delivered", "Email Sent", "Email Opened", "Email Link Clicked", "Email Bounced"),
    *("Email Marked as Spam", "Unsubscribed", "Subscribed"),
    *("Live Chat Conversation Started", "Live Chat Message Sent", "Live Chat Message Received"),
    "Live Chat Conversation Ended",
    *("Kiosk Session Started", "Kiosk Item Scanned", "Kiosk Transaction Completed"),
    *("Kiosk Transaction Failed", "Kiosk Session Ended"),
    *("Offer Shown", "Offer Clicked", "Offer Accepted", "Offer Dismissed"),
    *("Consent Granted", "Consent Withdrawn"),
)

NUMBERS: Final = {name: number for number, name in enumerate(USUAL)}

Key = int | str
"""A usual name's number, else the name itself."""


def event_key(name: str) -> Key:
    """What stands for `name` in `Profile.events`."""
    return NUMBERS.get(name, name)


def event_name(key: Key) -> str:
    """The name that `key` stands for."""
    return USUAL[key] if isinstance(key, int) else key
