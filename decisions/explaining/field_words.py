"""What the fields that a condition can read are called in a sentence: one entry for each."""

from typing import Final

NOUNS: Final = {
    "now": "now",
    "segments": "the customer's segments",
    "event.name": "the event's name",
    "event.type": "the event's type",
    "event.channel": "the event's channel",
    "event.at": "the event's time",
    "event.properties": "what the event says",
    "event.traits": "what the event says of the customer",
    "context": "what the page knows",
    "profile.first_at": "the customer's first event",
    "profile.last_at": "the customer's last event",
    "profile.events": "the events seen",
    "profile.events[key]": "the number of events {key}",
    "profile.channels": "the channels that something came through",
    "profile.channels[key].events": "the number of events through {key}",
    "profile.channels[key].first_at": "the first event through {key}",
    "profile.channels[key].last_at": "the last event through {key}",
    "profile.sessions.count": "the number of visits",
    "profile.sessions.started_at": "the begin of the last visit",
    "profile.sessions.last_at": "the last event of a visit",
    "profile.sessions.events": "the number of events in the last visit",
    "profile.cart.cart_id": "the id of the cart",
    "profile.cart.value": "the value of the cart",
    "profile.cart.items": "the number of pieces in the cart",
    "profile.cart.products": "the number of products in the cart",
    "profile.cart.product_ids": "the products in the cart",
    "profile.cart.categories": "the categories in the cart",
    "profile.cart.updated_at": "the last change of the cart",
    "profile.orders.count": "the number of orders",
    "profile.orders.value": "the value of all orders",
    "profile.orders.average": "the average value of an order",
    "profile.orders.first_at": "the first order",
    "profile.orders.last_at": "the last order",
    "profile.orders.interval": "the average time from one order to the next",
    "profile.orders.last_value": "the value of the last order",
    "profile.orders.value_90d": "the value of the orders of the last 90 days",
    "profile.orders.count_90d": "the number of orders of the last 90 days",
    "profile.affinity": "the categories of interest",
    "profile.affinity[key]": "the interest in {key}",
    "profile.top_category": "the category of most interest",
    "profile.consents": "the purposes the customer has said something of",
    "profile.consents[key]": "the consent to {key}",
    "profile.email.sent": "the number of mails sent",
    "profile.email.opened": "the number of mails opened",
    "profile.email.clicked": "the number of mails clicked",
    "profile.email.bounced": "the number of mails that came back",
    "profile.email.unsubscribed": "whether the customer wants no more mail",
    "profile.email.last_sent_at": "the last mail sent",
    "profile.email.last_opened_at": "the last mail opened",
    "profile.email.last_clicked_at": "the last mail clicked",
    "profile.kiosk.visits": "the number of visits to a kiosk",
    "profile.kiosk.transactions": "the number of transactions completed at a kiosk",
    "profile.kiosk.failures": "the number of transactions that failed at a kiosk",
    "profile.kiosk.last_visit_at": "the last visit to a kiosk",
    "profile.kiosk.last_failure_at": "the last failure at a kiosk",
    "profile.chat.conversations": "the number of chats",
    "profile.chat.messages": "the number of messages in chats",
    "profile.chat.last_at": "the last chat message",
    "profile.chat.open": "whether a chat is going on",
    "profile.chat.rating": "the last rating of a chat",
    "profile.chat.rated_at": "the time of the last rating of a chat",
    "profile.trimmed": "the number of entries dropped from the profile",
}
"""{key} stands for what stands in the brackets."""

FLAGS: Final = {
    "profile.email.unsubscribed": (
        "the customer wants no more mail",
        "the customer has not unsubscribed from mail",
    ),
    "profile.chat.open": ("a chat is going on", "no chat is going on"),
    "profile.consents[key]": (
        "the customer has granted {key}",
        "the customer has not granted {key}, or has withdrawn it",
    ),
}
"""What is said where one that is true or false holds, and where it does not."""

HOLDS: Final = {
    "segments": (
        "the customer is in the segment {key}",
        "the customer is not in the segment {key}",
    ),
    "profile.events": ("an event {key} has been seen", "no event {key} has been seen"),
    "profile.channels": ("something has come through {key}", "nothing has come through {key}"),
    "profile.consents": (
        "the customer has granted or withdrawn {key}",
        "the customer has said nothing of {key}",
    ),
    "profile.affinity": (
        "interest in {key} has been shown",
        "no interest in {key} has been shown",
    ),
    "event.properties": ("the event says its {key}", "the event does not say its {key}"),
    "event.traits": (
        "the event says the customer's {key}",
        "the event does not say the customer's {key}",
    ),
}
"""What is said where one holds a text, and where it does not."""

CHANGES: Final = {
    "now": "as time passes",
    "profile.orders.value_90d": "at a midnight (UTC), when a day leaves the 90 days",
    "profile.orders.count_90d": "at a midnight (UTC), when a day leaves the 90 days",
    "profile.affinity[key]": "as interest fades, by half every 30 days",
}
"""How time alone changes those that it changes."""
