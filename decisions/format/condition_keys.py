"""The keys of a condition that is written without an expression."""

from typing import Final

from decisions.format.keys import (
    Duration,
    Expression,
    Flag,
    Items,
    Key,
    Keys,
    Name,
    Plain,
    Text,
    Texts,
)

MAX_TOGETHER: Final = 100
"""Conditions in one list."""
MAX_CONDITIONS: Final = 200
"""Expressions and tests in one condition, over all its lists."""

_SOME: Final = Items(Expression(condition=True), MAX_TOGETHER, least=1)

TOGETHER: Final = Keys(
    (
        Key("all", _SOME, "Every one of these conditions is true."),
        Key("any", _SOME, "At least one of them is."),
        Key("none", _SOME, "Not one of them is."),
    ),
    any_of=("all", "any", "none"),
)
IN_SEGMENT: Final = Keys(
    (Key("segment", Name("segments"), "The customer is in this segment.", required=True),)
)
AT_EVENT: Final = Keys(
    (Key("event", Texts(), "The event has this name, or one of these.", required=True),)
)
_TESTS: Final = (
    Key("is", Plain(), "It is this."),
    Key("not", Plain(), "It is not this, or it is missing."),
    Key("in", Items(Plain(), MAX_TOGETHER, least=1), "It is one of these."),
    Key("not_in", Items(Plain(), MAX_TOGETHER, least=1), "It is none of these, or it is missing."),
    Key("more_than", Plain(), "It is more than this; of a time, later."),
    Key("at_least", Plain(), "It is this or more."),
    Key("less_than", Plain(), "It is less than this; of a time, earlier."),
    Key("at_most", Plain(), "It is this or less."),
    Key("contains", Plain(), "A text has this in it, or a list has this item."),
    Key("starts_with", Plain(), "A text begins so."),
    Key("ends_with", Plain(), "A text ends so."),
    Key("matches", Plain(), "A text has something in it that fits this regular expression."),
    Key("within", Duration(), "A time is at most so long ago."),
    Key("older_than", Duration(), "A time is longer ago than this, or has never been."),
    Key("present", Flag(), "`true`: it is there; `false`: it is missing."),
    Key("missing", Flag(), "The other way round."),
)
OF_A_FIELD: Final = Keys(
    (
        Key(
            "field",
            Text(),
            "What is asked about: a name from the list of what a condition can read.",
            required=True,
            examples=("profile.orders.count", "customer.city", "event.properties.total"),
        ),
        *_TESTS,
    ),
    any_of=tuple(key.name for key in _TESTS),
    needs="at least one test of it, such as `is` or `at_least`",
)
FORMS: Final = (TOGETHER, IN_SEGMENT, AT_EVENT, OF_A_FIELD)
"""What may stand where a condition stands, besides an expression."""
