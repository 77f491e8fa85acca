"""One shard as this process holds it: its fence, what is read and not applied, its profiles."""

from collections import Counter, deque
from collections.abc import Container, Iterable
from enum import Enum
from itertools import accumulate, islice, takewhile

from msgspec import structs

from connectors.kafka.plan_log import PlanLog, to_do
from connectors.kafka.shard_consumer import Record
from decisions.budgets.ledger import Ledger
from decisions.world import World
from flows.processor.acted import Acted
from flows.processor.merge import Patience
from state.fence import Plan, Range
from state.ordering import in_order
from state.profile import Profile
from state.store.shard_store import Refused, ShardStore, Taken
from state.timers import TimerIndex
from state.watermark import UNKNOWN, Clock

RETRY_FIRST_S = 0.1
RETRY_MOST_S = 3.0
TOPICS_AHEAD = 4
"""So many topics of a shard may be read ahead of one that is far behind, until together there is as
much as a flush may hold."""
PATIENCE_S = 30.0
"""How long a topic may end before planned input does, until that counts as lost."""


class Hold(Enum):
    """What this process has of a shard."""

    WAITING = "waiting"
    """Not owned now; to be taken at `retry_at`."""
    OWNED = "owned"
    GONE = "gone"
    """Another owner has it; never taken back by itself."""


