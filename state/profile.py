"""The profile: all that is kept of one customer between two events, and its stored form.

Stored as a msgpack array (first element the schema version). Fields are only ever appended, each
with a default, so that every blob ever written can be read. All times are milliseconds since the
epoch, UTC, event time, and 0 means never.
"""

import msgspec
from msgspec import Struct, field

from state.event_names import Key
from state.journeys import Run
from state.windows import Day

VERSION = 1

Trait = str | int | float | bool | list[str]
"""A list is replaced as a whole, never changed: who decides may be given the list itself."""


class ChannelActivity(Struct, array_like=True, gc=False):
    """What came through one channel."""

    events: int = 0
    first_at: int = 0
    last_at: int = 0


class Sessions(Struct, array_like=True, gc=False):
    """Visits: a gap of more than 30 minutes begins a new one (see `fold.sessions`)."""

    count: int = 0
    started_at: int = 0
    last_at: int = 0
    events: int = 0
    """Events in the current session."""


class CartLine(Struct, array_like=True, gc=False):
    """One product in the cart."""

    quantity: int = 0
    price: float = 0.0
    category: str = ""


class Cart(Struct, array_like=True, gc=False):
    """The open cart; empty after an order."""

    cart_id: str = ""
    lines: dict[str, CartLine] = field(default_factory=dict)
    """Product id → line."""
    value: float = 0.0
    """Sum of quantity x price over the lines, in the shop's currency."""
    updated_at: int = 0
    stated_at: int = 0
    """When the whole cart was last said (viewed, checked out, ordered): a change from before that
    is in it already."""


class Orders(Struct, array_like=True, gc=False):
    """Completed orders; a completed kiosk transaction that says its total is one, too."""

    count: int = 0
    """Orders completed; one that is cancelled later stays counted."""
    value: float = 0.0
    """Of all orders, less what was refunded or cancelled, in the shop's currency."""
    last_at: int = 0
    last_value: float = 0.0
    recent: list[Day] = field(default_factory=list)
    """By day, newest last, at most 92 days; what `value_90d` and `count_90d` are computed from."""
    first_at: int = 0


class Interest(Struct, array_like=True, gc=False):
    """A decaying score: halves every 30 days; `score` is as of `at`."""

    score: float = 0.0
    at: int = 0


class Email(Struct, array_like=True, gc=False):
    """Engagement with e-mail, in counts."""

    sent: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    unsubscribed: bool = False
    last_sent_at: int = 0
    last_opened_at: int = 0
    last_clicked_at: int = 0
    subscription_at: int = 0
    """When `unsubscribed` was last said, so that an older word does not undo a newer one."""


class Kiosk(Struct, array_like=True, gc=False):
    """Visits to kiosks and what went wrong there."""

    visits: int = 0
    transactions: int = 0
    failures: int = 0
    last_visit_at: int = 0
    """The last event of any kind at a kiosk."""
    last_failure_at: int = 0


class Chat(Struct, array_like=True, gc=False):
    """Conversations with people of ours."""

    conversations: int = 0
    messages: int = 0
    last_at: int = 0
    open: bool = False
    rating: int = 0
    """The last rating given, 1 to 5; 0 = none yet."""
    rated_at: int = 0
    turned_at: int = 0
    """When `open` was last said, so that an older word does not undo a newer one."""


class HeldOffer(Struct, array_like=True, gc=False):
    """An offer that is being served, as it was decided."""

    offer_id: str
    decision_id: bytes
    """16 bytes; 32 hex digits wherever it is published."""
    channel: str
    placement: str
    score: float
    decided_at: int
    expires_at: int
    version: bytes = b""
    """4 bytes that name what the playbook said of the offer."""
    propensity: float = 1.0
    weight: float = 1.0
    products: tuple[str, ...] = ()
    """Ids of what it offers, as of the decision; none for one that offers no products."""
    price: float | None = None
    """Theirs together, as of the decision; None: not known."""


class Proposal(Struct, array_like=True, gc=False):
    """A decision for an offer, and what became of it so far."""

    decision_id: bytes
    offer_id: str
    channel: str
    placement: str
    decided_at: int
    shown_at: int = 0
    clicked_at: int = 0
    accepted_at: int = 0
    dismissed_at: int = 0
    group: str = ""
    """The offer's, as of the decision."""
    bucket: str = ""
    """The bucket of the context in which it is learned from; "" = it is not."""
    settled: int = 0
    """What was learned: nothing yet, that it was taken (1), that it was not (2)."""


class Answer(Struct, array_like=True, gc=False):
    """What a customer said of an offer last."""

    dismissed_at: int = 0
    accepted_at: int = 0


class Contact(Struct, array_like=True, gc=False):
    """When the last things were that caps count, oldest first, by the time of decisions."""

    most: int = 0
    """The largest number that a cap needed while they were kept."""
    within_ms: int = 0
    """And the longest time that one looked back."""
    times: list[int] = field(default_factory=list)


class Consent(Struct, array_like=True, gc=False):
    """What a customer said of a purpose last."""

    granted: bool
    at: int


class Tracker(Struct, array_like=True, gc=False):
    """What one history function of the playbook (`count`, `sum`, `since`, `seen`, `sequence`)
    remembers of the customer's events."""

    last_at: int = 0
    """Of since and seen: the newest event that fits; of a sequence, that fits its first part."""
    done_at: int = 0
    """When a sequence was last complete."""
    recent: list[Day] = field(default_factory=list)
    """Of count and sum: (bucket, sum, events), oldest first; `windows.buckets` says how long a
    bucket is."""


