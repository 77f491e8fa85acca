"""What `ActionRecord.body` holds where others are asked to do something, by the action's kind."""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType


class Origin(Struct):
    """What an action comes of: an alert, or a step of a journey."""

    alert: str | UnsetType = UNSET
    """Its id in the playbook."""
    journey: str | UnsetType = UNSET
    """Its id in the playbook."""
    version: str | UnsetType = UNSET
    """Of the journey: 12 hex digits, as in `journey.started`."""
    run: str | UnsetType = UNSET
    """Of the journey: 32 hex digits, as in `journey.started`."""
    step: str | UnsetType = UNSET
    """Of the journey: its `id`, or its number in the order they are written, from 1 on."""
    key: str | UnsetType = UNSET
    """What the alert is silent for, or the journey is gone through for, if the playbook says so."""


class SecretReference(Struct):
    """A secret by its name: whoever delivers puts it in, and nobody else knows it."""

    secret: str
    """Its name."""


class Request(Struct, kw_only=True):
    """What all of them have."""

    origin: Origin
    requires_approval: bool
    """Whether somebody has to approve of it before it is delivered."""
    idempotency_key: str
    """Of two of a kind with the same key one is delivered. At most 255 characters, in ASCII."""
    expires_at: datetime
    """From then on it must not be delivered any more."""


class Webhook(Request, kw_only=True):
    """`webhook`: a web address is to be called with a JSON object."""

    url: str | SecretReference
    method: str
    headers: dict[str, str | SecretReference]
    """Beside those that sending brings. A secret is the whole value."""
    payload: dict[str, Any]
    """The object. null: the value could not be had."""
    payload_secrets: dict[str, SecretReference] | UnsetType = UNSET
    """More entries of the object: secrets."""


class EmailRequest(Request, kw_only=True):
    """`email.request`: the customer, or somebody else, is to get a mail."""

    template: str
    to: str | UnsetType | None = UNSET
    """The address; null: it could not be had. Not there: the customer's, as you know it."""
    values: dict[str, Any]
    """What the template is filled in with. null: the value could not be had."""


class LeadRoute(Request, kw_only=True):
    """`lead.route`: people are to take care of the customer."""

    table: str
    """Its id in the playbook: the routing table that says who."""
    region: str | UnsetType | None = UNSET
    """What the table was asked with; null: it could not be had."""
    score: float | UnsetType | None = UNSET
    """Likewise."""
    queue: str
    """Who is to take care."""


class TicketRequest(Request, kw_only=True):
    """`ticket.request`: a ticket is to be opened."""

    queue: str
    subject: str
    text: str
    """In words; ? stands for what could not be had. So in the subject."""
    priority: str


class PushRequest(Request, kw_only=True):
    """`push.request`: the customer is to get a message on their devices."""

    template: str | UnsetType = UNSET
    """Either there is a template or a text."""
    title: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    """In words; ? stands for what could not be had. So in the title."""
    values: dict[str, Any]
    """What goes with it. null: the value could not be had."""


class Log(Request, kw_only=True):
    """`log`: something is to be noted."""

    message: str
    """In words; ? stands for what could not be had."""


REQUESTS: Final[dict[str, type[Request]]] = {
    "webhook": Webhook,
    "email.request": EmailRequest,
    "lead.route": LeadRoute,
    "ticket.request": TicketRequest,
    "push.request": PushRequest,
    "log": Log,
}
"""Kind of an action → what its body is."""

METHODS: Final = ("POST", "PUT")
PRIORITIES: Final = ("low", "normal", "high", "urgent")
"""Of a ticket, the least first."""
MAX_KEY_CHARACTERS: Final = 255
