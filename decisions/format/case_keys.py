"""The keys of a playbook's tests."""

from typing import Final

from decisions.actions.kinds import KINDS
from decisions.format.keys import (
    CaseTime,
    Choice,
    Conditions,
    Entries,
    Items,
    Key,
    Keys,
    Moment,
    Name,
    Names,
    OneOf,
    Text,
    Values,
    Whole,
)
from state.event_names import USUAL

MAX_CASES: Final = 500
MAX_STEPS: Final = 200
MAX_TIMES: Final = 500
MAX_ID_CHARACTERS: Final = 128
"""Of a message id or an event's name, as topics take it."""

FIXED_NAMES: Final = {
    "identify": "Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Grouped",
    "alias": "Aliased",
}
"""Type → the name its events have; those of type `track` bring their own."""

IN: Final = Keys(
    (
        Key("in", Names("segments"), "Segments that the customer is in."),
        Key("not_in", Names("segments"), "Segments that the customer is not in."),
    ),
    any_of=("in", "not_in"),
)
SOME_OFFERS: Final = Keys(
    (
        Key("includes", Names("offers"), "Offers that are there, in any order."),
        Key("excludes", Names("offers"), "Offers that are not there."),
    ),
    any_of=("includes", "excludes"),
)
HAPPENED: Final = Key(
    "at",
    CaseTime(),
    "When it happened, to the second, said as the `at` of an event.",
    default="at any time",
    examples=("2h", "+30m"),
)
RAISED: Final = Keys(
    (
        Key("alert", Name("alerts"), "Which alert.", required=True),
        Key("message", Text(), "What it says, with its values.", default="any"),
        HAPPENED,
    )
)
ALERT_SAID: Final = OneOf((Name("alerts"), RAISED))


def _some(one: OneOf) -> Keys:
    """Some of what has happened of alerts."""
    return Keys(
        (
            Key(
                "includes",
                OneOf((Name("alerts"), Items(one, MAX_STEPS, least=1))),
                "Alerts that it has happened to, in any order.",
            ),
            Key("excludes", Names("alerts"), "Alerts that it has not happened to."),
        ),
        any_of=("includes", "excludes"),
    )


