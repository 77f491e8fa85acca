"""What was found: counts for a table, and the first places where something was wrong."""

from collections import Counter

from msgspec import Struct, field

SHOWN_PLACES = 5
"""Of each kind of violation, so many are kept in words."""

COOLDOWN = "no offer within its cooldown after a dismissal"
SUPPRESSED = "no offer suppressed after it was accepted"
EXCLUSIVE = "no two offers of an exclusive set at one instant"
QUIET = "no decision in quiet hours, or that stands into them"
CONSENT = "no decision against what the customer agreed to"
ONCE = "no id is given twice"
ONE_CONTENT = "no id has two contents"
FORWARD = "a customer's time never goes back"
ANSWERED = "what counts as an answer was one, once"
COUNTED = "an answer to a decision that stands counts"
CAUSED = "what is published follows from the customer's last event"
KNOWN = "what is decided or answered is of this playbook"
WITHIN = "no hard budget is accepted beyond its units"
REFUSED = "only a hard budget refuses what is accepted"
SPENT = "nothing is decided of a budget that is spent as far as its shard knows"
STOCKED = "what is decided is in stock, by no older word than its shard has had"
LAWS = (
    *(COOLDOWN, SUPPRESSED, EXCLUSIVE, QUIET, CONSENT),
    *(ONCE, ONE_CONTENT, FORWARD, ANSWERED, COUNTED, CAUSED, KNOWN),
)
OF_BUDGETS = (WITHIN, REFUSED, SPENT)
"""Of a playbook with budgets; of one whose offers name products it is STOCKED."""


class OfCap(Struct):
    """What there is to say of one cap."""

    name: str
    says: str
    """The cap in words."""
    of: str
    most: int
    decisions: int = 0
    """Those that it counts, or could have stopped."""
    counted: int = 0
    """Times that it counted: decided, shown or accepted."""
    fullest: int = 0
    """The most that it counted in any window."""
    filled: int = 0
    """How often what was counted left no room for one more."""
    violations: int = 0
    """Windows of decisions that hold too many; for a cap of something else, decisions that were
    made while it had no room."""
    beyond: int = 0
    """Of a cap of something else: times counted that there was no room for any more."""
    late_shows: int = 0
    """Of a cap of shows: pages that showed an offer once it was full."""
    delays_ms: list[int] = []
    """How long after it was full each of those was seen."""


class OfBudget(Struct):
    """What there is to say of one budget."""

    name: str
    units: int
    hard: bool
    accepted: int = 0
    refused: int = 0
    decisions: int = 0
    """Those for its offers."""
    above_ms: list[int] = []
    """Of each acceptance above the units, how long after the last unit it was."""
    decided_ms: list[int] = []
    """Of each decision after that, the same."""


class OfLaw(Struct):
    """What there is to say of what else must hold."""

    law: str
    asked: int = 0
    """How often it could have been broken."""
    violations: int = 0


class Findings(Struct):
    """All of it."""

    caps: dict[str, OfCap] = field(default_factory=dict)
    budgets: dict[str, OfBudget] = field(default_factory=dict)
    laws: dict[str, OfLaw] = field(default_factory=lambda: {law: OfLaw(law) for law in LAWS})
    events: int = 0
    decisions: int = 0
    customers: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """What counted, by kind."""
    pages: int = 0
    """Serving keys that were read."""
    repeats: int = 0
    """Records that lie in the log again, for their readers to drop."""
    places: dict[str, list[str]] = field(default_factory=dict)
    """Cap or law → where it was broken first."""

    def asks(self, law: str, holds: bool, where: str) -> None:
        """Whether a law holds here."""
        self.laws[law].asked += 1
        if not holds:
            self.broke(law, where)

    def broke(self, what: str, where: str) -> None:
        """A cap or a law was broken."""
        found: OfCap | OfLaw = self.caps.get(what) or self.laws[what]
        found.violations += 1
        if len(known := self.places.setdefault(what, [])) < SHOWN_PLACES:
            known.append(where)

    @property
    def all(self) -> list["OfCap | OfLaw"]:
        """Caps, then laws."""
        return [*self.caps.values(), *self.laws.values()]

    @property
    def violations(self) -> int:
        """Of everything together."""
        return sum(one.violations for one in self.all)

    @property
    def slack(self) -> list[str]:
        """Caps and budgets that never bound: nothing is known of them. A budget has bound where it
        is spent, or has refused somebody."""
        return [
            *(cap.name for cap in self.caps.values() if cap.fullest < cap.most),
            *(
                budget.name
                for budget in self.budgets.values()
                if budget.accepted < budget.units and not budget.refused
            ),
        ]
