"""The keys of a playbook's section `journeys`: of a journey, and of each kind of step."""

from typing import Final

from decisions.actions.kinds import action_with
from decisions.format.keys import (
    ID,
    Choice,
    Conditions,
    Duration,
    Entries,
    Expression,
    Items,
    Key,
    Keys,
    Kind,
    NewId,
    OneOf,
    Steps,
    Text,
    Texts,
    TimeOfDay,
    Whole,
)
from state.event_names import USUAL
from state.journeys import RUNS_KEPT

MAX_JOURNEYS: Final = 50
MAX_STEPS: Final = 50
"""Of one journey, those inside others included."""
MAX_WAYS: Final = 10
"""Of one split."""
LONGEST: Final = "366d"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
END: Final = "end"

STEP_ID: Final = Key(
    "id",
    NewId(ID),
    "What the step is called in what is published, and by which runs find it in a later version.",
    default="its number, from 1 on",
)
WAIT: Final = Keys(
    (
        STEP_ID,
        Key(
            "wait",
            Duration("1s", LONGEST),
            "How long to wait.",
            required=True,
            examples=("1h", "3d"),
        ),
    )
)
WAIT_UNTIL: Final = Keys(
    (
        STEP_ID,
        Key(
            "wait_until",
            TimeOfDay(),
            "The time of day, where the customer is, until which to wait: the next one.",
            required=True,
            examples=("09:00",),
        ),
        Key(
            "days",
            Items(Choice(DAYS), len(DAYS), least=1),
            "On which days of the week.",
            default="any",
        ),
    )
)
UNTIL: Final = Keys(
    (
        STEP_ID,
        Key(
            "until",
            Expression(condition=True),
            "What to wait for: a condition, which may look at events that come later.",
            required=True,
            examples=('event.name == "Cart Viewed"', "profile.cart.items == 0"),
        ),
        Key(
            "timeout",
            Duration("1s", LONGEST),
            "How long to wait for it at most.",
            required=True,
            examples=("24h",),
        ),
        Key("then", Steps(), "What to do when it holds.", default="nothing"),
        Key("else", Steps(), "What to do when it did not in time.", default="nothing"),
    )
)
IF: Final = Keys(
    (
        STEP_ID,
        Key(
            "if",
            Expression(condition=True),
            "A condition. It cannot look at the event.",
            required=True,
            examples=("profile.cart.value > 100.0",),
        ),
        Key("then", Steps(), "What to do when it is true.", default="nothing"),
        Key("else", Steps(), "What to do when it is not.", default="nothing"),
    ),
    any_of=("then", "else"),
)
WAY: Final = Keys(
    (
        Key("share", Whole(1, 99), "How many of 100 customers go this way.", required=True),
        Key("steps", Steps(), "What is done for them.", default="nothing"),
    )
)
SPLIT: Final = Keys(
    (
        STEP_ID,
        Key(
            "split",
            Items(WAY, MAX_WAYS, least=2),
            "The ways that customers go, by lot. All shares together are 100.",
            required=True,
        ),
    )
)
HEADS: Final = {
    "wait": WAIT,
    "wait_until": WAIT_UNTIL,
    "until": UNTIL,
    "if": IF,
    "split": SPLIT,
}
"""The key that says what kind of step it is; an action has `action`."""
ACT: Final = action_with(STEP_ID)
STEP: Final[Kind] = OneOf((Choice((END,)), *HEADS.values(), ACT))

QUIET: Final = Keys(
    (
        Key("from", TimeOfDay(), "When they begin.", required=True, examples=("21:00",)),
        Key(
            "to",
            TimeOfDay(),
            "The first time at which it is not quiet any more.",
            required=True,
            examples=("08:00",),
        ),
    )
)
LOCAL_TIME: Final = Keys(
    (
        Key(
            "zone",
            Expression(),
            "An expression: the IANA name of the customer's time zone, such as a trait.",
            default="`otherwise` for all",
            examples=("customer.timezone",),
        ),
        Key(
            "otherwise",
            Text(64),
            "The zone of those whose zone is not known.",
            required=True,
            examples=("Europe/Berlin",),
        ),
    )
)
IN_FLIGHT: Final = ("finish", "move", "end")
"""What can become of runs of an earlier version."""
JOURNEY: Final = Keys(
    (
        Key("title", Text(), "What it is for, in words.", required=True),
        Key(
            "event",
            Texts(),
            "The event's name, or a list of names, that starts it.",
            default="the events that `when` names; none: it starts when `when` becomes true",
            examples=USUAL,
        ),
        Key(
            "when",
            Expression(condition=True),
            "A condition, which may look at the event that starts it.",
            default="always true",
            examples=("profile.cart.value >= 50.0", '"lapsed" in segments'),
        ),
        Key(
            "key",
            Expression(),
            "An expression: what a run is about. There is one run at once for each value of it. In "
            "what follows it is known as `key`.",
            default="one run for each customer",
            examples=("event.properties.cart_id",),
        ),
        Key(
            "reentry",
            OneOf((Choice(("once", "always")), Duration("1s", LONGEST))),
            "Whether it may be entered again (with the same key) when it is over: never (`once`), "
            "at once (`always`), or how long after its end.",
            default="always",
            examples=("7d",),
        ),
        Key(
            "at_most",
            Whole(1, RUNS_KEPT),
            "How many runs of it, with different keys, one customer has at once; no more are "
            "started.",
            default=RUNS_KEPT,
        ),
        Key(
            "exit",
            Conditions(10),
            "Conditions that end a run, wherever it is; they may look at events that come later.",
            default="none",
            examples=('event.name == "Order Completed"',),
        ),
        Key("local_time", LOCAL_TIME, "In which time zone hours are meant."),
        Key("quiet", QUIET, "Hours of the day in which no action is taken: it waits for the end."),
        Key(
            "in_flight",
            Choice(IN_FLIGHT),
            "What becomes of runs of an earlier version: they finish as they began, move to the "
            "step of the same `id`, or end.",
            default="finish",
        ),
        Key("steps", Steps(), "What is done, one after the other.", required=True),
    ),
    any_of=("event", "when"),
    needs="an event, a condition (when) or both",
)
JOURNEYS: Final = Entries(JOURNEY, MAX_JOURNEYS)
