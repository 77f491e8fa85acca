"""The laws of one shard: its logs and its state in Redis against the plain replay."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
import redis

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import decode
from connectors.kafka.forwarding import Unmarked, origin_of
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import BROADCAST, PREFIX
from connectors.published.record_types import (
    EnrichedRecord,
    read_action,
    read_dead_letter,
    read_enriched,
)
from decisions.playbook import Playbook
from state.fence import decode_fence, decode_plan
from state.profile import encode_profile
from state.repeats import LAST_RECEIVED_MS
from state.store.keys import offers_key, shard_keys
from state.touchpoint import Touchpoint
from tests.faults.laws.forwards import Came, Forwards, as_it_came, as_it_lies, content, name_of
from tests.faults.laws.out_log import OutLog
from tests.faults.laws.planned import PlannedInput, content_of
from tests.faults.laws.plans import TILED, Plans
from tests.faults.laws.replay import OrderFree, Replay
from tests.faults.laws.sold_out import SoldOut
from tests.faults.laws.verdict import Verdict

AT_ONCE = 2_000
TIMERS = "whom time alone may change has a timer, at the time that their profile says"
STATE = "the state of every customer equals the replay of the enriched log"
COUNTS = "accepted + duplicates + dead letters = produced"
ITS_EVENT = "each row holds an event of the input as it came: text, channel and time"
ITS_RECORD = "each dead letter holds its record as it came: value, key and headers"
EXPIRES_SOON_MS = 60_000


class ShardLaws:
    """Fed with the shard's logs: the topics out, then the input, whose time their plans tell.

    Of the copies of an event any may have come first; all must come within the playbook's window.
    """

    def __init__(
        self,
        shard: int,
        partitions: int,
        playbook: Playbook,
        verdict: Verdict,
        forwards: Forwards,
    ) -> None:
        self._shard, self._partitions, self._verdict = shard, partitions, verdict
        self._playbook, self._forwards = playbook, forwards
        self._rows = OutLog("rows", shard, verdict)
        self._actions = OutLog("actions", shard, verdict)
        self._letters = OutLog("dead_letters", shard, verdict)
        self._plans = Plans(shard, verdict)
        self.planned = PlannedInput(shard, partitions, playbook.limits)
        self._replay = Replay(shard, playbook, self.planned)
        self._from_elsewhere: set[str] = set()
        """Ids of events that other shards have forwarded."""
        self._order_free = OrderFree(playbook)
        self._sold_out = SoldOut()
        self._published: list[int] = []
        self._accepted: set[str] = set()
        self._events: dict[str, int] = {}
        """Id of a row → a hash of its event, as `content_of` makes it."""
        self._found: set[str] = set()
        """Ids of the rows whose event is in the input."""
        self._records: dict[str, int] = {}
        """Place that a dead letter names → `content` of the record it holds."""
        self._refused: set[str] = set()
        """Places (`name_of`) of the input that must be dead letters."""
        self._undecidable: set[str] = set()
        """... and those that are so because deciding failed."""
        self._read = 0
        """Records of all topics in."""
        self._input = 0
        """Those that count here: neither sent on nor a second copy of what was."""

    def from_elsewhere(self, message: Any) -> None:
        """The next record of touchpoints.forward, before all else is read: whose id it has."""
        try:
            record = as_it_came(message, origin_of(message))
        except Unmarked:
            return
        event = self._decoded(record, message.timestamp()[1])
        if isinstance(event, Touchpoint):
            self._from_elsewhere.add(event.id)

    def apart(self, message: Any) -> None:
        """The next record of what has no row, before all else is read."""
        self.planned.rowless(message)
        if message.topic() == BROADCAST:
            self._sold_out.told(message.offset(), message.value() or b"")

    def buried(self, message: Any) -> None:
        """The next dead letter, likewise."""
        self.planned.letter(message)

    def in_turn(self, message: Any) -> None:
        """The next record of all other input, after those and before what came of it."""
        self.planned.record(message)

    def enriched(self, message: Any) -> None:
        """The next record of touchpoints.enriched."""
        value = message.value()
        if message.key() is None:
            begun = decode_plan(value)
            if self._plans.add(begun):
                self._replay.begin(begun)
            return
        row = read_enriched(value)
        if not self._rows.takes(value, row.applied, row.id):
            return
        self._events[row.id] = _event_of(row)
        plan = self._plans.of(row.applied.generation, row.applied.commit)
        if plan is None:
            self._verdict.broke("a plan lies ahead of its rows", f"{row.applied}")
        elif wrong := self._replay.apply(row, value, plan, self._from_elsewhere):
            self._verdict.broke("the rows are those of the replay", wrong)

    def action(self, message: Any) -> None:
        """The next record of touchpoints.actions."""
        value = message.value()
        action = read_action(value)
        if self._actions.takes(value, action.applied, action.id):
            self._published.append(hash(value))
            self._sold_out.action(action)

    def letter(self, message: Any) -> None:
        """The next record of touchpoints.dead-letter."""
        value = message.value()
        letter = read_dead_letter(value)
        came_from = name_of(letter.topic, letter.partition, letter.offset)
        if not self._letters.takes(value, letter.applied, came_from):
            return
        self._records[came_from] = content(letter.value, letter.key, letter.headers)
        if letter.reason is Reason.UNDECIDABLE:
            self._undecidable.add(came_from)

    def input(self, message: Any) -> None:
        """The next record of a channel's topic."""
        self._verdict.produced += 1
        now_ms = self._planned(message)
        if now_ms is None:
            return
        record = as_it_lies(message)
        event = self._decoded(record, now_ms)
        if not isinstance(event, Refusal) and not self._mine(event.customer_id):
            self._forwards.due(record, partition_of(event.customer_id, self._partitions))
        else:
            self._came(record, event)

    def forwarded(self, message: Any) -> None:
        """The next record of touchpoints.forward: input of the channel's topic it came from."""
        now_ms, lies = self._planned(message), as_it_lies(message)
        try:
            record = as_it_came(message, origin_of(message))
        except Unmarked as unmarked:
            self._verdict.strays += 1
            self._came(lies, Refusal(Reason.BAD_ORIGIN, str(unmarked)))
            return
        if self._forwards.is_first(record, self._shard, lies.content) and now_ms is not None:
            self._came(record, self._decoded(record, now_ms))

    def without_row(self, message: Any) -> None:
        """The next record of what has no row: what is none of ours is a dead letter. Nobody waits
        until what was told last is planned."""
        topic, offset = message.topic(), message.offset()
        if topic == BROADCAST and offset >= self._plans.end(topic):
            return
        now_ms = self._planned(message)
        if now_ms is not None and isinstance(
            refused := self.planned.read(message.value() or b"", topic, now_ms), Refusal
        ):
            self._verdict.strays += 1
            self._came(as_it_lies(message), refused)

    def _planned(self, message: Any) -> int | None:
        """The time by which a record is judged; None, and a broken law, when it is in no plan."""
        self._read += 1
        topic, offset = message.topic(), message.offset()
        plan = self._plans.taken_in(topic, offset)
        if plan is None:
            self._verdict.lost += 1
            self._verdict.broke(TILED, f"{name_of(topic, self._shard, offset)} is in none")
        return plan.now_ms if plan is not None else None

    def _decoded(self, record: Came, now_ms: int) -> Touchpoint | Refusal:
        received_ms = record.stamp if 0 < record.stamp <= LAST_RECEIVED_MS else now_ms
        channel = record.place[0].removeprefix(PREFIX)
        return decode(record.value, channel, received_ms, now_ms, self._playbook.limits)

    def _came(self, record: Came, event: Touchpoint | Refusal) -> None:
        """What counts here."""
        self._input += 1
        name = record.name
        if isinstance(event, Refusal):
            self._refused.add(name)
        elif name not in self._undecidable:
            if self._events.get(event.id) == content_of(
                event.raw, event.channel, event.received_ms
            ):
                self._found.add(event.id)
            if event.id not in self._accepted:
                self._accepted.add(event.id)
                self._order_free.apply(event)
            return
        held = self._records.get(name, record.content)
        self._verdict.expect(held == record.content, ITS_RECORD, f"shard {self._shard}: {name}")

    def _mine(self, customer: str) -> bool:
        return partition_of(customer, self._partitions) == self._shard

    def of_logs(self) -> None:
        """What must hold of the logs, once all are read."""
        self._replay.finish()
        verdict, shard = self._verdict, f"shard {self._shard}"
        verdict.rows += len(self._rows.taken)
        verdict.actions += len(self._published)
        verdict.customers += len(self._replay.profiles)
        missing = self._accepted - self._rows.taken
        verdict.lost += len(missing)
        same = "the ids of the enriched log are those of the accepted input"
        _compare(verdict, same, shard, missing, self._rows.taken - self._accepted)
        for event_id in sorted(self._rows.taken & self._accepted - self._found):
            verdict.broke(ITS_EVENT, f"{shard}: {event_id}")
        refused = self._refused | self._undecidable
        unburied = refused - self._letters.taken
        verdict.lost += len(unburied)
        once = "each refused record is in the dead letters, and nothing else is"
        _compare(verdict, once, shard, unburied, self._letters.taken - refused)
        recorded = self._replay.recorded
        verdict.expect(
            self._published == recorded,
            "the published actions are those of the replay, in its order",
            f"{shard}: {len(self._published)} published, {len(recorded)} expected",
        )
        self._sold_out.judge(partial(self._plans.taken_in, BROADCAST), shard, verdict)
        for customer in self._order_free.differences(self._replay.profiles):
            law = "what does not depend on the order equals a plain replay of the input"
            verdict.broke(law, f"{shard}, customer {customer}")

    def of_redis(self, client: "redis.Redis", now_ms: int) -> None:
        """What must hold of Redis, once nothing is under way."""
        keys, where = shard_keys(self._shard), f"shard {self._shard}"
        self._counted(client)
        self._profiles_are_stored(client)
        self._timers_are_stored(client)
        self._offers_are_served(client, now_ms)
        self._replay.known.is_stored(client, self._shard, self._verdict)
        left: Any = client.llen(keys.outbox)
        self._verdict.expect(left == 0, "every recorded action is published", f"{where}: {left}")
        stored: Any = client.get(keys.fence)
        if stored is None:
            self._verdict.expect(self._read == 0, "each shard has its fence", where)
            return
        fence = decode_fence(stored)
        self._verdict.expect(fence.plan is None, "nothing is begun and left undone", where)
        for topic, position in fence.positions.items():
            at = f"{topic}[{self._shard}]: {position.next_offset}"
            ends = self._plans.end(topic)
            reached = position.next_offset == ends or ends == 0
            self._verdict.expect(reached, "the fence stands where the plans end", f"{at}, {ends}")

    def _counted(self, client: "redis.Redis") -> None:
        blob: Any = client.get(shard_keys(self._shard).counters)
        counts: dict[str, int] = msgspec.msgpack.decode(blob) if blob else {}
        accepted, duplicates, letters = (
            sum(n for name, n in counts.items() if name.startswith(kind))
            for kind in ("accepted:", "duplicate:", "dead_letter:")
        )
        verdict, where = self._verdict, f"shard {self._shard}"
        verdict.accepted += accepted
        verdict.duplicates += duplicates
        verdict.dead_letters += letters
        verdict.expect(
            accepted + duplicates + letters == self._input,
            COUNTS,
            f"{where}: {accepted} + {duplicates} + {letters}, {self._input} came here",
        )
        verdict.expect(
            (accepted, letters) == (len(self._rows.taken), len(self._letters.taken)),
            "what is counted is what is in the logs",
            f"{where}: {accepted} and {letters} counted, {len(self._rows.taken)} rows and "
            f"{len(self._letters.taken)} dead letters",
        )

    def _profiles_are_stored(self, client: "redis.Redis") -> None:
        prefix = shard_keys(self._shard).profile_prefix
        for some in _parts(list(self._replay.profiles)):
            blobs: Any = client.mget([prefix + customer.encode() for customer in some])
            for customer, blob in zip(some, blobs, strict=True):
                same = blob == encode_profile(self._replay.profiles[customer])
                self._verdict.expect(same, STATE, f"shard {self._shard}, customer {customer}")

    def _timers_are_stored(self, client: "redis.Redis") -> None:
        found: Any = client.zrange(shard_keys(self._shard).timers, 0, -1, withscores=True)
        stored = {customer.decode(): int(due) for customer, due in found}
        due = {name: p.due_at for name, p in self._replay.profiles.items() if p.due_at}
        for customer in sorted(stored.keys() | due.keys()):
            where = f"shard {self._shard}, customer {customer}"
            same = stored.get(customer) == due.get(customer)
            self._verdict.expect(same, TIMERS, where)

    def _offers_are_served(self, client: "redis.Redis", now_ms: int) -> None:
        told = self._plans.end(BROADCAST)
        for some in _parts(list(self._replay.serving.items())):
            documents: Any = client.mget([offers_key(customer) for customer, _ in some])
            for (customer, (served, until_ms)), document in zip(some, documents, strict=True):
                if until_ms > now_ms + EXPIRES_SOON_MS:
                    same = document is not None and hash(document) == served
                    where = f"shard {self._shard}, customer {customer}"
                    self._verdict.expect(same, "what is served is what was decided last", where)
                if document is not None:
                    self._sold_out.served(told, customer, document, self._verdict)


def _event_of(row: EnrichedRecord) -> int:
    received_ms = round(row.received_at.timestamp() * 1000)
    return content_of(bytes(row.original), row.channel, received_ms)


def _parts(whole: list[Any]) -> Iterable[list[Any]]:
    return (whole[at : at + AT_ONCE] for at in range(0, len(whole), AT_ONCE))


def _compare(
    verdict: Verdict, law: str, where: str, missing: set[str], unexpected: set[str]
) -> None:
    for name in sorted(missing):
        verdict.broke(law, f"{where}: {name} is missing")
    for name in sorted(unexpected):
        verdict.broke(law, f"{where}: {name} is there and should not be")
