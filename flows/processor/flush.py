"""A flush on its way through the steps: for each of some shards, a plan and what becomes of it."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct, field

from connectors.events.dead_letter import Refusal
from connectors.kafka.broadcast import Told
from connectors.kafka.forwarding import Forwarded
from connectors.kafka.shard_consumer import Record
from flows.processor.shard import Shard
from flows.processor.world import Changes
from state.decided import Decided
from state.decision import Serving
from state.fence import Plan
from state.outbox import ForwardEntry
from state.profile import HeldOffer, Profile
from state.timers import Timer
from state.touchpoint import Touchpoint


class Through(Struct):
    """What came through one channel."""

    accepted: int = 0
    duplicates: int = 0
    corrected: int = 0
    """Of those accepted, how many had their time corrected."""
    newest_ms: int = 0
    """When the newest accepted event happened."""


class Elsewhere(Struct, frozen=True):
    """An event of a customer of another shard: it is forwarded there."""

    shard: int


class Repeat(Struct, frozen=True):
    """An event that has come before: as if it had not come."""


REPEAT = Repeat()


class Slice(Struct, eq=False):
    """One shard's part of a flush. Each step fills some more of it."""

    # consume
    shard: Shard
    plan: Plan
    replay: bool
    messages: list[Record]
    logged: bool = False
    """The enriched topic already holds all of it, since a later plan lies there."""
    # decode
    events: list[Touchpoint | Decided | Refusal | Elsewhere | Repeat | Told] = field(
        default_factory=list
    )
    """One for each message, in order."""
    forwarded: dict[int, Forwarded] = field(default_factory=dict)
    """Position in `messages` → what was forwarded here, as the record that it was."""
    origins: dict[str, int] = field(default_factory=dict)
    """Sender of forwarded events → the lowest offset that is new, of those that sent some."""
    # route
    due: list[Timer] = field(default_factory=list)
    """Of whom time alone may change something: those with an event here, and the first of all
    others."""
    recalled: dict[str, list[str]] = field(default_factory=dict)
    """Customers who are served what is used up → what of it they were found by, in order."""
    gone: list[str] = field(default_factory=list)
    """All that is withdrawn from them, in order."""
    # decide
    offered: dict[str, list[HeldOffer]] = field(default_factory=dict)
    """Customer of this flush → what they were served before it, where offers may be used up."""
    spent: set[str] = field(default_factory=set)
    """The budgets that were spent before it, as offers need them."""
    holders: dict[str, dict[str, bool]] = field(default_factory=dict)
    """What offers need → customer → whether they are served one from now on, where that is new."""
    reached: dict[int, int] = field(default_factory=dict)
    """Position of an event before which time was let pass for its customer → until when."""
    clock_ms: int = 0
    """How far the shard's clock is once the flush is done."""
    newest_ms: dict[str, int] = field(default_factory=dict)
    """Topic → when its newest accepted event happened, of this flush or one before."""
    rows: list[tuple[str, bytes]] = field(default_factory=list)
    """(customer id, enriched record)."""
    dead_letters: list[tuple[bytes | None, bytes]] = field(default_factory=list)
    """(original key, dead-letter record)."""
    touched: dict[str, Profile] = field(default_factory=dict)
    serving: dict[str, Serving] = field(default_factory=dict)
    """Customer → what is served from now on."""
    actions: list[tuple[str, bytes]] = field(default_factory=list)
    """(customer id, action record)."""
    forwards: list[ForwardEntry] = field(default_factory=list)
    misplaced: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Topic → of the first event that is forwarded from it: offset, partition where it belongs."""
    world: Changes | None = None
    """What it changes of what the shard knows of the world."""
    timers: dict[str, int] = field(default_factory=dict)
    """Customer → when time alone may change something from now on, of those of whom that is
    another time than it was."""
    undone: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Customer of an event that could not be decided → a position in `events`, and the profile as
    the events before it left it: from there the next such event is undone."""
    wakes_failed: int = 0
    """Customers for whom what time brings about could not be decided."""
    tally: dict[str, dict[str, int]] = field(default_factory=dict)
    """Kind of count → label → how many, for metrics and the shard's counters."""
    through: defaultdict[str, Through] = field(default_factory=lambda: defaultdict(Through))
    """By channel."""
    served: dict[tuple[str, str], int] = field(default_factory=dict)
    """(offer, channel it is served through) → decisions; for metrics alone, as the next seven."""
    woken: list[int] = field(default_factory=list)
    """When time alone was to change something, of each customer of whom it was asked."""
    answers: dict[tuple[str, str], int] = field(default_factory=dict)
    """(offer, what became of it) → accepted events that say so."""
    changes: dict[int, int] = field(default_factory=dict)
    """What was changed (bits of state.sections), as `decide` takes it → accepted events."""
    watched: dict[str, int] = field(default_factory=dict)
    """Name of an event that alerts are asked at → accepted events."""
    choices: int = 0
    """How often offers were chosen anew."""
    received_ms: list[int] = field(default_factory=list)
    """When each accepted event was received."""
    trimmed: int = 0
    # commit
    profiles: list[tuple[str, bytes]] = field(default_factory=list)
    """(customer id, stored form) of those touched, as this flush leaves them."""

    @property
    def records(self) -> Sequence[Record]:
        """The messages, what was forwarded as the record that it was."""
        if not self.forwarded:
            return self.messages
        return [self.record(position) for position in range(len(self.messages))]

    def record(self, position: int) -> Record:
        """One of them."""
        return self.forwarded.get(position) or self.messages[position]

    def count(self, kind: str, label: str, more: int = 1) -> None:
        """So many more of `label`."""
        if more:
            counts = self.tally.setdefault(kind, {})
            counts[label] = counts.get(label, 0) + more

    def tally_of(self, kind: str) -> int:
        """How many of a kind, whatever their labels."""
        return sum(self.tally.get(kind, {}).values())


class Flush(Struct, eq=False):
    """What the dataflow's stream is made of: one item is one flush of one or more shards."""

    slices: list[Slice]

    @property
    def events(self) -> int:
        """How many events it has."""
        return sum([len(part.messages) for part in self.slices])

    def drop(self, shard: Shard) -> None:
        """Leave `shard` out."""
        self.slices = [part for part in self.slices if part.shard is not shard]
