"""The keys of what a playbook says of learning."""

from typing import Final

from decisions.format.keys import (
    FEATURE,
    Choice,
    Duration,
    Entries,
    Expression,
    Key,
    Keys,
    NewIds,
    Number,
    Share,
)
from decisions.learning.policies.kinds import POLICIES
from decisions.offering.features import MAX_FEATURES
from decisions.offering.propensity import SUCCESSES

MAX_BUCKETS: Final = 49
"""With `other` there are 50."""

LEARNING: Final = Keys(
    (
        Key(
            "policy",
            Choice(tuple(POLICIES)),
            "Who goes first by what is known: thompson draws from what is believed of each offer, "
            "greedy takes what is expected, upper-bound what is plausible at best; linear draws "
            "from what is believed of each offer and of each of `features`.",
            default="thompson",
        ),
        Key(
            "explore",
            Share(),
            "In so many of a hundred times any offer that may be served goes first, each as "
            "likely, so that all are tried and decisions can be judged by others.",
            default="none",
        ),
        Key(
            "success",
            Choice(SUCCESSES),
            "What counts as a yes: that it is accepted, or that it is clicked or accepted.",
            default="accepted",
        ),
        Key(
            "within",
            Duration("1m", "90d"),
            "How long after it was shown silence means no.",
            default="3d",
        ),
        Key(
            "half_life",
            Duration("1h", "3650d"),
            "After so long an outcome counts half.",
            default="30d",
        ),
        Key(
            "evidence",
            Number(1, 100_000),
            "How many shown offers the propensity of the playbook counts for.",
            default=50,
        ),
        Key(
            "redraw",
            Duration("1m", "90d"),
            "How long a customer keeps the same luck, so that offers do not come and go.",
            default="1d",
        ),
        Key(
            "context",
            Expression(),
            "What the propensity hangs on beside offer and channel: an expression that is one of "
            "`buckets`; whatever else it says is `other`. It cannot look at the event.",
            default="nothing",
            examples=('profile.orders.count > 0 ? "buyer" : "visitor"',),
        ),
        Key(
            "buckets",
            NewIds(MAX_BUCKETS),
            "What `context` may say.",
            examples=("buyer", "visitor"),
        ),
        Key(
            "features",
            Entries(Expression(condition=True), MAX_FEATURES, FEATURE),
            "With the policy linear: conditions by name, each of which may make any offer more or "
            "less likely. They cannot look at the event.",
            default="none",
        ),
    )
)
