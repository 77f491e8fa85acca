"""The one table of a playbook's sections and keys.

The loader reads by it, playbooks/playbook.schema.json and the tables of docs/playbook.md are made
from it, so that the three cannot disagree.
"""

from typing import Final

from decisions.actions.kinds import ROUTES
from decisions.format.alert_keys import ALERT
from decisions.format.budget_keys import BUDGET, MAX_BUDGETS
from decisions.format.case_keys import CASE, MAX_CASES
from decisions.format.journey_keys import JOURNEYS
from decisions.format.keys import (
    TRAIT,
    Choice,
    Duration,
    Entries,
    Expression,
    Items,
    Key,
    Keys,
    NewIds,
    Text,
)
from decisions.format.learning_keys import LEARNING
from decisions.format.limit_keys import LIMITS
from decisions.format.offer_keys import (
    ARBITRATION,
    CONSENT,
    CONTACT,
    CONTROLLED,
    EXPERIMENT,
    GROUP,
    MAX_EXPERIMENTS,
    MAX_GROUPS,
    MAX_OFFERS,
    MAX_PURPOSES,
    MAX_SERVED,
    OFFER,
    PLACEMENT,
)
from decisions.language.scope import TEXTS, TRAIT_TYPES
from state.bounds import LISTS_KEPT

MAX_TRAITS: Final = 20
MAX_SEGMENTS: Final = 48
"""These two, MAX_SERVED, and the length of an id, bound what decisions add to a stored profile; so
do the bounds of alerting.memory and offering.memory."""

MAX_LISTS: Final = LISTS_KEPT
"""Of the traits."""

TYPES: Final = ("string", "int", "double", "bool", TEXTS)
assert frozenset(TYPES) == TRAIT_TYPES

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
            Entries(OFFER, MAX_OFFERS),
            "What we would like a customer to accept.",
            required=True,
        ),
        Key(
            "refresh",
            Duration("1m", "366d"),
            "For how long after a customer's last event their offers are chosen anew as time "
            "passes, too: when one expires, opens or ends, a cap frees, a rest is over.",
            default="not at all: at the next event",
            examples=("1d", "7d"),
        ),
        Key(
            "groups",
            Entries(GROUP, MAX_GROUPS),
            "Groups of offers, and what holds for each offer of one.",
        ),
        Key(
            "budgets",
            Entries(BUDGET, MAX_BUDGETS),
            "How many of some offers may be accepted in all.",
        ),
        Key(
            "purposes",
            Entries(Choice(CONSENT), MAX_PURPOSES),
            "What customers can agree to, and what holds for those who have said nothing of it. "
            "With this section, each offer names its purpose.",
        ),
        Key(
            "interests",
            Expression(),
            "What customers have declared to be interested in: an expression that is a list of at "
            "most 64 texts of at most 64 characters each. Offers with `topics`, or with "
            "`topics_of_products`, go by it. It cannot "
            "look at the event, but at the `context` of who asks.",
            default="the trait `interests`, where it is a list(string)",
            examples=("has(customer.sports) ? customer.sports : []",),
        ),
        Key(
            "contact",
            CONTACT,
            "How often, and when, a customer is approached, whatever fits.",
        ),
        Key(
            "control",
            CONTROLLED,
            "Customers who get fallback offers only, so that it can be seen what offers are worth.",
        ),
        Key(
            "experiments",
            Entries(EXPERIMENT, MAX_EXPERIMENTS),
            "What is tried with a part of the customers: they are dealt into arms.",
        ),
        Key("arbitration", ARBITRATION, "How offers are weighed against each other."),
        Key(
            "learning",
            LEARNING,
            "How propensities are learned from what becomes of offers.",
            default="they are not: those of the playbook hold",
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
