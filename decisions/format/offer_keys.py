"""The keys of a playbook's offers, and of what holds for all of them."""

from typing import Final

from decisions.format.journey_keys import LOCAL_TIME, QUIET
from decisions.format.keys import (
    Choice,
    Conditions,
    Duration,
    Entries,
    Expression,
    Flag,
    Key,
    Keys,
    Moment,
    Name,
    Names,
    Number,
    Share,
    Text,
    Texts,
    Whole,
)
from decisions.offering.caps import COUNTED, PER

MAX_OFFERS: Final = 1_000
MAX_GROUPS: Final = 50
MAX_PURPOSES: Final = 16
MAX_SERVED: Final = 6
"""Offers that all placements together may hold."""
CONSENT: Final = ("granted", "withdrawn")
"""What holds of a purpose for who has said nothing of it."""
MAX_EXPERIMENTS: Final = 10
MAX_CAPS: Final = 20
MAX_MOST: Final = 50
"""What a cap may allow within its time: so many times are kept of what it counts."""
MAX_PRODUCTS: Final = 10
"""Of one offer."""
MAX_TOPICS: Final = 10
"""Of one offer."""
MAX_LAYER: Final = 10
"""Conditions of one layer."""

TITLE: Final = "What it is, in words."
_PROPENSITY: Final = Number(1e-9, 1)
_MONEY: Final = Number(0, 1e9)
_LEVER: Final = Number(0, 1e6)

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
_SHARED: Final = (
    Key(
        "purpose",
        Name("purposes"),
        "What the customer must have agreed to.",
        examples=("marketing",),
    ),
    Key(
        "propensity",
        _PROPENSITY,
        "How likely it is to be accepted, above 0 and up to 1.",
        default=1,
        examples=("0.03",),
    ),
    Key(
        "lever",
        _LEVER,
        "What the business adds or takes: the score is multiplied by it.",
        default=1,
    ),
    Key(
        "cooldown",
        Duration(most="366d"),
        "How long it is left alone after the customer dismissed it.",
        default="30d",
    ),
    Key(
        "suppress",
        Duration(most="3650d"),
        "How long it is left alone after the customer accepted it.",
        default="90d",
    ),
)
GROUP: Final = Keys(
    (
        Key("title", Text(), TITLE, required=True),
        *_SHARED,
        Key(
            "control",
            Share(),
            "So many of all customers get no offer of it, so that it can be seen what it is worth.",
            default="none",
        ),
    )
)
CONTROLLED: Final = Keys(
    (
        Key("share", Share(), "So many of all customers.", required=True),
        Key(
            "salt",
            Text(64),
            "With another one others are held out.",
            default="control",
            examples=("2026-spring",),
        ),
    )
)
EXPERIMENT: Final = Keys(
    (
        Key("title", Text(), "What is tried, in words.", required=True),
        Key(
            "arms",
            Entries(Share(), 10),
            "Its arms, and how many of all customers are in each; the rest takes no part.",
            required=True,
        ),
        Key("salt", Text(64), "With another one customers are dealt anew.", default="its id"),
    )
)
TREATMENT: Final = Keys(
    (
        Key("propensity", _PROPENSITY, "How likely it is to be accepted there."),
        Key("value", _MONEY, "What we expect to earn when it is accepted there."),
        Key("cost", _MONEY, "What it costs to make it there."),
        Key("weight", Expression(), "What the moment adds or takes there."),
    ),
    any_of=("propensity", "value", "cost", "weight"),
)
_LAYER: Final = Conditions(MAX_LAYER)
OFFER: Final = Keys(
    (
        Key("title", Text(), TITLE, required=True),
        Key("group", Name("groups"), "The group it belongs to.", default="none"),
        Key(
            "eligible",
            _LAYER,
            "Who may have it: conditions, all of them. They cannot look at the event, but at the "
            "`context` of who asks.",
            default="everyone",
            examples=('"vip" in segments',),
        ),
        Key(
            "applicable",
            _LAYER,
            "When it makes sense: conditions, all of them.",
            default="always",
            examples=("!profile.chat.open",),
        ),
        Key(
            "suitable",
            _LAYER,
            "For whom it is good: conditions, all of them.",
            default="whoever may have it",
            examples=("profile.orders.average >= 50.0",),
        ),
        Key(
            "value",
            _MONEY,
            "What we expect to earn when it is accepted, in the shop's currency.",
            required=True,
        ),
        Key("cost", _MONEY, "What it costs to make the offer, in the shop's currency.", default=0),
        Key(
            "weight",
            Expression(),
            "What the moment adds or takes: an expression that is a number from 0 to 1,000,000. It "
            "cannot look at the event, but at the `context` of who asks.",
            default=1,
            examples=("profile.cart.value > 100.0 ? 1.5 : 1.0",),
        ),
        Key(
            "topics",
            Texts(MAX_TOPICS),
            "What it is about, in words that customers use in what they declare: it is only for "
            "whom one of them interests, and the more of them do, the more it is worth to them.",
            default="for anybody",
            examples=("trail",),
        ),
        Key(
            "topics_of_products",
            Flag(),
            "`true`: the categories of its products, as the catalogue says them at the time of a "
            "decision, are topics of it, too.",
            default=False,
        ),
        Key(
            "products",
            Texts(MAX_PRODUCTS),
            "The products that it offers, by their ids in the catalogue; several are a bundle. It "
            "is offered while all of them are there.",
            default="none",
            examples=("p-1001",),
        ),
        Key(
            "price",
            _MONEY,
            "What its products cost together, in the shop's currency.",
            default="the sum of their prices, where all are known",
        ),
        Key(
            "budget",
            Name("budgets"),
            "What limits how many may be accepted in all; several offers may share one.",
            default="none: as many as are wanted",
            examples=("spring",),
        ),
        *_SHARED,
        Key(
            "arms",
            Texts(10),
            "Only for customers in one of these arms of an experiment.",
            default="all",
            examples=("tone.warm",),
        ),
        Key(
            "channels",
            Names("channels"),
            "Where it may be shown, the preferred one first.",
            required=True,
        ),
        Key(
            "treatments",
            Entries(TREATMENT, 32),
            "By channel, what is otherwise there than said above.",
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
            default="the conditions themselves",
        ),
        Key(
            "fallback",
            Flag(),
            "`true`: only where nothing else fits; caps neither count nor stop it.",
            default=False,
        ),
    )
)
CAP: Final = Keys(
    (
        Key("most", Whole(1, MAX_MOST), "How many at most.", required=True),
        Key(
            "within",
            Duration(most="366d"),
            "In any stretch of time as long as this, to the millisecond.",
            required=True,
            examples=("1d", "7d"),
        ),
        Key(
            "of",
            Choice(COUNTED),
            "What is counted: offers that were decided, shown or accepted.",
            default="decided",
        ),
        Key(
            "per",
            Choice(PER),
            "Whether the customer's are counted together, or each channel, group or offer by "
            "itself.",
            default="customer",
        ),
        Key("channels", Names("channels"), "Only what goes through these.", default="all"),
        Key("groups", Names("groups"), "Only offers of these groups.", default="all"),
        Key("offers", Names("offers"), "Only these offers.", default="all"),
    )
)
QUIET_HOURS: Final = Keys(
    (
        *QUIET.keys,
        Key(
            "channels",
            Names("channels"),
            "The channels in which nothing is offered then.",
            required=True,
        ),
        *LOCAL_TIME.keys,
    )
)
CONTACT: Final = Keys(
    (
        Key(
            "caps",
            Entries(CAP, MAX_CAPS),
            "How often at most, in windows that slide.",
        ),
        Key("quiet", QUIET_HOURS, "Hours of the day in which some channels are left alone."),
        Key(
            "exclusive",
            Entries(Names("offers"), 50),
            "Sets of offers of which no two are served at once.",
        ),
        Key(
            "answers",
            Duration("1h", "366d"),
            "How long after a decision what became of it counts.",
            default="30d",
        ),
    )
)
ARBITRATION: Final = Keys(
    (
        Key(
            "power",
            Number(0, 10),
            "The exponent of the propensity: 1 is the expected value, 0 looks at the value alone.",
            default=1,
        ),
    )
)
