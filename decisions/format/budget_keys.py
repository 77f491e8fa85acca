"""The keys of a playbook's budgets."""

from typing import Final

from decisions.format.keys import Flag, Key, Keys, Whole

MAX_BUDGETS: Final = 50
MAX_UNITS: Final = 1_000_000_000

BUDGET: Final = Keys(
    (
        Key(
            "units",
            Whole(0, MAX_UNITS),
            "How many may be accepted in all of the offers that name it, by all customers.",
            required=True,
            examples=(500,),
        ),
        Key(
            "hard",
            Flag(),
            "`true`: not one more, whatever happens; an acceptance that finds none is answered "
            "with `exhausted`.",
            default=False,
        ),
    )
)