class Watch(Struct, array_like=True, gc=False):
    """What one alert of the playbook remembers, for one key, beyond when it was last raised."""

    keep_until: int = 0
    """Until when `times`, `others`, `met_at` and the first event of a sequence count, by the time
    of decisions."""
    times: list[int] = field(default_factory=list)
    """When the events in its window happened that fit, the oldest first."""
    others: list[int] = field(default_factory=list)
    """Of a rate: those that do not fit."""
    armed_at: int = 0
    """When the event happened after which it waits for another; 0 = it does not wait."""
    armed_by: str = ""
    """Its message id."""
    texts: list[str] = field(default_factory=list)
    """What the alert's messages show of it."""
    met_at: int = 0
    """The newest event that it would have waited for."""
    raised_at: int = 0
    """Since when it stands: it was raised, and is not cleared; 0 = it does not."""
    raised_by: str = ""
    """The message id of the event that raised it, or that was waited after."""
    said: list[str] = field(default_factory=list)
    """What the messages of its steps show of that event."""
    steps: int = 0
    """How many steps of its escalation are done."""
    acknowledged_at: int = 0
    held: bool = False
    """Whether its condition was true when it was last asked; only where time can change that."""
    value: str | None = None
    """The value whose change it watches, as a text, or the text's hash; None = not seen yet."""
    key: str = ""
    """The key, where the name by which this is kept has only its hash."""


class Profile(Struct, array_like=True, gc=False):
    """One customer. The fold fills the first part, decisions the second."""

    version: int = VERSION
    recent: bytes = b""
    """The last events, oldest first: of each 12 bytes, as `state.repeats` has them."""
    first_at: int = 0
    last_at: int = 0
    channels: dict[str, ChannelActivity] = field(default_factory=dict)
    events: dict[Key, int] = field(default_factory=dict)
    """How often, by `event_names.event_key`."""
    sessions: Sessions = field(default_factory=Sessions)
    cart: Cart = field(default_factory=Cart)
    orders: Orders = field(default_factory=Orders)
    affinity: dict[str, Interest] = field(default_factory=dict)
    email: Email = field(default_factory=Email)
    kiosk: Kiosk = field(default_factory=Kiosk)
    chat: Chat = field(default_factory=Chat)
    traits: dict[str, Trait] = field(default_factory=dict)
    trimmed: int = 0
    """How often the bounds have dropped or cut something so far (see `bounds`)."""

    segments: dict[str, int] = field(default_factory=dict)
    """Segment → since when."""
    alerts: dict[str, int] = field(default_factory=dict)
    """Alert (with its key) → last raised at; entries past their cooldown are dropped."""
    offers: list[HeldOffer] = field(default_factory=list)
    """By rank."""
    playbook: str = ""
    """Version of the playbook that segments and offers were last decided with."""
    identified_at: int = 0
    """Time of the newest `identify`: an older one only adds traits that are missing."""
    offers_until: int = 0
    """Until when `offers` may stand as they are, as far as time goes; 0 = for ever."""
    decided_at: int = 0
    """`now` of the last decision: it never goes back."""
    due_at: int = 0
    """When time alone may change something, at the earliest; 0 = never."""
    firings: int = 0
    """How often time alone has led to something."""
    history: dict[bytes, Tracker] = field(default_factory=dict)
    """8 bytes that name a history function of the playbook → what it remembers."""
    watches: dict[str, Watch] = field(default_factory=dict)
    """Alert (with its key, as in `alerts`) → what it remembers, the one changed last at the end."""
    journeys: list[Run] = field(default_factory=list)
    """Runs that are not over, oldest first."""
    journeys_left: dict[str, int] = field(default_factory=dict)
    """Journey (with its key) → when the last run ended, oldest first; only of journeys that are not
    to be entered again at once."""
    journeys_met: list[str] = field(default_factory=list)
    """Journeys without an event whose condition was true when it was last asked."""
    consents: dict[str, Consent] = field(default_factory=dict)
    """Purpose → what the customer said of it. The fold fills it."""
    proposals: list[Proposal] = field(default_factory=list)
    """The last decisions for offers, oldest first."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """Offer → the last answers to it, by the time of decisions; the one changed last at the end."""
    contacts: dict[bytes, Contact] = field(default_factory=dict)
    """8 bytes that name what caps count → when it was last so."""
    withdrawn_for: str = ""
    """What some of the offers needed that were withdrawn ("stock:<product>", "budget:<budget>") and
    nothing is chosen in place of yet; "" = there are none."""


encode_profile = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Profile).decode


class ProfileUnreadable(ValueError):
    """A stored profile is none, or one of a later version, which knows more fields."""


def decode_profile(blob: bytes) -> Profile:
    """A stored profile, of this version or an earlier one.

    Raises ProfileUnreadable: to write one of a later version again would drop what only that knows.
    """
    try:
        profile = _decode(blob)
    except msgspec.DecodeError as error:
        raise ProfileUnreadable(f"expected a stored profile, got: {error}") from None
    if profile.version != VERSION:
        if profile.version > VERSION:
            raise ProfileUnreadable(
                f"expected a stored profile of version {VERSION} at most, got {profile.version}: "
                "it was written by a later version of Touchline, so run that one"
            )
        profile.version = VERSION
    return profile