class Shard:
    """Mutable, and touched by the flow's thread only."""

    def __init__(self, index: int, store: ShardStore, most_profiles: int) -> None:
        self.index = index
        self.store = store
        self.hold = Hold.WAITING
        self.retry_at = 0.0
        self.retry_delay = RETRY_FIRST_S
        self.seen_commit = 0
        """The highest commit number known of this shard, through every loss of it."""
        self.newest_ms: dict[str, int] = {}
        """Topic → when its newest committed event happened, as far as this process has seen."""
        self.ended_ms: dict[str, int] = {}
        """Topic → when it was last seen to be at its end, with nothing left to be committed."""
        self.taken_by = ""
        """Its owner, once it is GONE."""
        self.clock: Clock = UNKNOWN
        """As it was last shown."""
        self.most_profiles = most_profiles
        """How many are kept, but for those of the flush at hand."""
        self.counters: dict[str, int] = {}
        """`<kind>:<label>` → how many in all, as committed; of a shard that waits, as last seen."""
        self._reset()

    def _reset(self) -> None:
        self.todo: deque[Plan] = deque()
        """Plans that were begun and not committed: to be done again exactly so, before all else."""
        self.buffer: dict[str, list[Record]] = {}
        """Topic → records read and not in a flush yet, in offset order."""
        self.profiles: dict[str, Profile] = {}
        """A bounded cache, least recently committed first; ahead of Redis by what is under way."""
        self.origins: dict[str, int] = {}
        """Sender of forwarded events → the lowest offset that is new; ahead of Redis likewise."""
        self.clock_ms = 0
        """How far it is in event time; ahead of Redis likewise."""
        self.reached_ms: dict[str, int] = {}
        """Topic → when the newest event of it that was decided happened; likewise."""
        self.world = World()
        """What it knows beside its customers; likewise."""
        self.ledger: dict[str, Ledger] = {}
        """Budget → what all shards were given of it; likewise. Of shard 0 only."""
        self.recalls: set[str] = set()
        """What offers need ("stock:<product>", "budget:<budget>") and is used up while customers
        may be left who are served such an offer: of anything else that is, Redis has none."""
        self.timers = TimerIndex()
        """Customer → when time alone may change something; likewise."""
        self.asked_ms = 0
        """When it was last looked whether something is due without an event."""
        self.published = 0
        """Outbox entries handed to the publisher and not known to be acknowledged."""
        self.trim = 0
        """Outbox entries acknowledged and still in Redis."""
        self.short_since: float | None = None
        self.patience = Patience()
        """With topics of which nothing is read yet, though there is more."""

    def own(self, taken: Taken, log: PlanLog) -> None:
        """Start from what was found. Raises Refused when the plan log has a hole."""
        self._reset()
        self.fence = taken.fence
        """As it stands in Redis."""
        self.head = structs.replace(taken.fence, plan=None)
        """As it will be when all that is planned so far is committed."""
        self.counters = taken.counters
        self.origins = dict(taken.origins)
        self.clock_ms = taken.fence.clock_ms
        self.reached_ms = {t: p.newest_ms for t, p in taken.fence.positions.items()}
        self.acted = Acted()
        """What is published of its actions, as far as that is asked."""
        self.log_end = taken.fence.plan_offset
        """No plan of this owner lies before this offset of the enriched partition."""
        self.last_begun = 0
        """The last begun plan that is known: until it is done, the log is needed from `log_from`
        on."""
        self.in_fence = taken.fence.plan
        """The plan that was fixed last, until the log is read far enough to tell what followed."""
        self.add_begun(log)
        self.seen_commit = max(self.seen_commit, taken.fence.commit)
        self.hold = Hold.OWNED
        self.retry_delay = RETRY_FIRST_S

    def add_begun(self, log: PlanLog) -> None:
        """The begun plans that the next piece of the log tells, behind those that are known."""
        self.log_from, self.log_end = self.log_end, log.end
        self.log_latest = log.latest
        """(generation, commit number) of the latest plan that is known to lie in the log."""
        self.unread = not log.whole
        """More plans lie in the log from `log_end` on."""
        head, fixed = self.head, self.in_fence
        if self.unread and fixed is not None and log.latest <= (fixed.generation, fixed.commit):
            return  # whether it lies in the log, and later ones do, only further pieces tell
        self.in_fence = None
        try:
            self.todo.extend(to_do(fixed, log.plans, head.commit, head.generation))
        except ValueError as hole:
            raise Refused(
                f"shard {self.index}: {hole}: the enriched topic has lost records; restore it, or "
                "empty Redis and run `touchline rebuild`"
            ) from None
        if self.todo:
            self.last_begun = self.todo[-1].commit

    def lose(self, now_s: float) -> None:
        """Drop everything consumed and not committed; take the shard again a little later."""
        self.store.close()
        self._reset()
        self.hold = Hold.WAITING
        self.retry_at = now_s + self.retry_delay
        self.retry_delay = min(self.retry_delay * 2, RETRY_MOST_S)

    def leave(self, owner: str) -> None:
        """`owner` has it."""
        self.taken_by = owner
        self.store.close()
        self._reset()
        self.hold = Hold.GONE

    def add(self, message: Record) -> None:
        """One record, in offset order per topic."""
        run = self.buffer.get(message.topic())
        if run is None:
            self.buffer[message.topic()] = [message]
        else:
            run.append(message)

    def take(
        self, most: int, most_bytes: int, up_to_ms: int | None = None
    ) -> tuple[list[Record], dict[str, list[Record]]]:
        """The first records read so far, in order, and by topic; with `up_to_ms` none that was
        received later.

        At most `most`, and so many that their values fit `most_bytes`, but one at least.
        """
        records = in_order(self.buffer, up_to_ms)[:most]
        if _bytes(records) > most_bytes:
            del records[_fitting(records, most_bytes) :]
        counts = Counter([record.topic() for record in records])
        taken = {topic: self.buffer[topic][:count] for topic, count in counts.items()}
        self.buffer = {
            topic: left for topic, run in self.buffer.items() if (left := run[counts[topic] :])
        }
        return records, taken

    def full(self, most: int, most_bytes: int) -> set[str]:
        """Topics of which enough is read: more than a part of what a flush may hold, for each may
        have to wait for others, and all that the next plan needs."""
        enough = max(most // TOPICS_AHEAD, 1)
        ranges = self.todo[0].ranges if self.todo else {}
        return {
            topic
            for topic, run in self.buffer.items()
            if (len(run) > enough or _bytes(run) > most_bytes)
            and not (topic in ranges and run[-1].offset() + 1 < ranges[topic].end)
        }

    def take_planned(self, plan: Plan, ends: dict[str, int], now_s: float) -> list[Record] | None:
        """The input of `plan` in its order, or None while some of it is not read yet.

        `ends`: topic → where its end was seen. Raises Refused when a topic ends before the plan's
        input does, and stays so.
        """
        runs: dict[str, list[Record]] = {}
        for topic, planned in plan.ranges.items():
            run = self.buffer.get(topic, [])
            reached = max(run[-1].offset() + 1 if run else 0, ends.get(topic, 0))
            if reached < planned.end:
                self._check_short(topic, planned, ends, now_s)
                return None
            runs[topic] = [message for message in run if message.offset() < planned.end]
        self.buffer = {
            topic: left
            for topic, run in self.buffer.items()
            if (left := run[len(runs.get(topic, ())) :])
        }
        self.short_since = None
        return in_order({topic: run for topic, run in runs.items() if run})

    def _check_short(self, topic: str, planned: Range, ends: dict[str, int], now_s: float) -> None:
        if topic not in ends:
            return
        if self.short_since is None:
            self.short_since = now_s
        elif now_s - self.short_since > PATIENCE_S:
            raise Refused(
                f"{topic}[{self.index}]: a flush that was begun reads offsets {planned.start} to "
                f"{planned.end}, and the topic ends at {ends[topic]}: it was truncated or made "
                f"anew; restore it, or go on without: `touchline topics accept-recreated {topic}`"
            )

    def remember(self, touched: Iterable[str]) -> None:
        """After a commit: `touched` are the most recent."""
        profiles = self.profiles
        for customer in touched:
            profiles[customer] = profiles.pop(customer)

    def evict(self, uncommitted: Container[str]) -> None:
        """Let the oldest profiles go when there are too many, but for `uncommitted`.

        Redis does not know those as they are. Only to be called when nothing else is under way.
        """
        excess = len(self.profiles) - self.most_profiles
        if excess > 0:
            evictable = (customer for customer in self.profiles if customer not in uncommitted)
            for customer in list(islice(evictable, excess)):
                del self.profiles[customer]


def _fitting(records: Iterable[Record], most_bytes: int) -> int:
    """How many of the first of them have values that fit, but one at least."""
    sizes = accumulate(len(record.value() or b"") for record in records)
    return max(sum(1 for _ in takewhile(most_bytes.__ge__, sizes)), 1)


def _bytes(run: Iterable[Record]) -> int:
    return sum([len(record.value() or b"") for record in run])
