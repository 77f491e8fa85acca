"""The one table of a playbook's sections and keys.

The loader reads by it, playbooks/playbook.schema.json and the tables of docs/playbook.md are made
from it, so that the three cannot disagree.
"""

from typing import Final

from decisions.actions.kinds import ROUTES
from decisions.format.alert_keys import ALERT
from decisions.format.case_keys import CASE, MAX_CASES
from decisions.format.journey_keys import JOURNEYS
from decisions.format.keys import (
    TRAIT,
    Choice,
    Duration,
    Entries,
    Expression,
    Flag,
    Items,
    Key,
    Keys,
    Moment,
    Names,
    NewIds,
    Number,
    Text,
    Whole,
)
from decisions.format.limit_keys import LIMITS
from decisions.language.scope import TRAIT_TYPES

MAX_TRAITS: Final = 20
MAX_SEGMENTS: Final = 48
MAX_SERVED: Final = 6
"""Offers that all placements together may hold. These three, and the length of an id, bound what
decisions add to a stored profile; so do the bounds of alerting.memory."""

TYPES: Final = ("string", "int", "double", "bool")
assert frozenset(TYPES) == TRAIT_TYPES

TITLE: Final = "What it is, in words."

PLACEMENT: Final = Keys(
    (
        Key(
            "channels",
            Names("channels"),
            "The channels that the place is on.",
            required=True,
            examples=("click",),
        ),
        Key("offers", Whole(1, MAX_SERVED), "How many offers it holds at once.", default=1),
    )
)
SEGMENT: Final = Keys(
    (
        Key("title", Text(), "Who they are, in words.", required=True),
        Key(
            "when",
            Expression(condition=True),
            "Who belongs to it: a condition. It cannot look at the event.",
            required=True,
            examples=("profile.orders.count >= 3", "profile.cart.value >= 150.0"),
        ),
        Key(
            "until",
            Expression(condition=True),
            "What ends it: a condition. Who fulfils neither stays where they are (hysteresis), who "
            "fulfils both is not in it.",
            default="that `when` does not hold any more",
            examples=("profile.cart.value < 100.0",),
        ),
        Key(
            "dwell",
            Duration(most="366d"),
            "How long a customer stays in it at least, whatever the conditions say.",
            default="no time",
            examples=("1d",),
        ),
    )
)
OFFER: Final = Keys(
    (
        Key("title", Text(), TITLE, required=True),
        Key(
            "when",
            Expression(condition=True),
            "Who may get it: a condition. It cannot look at the event.",
            default="everyone",
            examples=('"vip" in segments',),
        ),
        Key(
            "priority",
            Whole(1, 100),
            "How important it is to us; times `value`, it is the score that ranks offers.",
            required=True,
        ),
        Key(
            "value",
            Number(0, 1e9),
            "What we expect to earn when it is accepted, in the shop's currency.",
            required=True,
        ),
        Key(
            "channels",
            Names("channels"),
            "Where it may be shown, the preferred one first.",
            required=True,
        ),
        Key(
            "placements",
            Names("placements"),
            "Where it may stand, the preferred one first.",
            required=True,
        ),
        Key(
            "start",
            Moment(),
            "From when on: a date (UTC) or a time.",
            default="always open",
            examples=("2026-11-20", "2026-11-27T08:00:00Z"),
        ),
        Key(
            "end",
            Moment(),
            "Until when: a date (the whole day, UTC) or a time.",
            default="no end",
            examples=("2026-11-27", "2026-11-27T20:00:00Z"),
        ),
        Key(
            "ttl",
            Duration(),
            "How long a decision for it stands.",
            required=True,
            examples=("12h", "7d"),
        ),
        Key(
            "because",
            Text(),
            "The reason that readers of the offer are told.",
            default="the condition itself",
        ),
        Key("fallback", Flag(), "`true`: only where nothing else fits.", default=False),
    )
)
PLAYBOOK: Final = Keys(
    (
        Key("title", Text(), "What the playbook is called.", default=""),
        Key(
            "channels",
            NewIds(32),
            "Where customers meet us: the names of the Kafka topics, less `touchpoints.`.",
            required=True,
            examples=("click", "email", "chat", "kiosk"),
        ),
        Key(
            "limits",
            LIMITS,
            "Which events are repeats, and how late or early one may be.",
        ),
        Key(
            "traits",
            Entries(Choice(TYPES), MAX_TRAITS, TRAIT),
            "What is kept of what customers say of themselves, with its type.",
        ),
        Key(
            "summary",
            Entries(Expression(), 32),
            "What is written beside every event into the warehouse: expressions by name.",
        ),
        Key(
            "placements",
            Entries(PLACEMENT, MAX_SERVED),
            f"The places where offers are shown. All together hold at most {MAX_SERVED} offers.",
            required=True,
        ),
        Key(
            "segments",
            Entries(SEGMENT, MAX_SEGMENTS),
            "Customers of whom a condition is true, now.",
        ),
        Key(
            "offers",
            Entries(OFFER, 500),
            "What we would like a customer to accept.",
            required=True,
        ),
        Key(
            "routes",
            ROUTES,
            "Tables that say which queue gets a lead: the first row that fits; the last takes all.",
        ),
        Key(
            "alerts",
            Entries(ALERT, 2_000),
            "Something that people should look at, as it happens.",
        ),
        Key(
            "journeys",
            JOURNEYS,
            "What is done for a customer step by step, as time passes and events come.",
        ),
        Key(
            "tests",
            Items(CASE, MAX_CASES),
            "Cases that `touchline test` runs: what happens to a customer, and what must follow.",
        ),
    )
)
