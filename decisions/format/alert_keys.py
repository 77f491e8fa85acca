"""The keys of a playbook's alerts."""

from typing import Final

from decisions.actions.kinds import ACTION
from decisions.format.keys import (
    Choice,
    Duration,
    Expression,
    Flag,
    Items,
    Key,
    Keys,
    OneOf,
    Plain,
    Share,
    Text,
    Texts,
    Whole,
)
from state.event_names import USUAL

MAX_COUNT: Final = 100
"""Events of one key in a window, at most; of a rate the newest are those that count."""
MAX_KEPT: Final = 8
"""Values of an event that are kept for what an alert says later."""
MAX_STEPS: Final = 5
MAX_ACTIONS: Final = 5
LONGEST: Final = "366d"
SEVERITY: Final = Choice(("info", "warning", "critical"))
PATTERNS: Final = ("threshold", "rate", "absence", "sequence", "change")
"""What may raise an alert other than an event or a condition alone; at most one of them."""


def _within(doc: str, example: str) -> Key:
    return Key("within", Duration("1s", LONGEST), doc, required=True, examples=(example,))


def _of(name: str, doc: str, example: str) -> Key:
    return Key(name, Expression(condition=True), doc, required=True, examples=(example,))


THRESHOLD: Final = Keys(
    (
        Key("count", Whole(2, MAX_COUNT), "How many events.", required=True, examples=(3,)),
        _within("Within how long, by when they happened.", "10m"),
    )
)
RATE: Final = Keys(
    (
        _of(
            "of",
            "Of which events: a condition that looks at the event.",
            'event.name.startsWith("Kiosk Transaction")',
        ),
        Key(
            "share",
            Share(),
            "How many of them, at least, fit `event` and `when`: from 1% to 100%.",
            required=True,
            examples=("50%",),
        ),
        Key(
            "at_least",
            Whole(1, MAX_COUNT),
            "Of how many events a share is counted; it is never of more than the last 100.",
            required=True,
            examples=(5,),
        ),
        _within("Within how long, by when they happened.", "1h"),
    )
)
ABSENCE: Final = Keys(
    (
        _of(
            "of",
            "Which event is waited for: a condition that looks at the event.",
            'event.name == "Order Completed"',
        ),
        _within("How long after the event of the alert, by when both happened.", "2h"),
        Key(
            "restart",
            Flag(),
            "`true`: another event of the alert begins the time anew; else it runs from the first.",
            default=False,
        ),
    )
)
SEQUENCE: Final = Keys(
    (
        _of(
            "then",
            "Which event must follow: a condition that looks at the event.",
            'event.name == "Payment Failed"',
        ),
        _within("How long after the event of the alert, by when both happened.", "10m"),
    )
)
CHANGE: Final = Keys(
    (
        Key(
            "value",
            Expression(),
            "An expression over the customer: a text, a number, true or false.",
            required=True,
            examples=('has(customer.plan) ? customer.plan : "none"',),
        ),
        Key("from", Plain(), "What it was.", default="any other", examples=("plus",)),
        Key("to", Plain(), "What it is now.", default="any other", examples=("none",)),
    )
)
STEP: Final = Keys(
    (
        Key(
            "after",
            Duration("1s", LONGEST),
            "How long after the alert was raised.",
            required=True,
            examples=("30m",),
        ),
        Key("severity", SEVERITY, "How urgent it is by then.", default="that of the alert"),
        Key("message", Text(), "What people are told by then.", default="that of the alert"),
        Key(
            "actions",
            Items(ACTION, MAX_ACTIONS, least=1),
            "What others are asked to do then. They cannot look at the event.",
        ),
    )
)
ALERT: Final = Keys(
    (
        Key(
            "event",
            Texts(),
            "The event's name, or a list of names, at which it is asked.",
            default="the events that `when` names, else any",
            examples=USUAL,
        ),
        Key(
            "when",
            Expression(condition=True),
            "A condition, which may look at the event.",
            default="always true",
            examples=("profile.kiosk.failures >= 2",),
        ),
        Key("threshold", THRESHOLD, "So many events that fit, within a time."),
        Key("rate", RATE, "Such a share of some events fits, within a time."),
        Key("absence", ABSENCE, "After an event that fits, another does not come."),
        Key("sequence", SEQUENCE, "After an event that fits, another does come."),
        Key("change", CHANGE, "A value was one thing and is another."),
        Key(
            "severity",
            SEVERITY,
            "How urgent it is.",
            required=True,
        ),
        Key(
            "cooldown",
            Duration(),
            "How long the alert is silent for this customer after it was raised.",
            required=True,
            examples=("30m", "1d"),
        ),
        Key(
            "key",
            Expression(),
            "An expression: with another value of it the alert is not silent, and what it counts "
            "and waits for is apart.",
            default="one for all",
            examples=("event.properties.kiosk_id",),
        ),
        Key(
            "message",
            Text(),
            "What people are told: a text; `{...}` holds an expression.",
            required=True,
            examples=("An order of {profile.orders.last_value}",),
        ),
        Key(
            "until",
            Expression(condition=True),
            "Once raised, it stands and is not raised again until this holds: a condition.",
            examples=('event.name == "Kiosk Repaired"',),
        ),
        Key(
            "escalate",
            OneOf((STEP, Items(STEP, MAX_STEPS, least=1))),
            "What is said when nobody has acknowledged it: a step, or a list of them.",
        ),
        Key(
            "actions",
            Items(ACTION, MAX_ACTIONS, least=1),
            "What others are asked to do when it is raised.",
        ),
    ),
    any_of=("event", "when", "change"),
    needs="an event, a condition (when), both, or a change",
)