SOME_ALERTS: Final = _some(ALERT_SAID)
STOOD: Final = Keys((Key("alert", Name("alerts"), "Which alert.", required=True), HAPPENED))
ALERT_STOOD: Final = OneOf((Name("alerts"), STOOD))
SOME_STOOD: Final = _some(ALERT_STOOD)
ON_ITS_WAY: Final = Keys(
    (
        Key("journey", Name("journeys"), "Which journey.", required=True),
        Key("step", Text(32), "The `id` of the step it stands at, or its number.", default="any"),
        Key("key", Text(MAX_ID_CHARACTERS), "What it is about, as a text.", default="any"),
    )
)
JOURNEY_THERE: Final = OneOf((Name("journeys"), ON_ITS_WAY))
SOME_JOURNEYS: Final = Keys(
    (
        Key(
            "in",
            OneOf((Name("journeys"), Items(JOURNEY_THERE, MAX_STEPS, least=1))),
            "Journeys that the customer is on.",
        ),
        Key("not_in", Names("journeys"), "Journeys that the customer is not on."),
    ),
    any_of=("in", "not_in"),
)
ASKED: Final = Keys(
    (
        Key("action", Choice(tuple(KINDS)), "What kind of action.", required=True),
        Key(
            "says",
            Values(),
            "What it says: names of its body, and their values. What is not named may be anything, "
            "in a mapping, too.",
            default="anything",
        ),
        HAPPENED,
    )
)
KIND: Final = Choice(tuple(KINDS))
ACTION_ASKED: Final = OneOf((KIND, ASKED))
SOME_ACTIONS: Final = Keys(
    (
        Key(
            "includes",
            OneOf((KIND, Items(ACTION_ASKED, MAX_STEPS, least=1))),
            "Actions that others were asked for, in any order.",
        ),
        Key(
            "excludes",
            OneOf((KIND, Items(KIND, MAX_STEPS, least=1))),
            "Kinds of actions that nobody was asked for.",
        ),
    ),
    any_of=("includes", "excludes"),
)
ALERTS: Final = "alerts"
ACTIONS: Final = "actions"
ESCALATED: Final = "escalated"
ACKNOWLEDGED: Final = "acknowledged"
CLEARED: Final = "cleared"
OF_ALERTS: Final = {
    ALERTS: "alert.raised",
    ESCALATED: "alert.escalated",
    ACKNOWLEDGED: "alert.acknowledged",
    CLEARED: "alert.cleared",
}
"""Keys of what has happened of alerts since the case began, and what is published of it."""
HAPPENING: Final = (*OF_ALERTS, ACTIONS)
"""Keys of what has happened."""
EXPECT: Final = Keys(
    (
        Key(
            "at",
            CaseTime(),
            "When: time passes until then, and what is due up to then, that instant included, "
            "happens. Said as the `at` of an event.",
            default="at once",
            examples=("2h", "+30m", "2026-05-10T12:00:00Z"),
        ),
        Key(
            "segments",
            OneOf((Names("segments", expected=True), IN)),
            "The segments the customer is in: all of them, or some by `in` and `not_in`.",
        ),
        Key(
            "offers",
            Entries(OneOf((Names("offers", expected=True), SOME_OFFERS)), 6),
            "By placement, the offers served there: all of them, best first, "
            "or some by `includes` and `excludes`.",
        ),
        Key(
            "alerts",
            OneOf((Name("alerts"), Items(ALERT_SAID, MAX_STEPS), SOME_ALERTS)),
            "The alerts raised so far: all of them in their order, "
            "or some by `includes` and `excludes`. An alert is its name, or `alert` "
            "with `message` and `at`.",
        ),
        Key(
            "escalated",
            OneOf((Name("alerts"), Items(ALERT_SAID, MAX_STEPS), SOME_ALERTS)),
            "The steps of alerts that nobody had acknowledged, likewise, with what each said.",
        ),
        Key(
            "acknowledged",
            OneOf((Name("alerts"), Items(ALERT_STOOD, MAX_STEPS), SOME_STOOD)),
            "The alerts that somebody has acknowledged, likewise: each by its name, or `alert` and "
            "`at`.",
        ),
        Key(
            "cleared",
            OneOf((Name("alerts"), Items(ALERT_STOOD, MAX_STEPS), SOME_STOOD)),
            "The alerts that are over, as their `until` held, likewise.",
        ),
        Key(
            "actions",
            OneOf((KIND, Items(ACTION_ASKED, MAX_STEPS), SOME_ACTIONS)),
            "What others were asked to do so far: all of it in its order, "
            "or some by `includes` and `excludes`. "
            "An action is its kind, or `action` with `says` and `at`.",
        ),
        Key(
            "journeys",
            OneOf((Name("journeys"), Items(JOURNEY_THERE, MAX_STEPS), SOME_JOURNEYS)),
            "The journeys that the customer is on, in any order: all of them, or some by `in` and "
            "`not_in`. A journey is its name, or `journey` with `step` and `key`.",
        ),
        Key(
            "profile",
            Values(),
            "Expressions and the values they have: `profile.orders.count: 2`. "
            "Times are RFC 3339 texts, durations seconds.",
        ),
        Key("that", Conditions(50), "Conditions that are true. They cannot look at the event."),
    ),
    any_of=("segments", "offers", *HAPPENING, "journeys", "profile", "that"),
)
GIVEN: Final = Keys(
    (
        Key("channel", Name("channels"), "The channel it comes through; every event has one."),
        Key(
            "event",
            Text(MAX_ID_CHARACTERS),
            "Its name; needed for type `track`, the other types have a fixed one.",
            examples=USUAL,
        ),
        Key(
            "at",
            CaseTime(),
            "When: `2h` after the start, `100d before` it, `+30m` after the event before, "
            "or a time such as `2026-05-10T12:00:00Z`.",
            default="+1s",
            examples=("0s", "2h", "100d before", "+30m", "2026-05-10T12:00:00Z"),
        ),
        Key("properties", Values(), "What the event says."),
        Key(
            "offer",
            Name("offers"),
            "Of `Offer Shown`, `Offer Clicked`, `Offer Accepted` and `Offer Dismissed`: the offer "
            "that is answered, by the id of its last decision.",
        ),
        Key("type", Choice(("track", *FIXED_NAMES)), "Its type.", default="track"),
        Key("traits", Values(), "What an `identify` says of the customer."),
        Key("times", Whole(1, MAX_TIMES), "So many of it, a second apart.", default=1),
        Key(
            "id",
            Text(MAX_ID_CHARACTERS),
            "Its message id; the same one again is a duplicate, which changes nothing.",
            default="one of its own",
        ),
        Key("expect", EXPECT, "Instead of an event: what must be so at this point."),
    ),
    any_of=("channel", "expect"),
)
CASE: Final = Keys(
    (
        Key("name", Text(120), "The promise it keeps, as a sentence.", required=True),
        Key(
            "start",
            Moment(),
            "When it begins: a date (UTC) or a time.",
            default="2026-01-01",
            examples=("2026-05-10T12:00:00Z",),
        ),
        Key(
            "traits",
            Values(),
            "What the customer has said of themselves before: declared traits.",
        ),
        Key(
            "customer",
            Text(256),
            "The customer's id, which decides between offers of equal score.",
            default="customer",
        ),
        Key(
            "given",
            Items(GIVEN, MAX_STEPS),
            "The events, in the order of their times; between them, `expect`.",
            required=True,
        ),
        Key("expect", EXPECT, "What must be so after the last event."),
    )
)
