"""The input of one shard as its plans take it, in the order in which a flush applies it.

What has a row shows in the enriched log by itself. What changes a shard's state and has none - what
all shards are told, what was decided for who asked, an event that could not be decided - is found
between the rows by that order: (highest time so far in its topic and plan, topic, offset).
"""

from array import array
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import decode
from connectors.kafka.broadcast import Told, read_told
from connectors.kafka.forwarding import Unmarked, origin_of
from connectors.kafka.topics import BROADCAST, DECIDED, FORWARD, PREFIX
from connectors.published.decided import read_decided
from connectors.published.record_types import read_dead_letter
from state.decided import Decided
from state.fence import Plan, Range
from state.limits import Limits
from state.repeats import LAST_RECEIVED_MS
from state.touchpoint import Touchpoint
from tests.faults.laws.forwards import Place, as_it_came, as_it_lies

ROWLESS = (BROADCAST, DECIDED)
"""Topics of which no record has a row."""
UNKNOWN = 0
"""A time that a record does not say: then it is the plan's."""


class Undecided(NamedTuple):
    """An event that deciding failed for: time was let pass before it, and nothing else is of it."""

    event: Touchpoint
    forwarded: bool


Rowless = Told | Decided | Undecided


def content_of(text: bytes, channel: str, received_ms: int) -> int:
    """A hash of an event as it came; that of its row is the same."""
    return hash((_said(text, channel), received_ms))


def _said(text: bytes, channel: str) -> int:
    return hash((text.strip(), channel))


class Passage:
    """What one plan takes, on its way from the first record to the last."""

    def __init__(self, steps: Iterable[int | Rowless] = ()) -> None:
        """A number is the content of an event that may have a row."""
        self._steps = deque(steps)

    def until(self, content: int) -> list[Rowless]:
        """What comes before the next event of that content; nothing where there is no such."""
        return self._taken(content) if content in self._steps else []

    def rest(self) -> list[Rowless]:
        """All that is left."""
        return self._taken(None)

    def _taken(self, upto: int | None) -> list[Rowless]:
        found: list[Rowless] = []
        while self._steps and (step := self._steps.popleft()) != upto:
            if not isinstance(step, int):
                found.append(step)
        return found


class _Run:
    """A topic's records in offset order, 32 bytes of each."""

    def __init__(self) -> None:
        self.offsets, self.stamps = array("q"), array("q")
        self.received_ms, self.said = array("q"), array("q")


class _Apart(NamedTuple):
    """The value of a record that has no row, and the channel that it is of."""

    value: bytes
    channel: str


class PlannedInput:
    """Of one shard. Fed with what has no row, and if that is `needed` with all other input."""

    def __init__(self, shard: int, partitions: int, limits: Limits) -> None:
        self._shard, self._partitions, self._limits = shard, partitions, limits
        self._runs: defaultdict[str, _Run] = defaultdict(_Run)
        self._apart: dict[tuple[str, int], _Apart] = {}
        """Topic and offset → what has no row."""
        self._apart_in: defaultdict[str, list[int]] = defaultdict(list)
        """Topic → those offsets."""
        self._undecided: set[Place] = set()

    @property
    def needed(self) -> bool:
        """Whether there is anything to be found between the rows."""
        return bool(self._apart or self._undecided)

    def letter(self, message: Any) -> None:
        """The next record of touchpoints.dead-letter."""
        letter = read_dead_letter(message.value())
        if letter.reason is Reason.UNDECIDABLE:
            self._undecided.add((letter.topic, letter.partition, letter.offset))

    def rowless(self, message: Any) -> None:
        """The next record of a topic of which no record has a row."""
        self._set_apart(message, "")
        self._add(message, UNKNOWN, 0)

    def record(self, message: Any) -> None:
        """The next record of a channel, or of what was sent on."""
        try:
            sent_on = message.topic() == FORWARD
            came = as_it_came(message, origin_of(message)) if sent_on else as_it_lies(message)
        except Unmarked:
            self._add(message, UNKNOWN, 0)
            return
        channel = came.place[0].removeprefix(PREFIX)
        if came.place in self._undecided:
            self._set_apart(message, channel)
        received_ms = came.stamp if 0 < came.stamp <= LAST_RECEIVED_MS else UNKNOWN
        self._add(message, received_ms, _said(came.value or b"", channel))

    def _set_apart(self, message: Any, channel: str) -> None:
        self._apart_in[message.topic()].append(message.offset())
        self._apart[message.topic(), message.offset()] = _Apart(message.value() or b"", channel)

    def _add(self, message: Any, received_ms: int, said: int) -> None:
        run = self._runs[message.topic()]
        run.offsets.append(message.offset())
        run.stamps.append(message.timestamp()[1])
        run.received_ms.append(received_ms)
        run.said.append(said)

    def of(self, plan: Plan) -> Passage:
        """What a plan takes; nothing of one in which all has a row."""
        if all(self._has_rows(topic, planned) for topic, planned in plan.ranges.items()):
            return Passage()
        placed: list[tuple[int, str, int]] = []
        for topic, planned in plan.ranges.items():
            run, newest = self._runs[topic], 0
            begin, end = (bisect_left(run.offsets, at) for at in (planned.start, planned.end))
            for at in range(begin, end):
                newest = max(newest, run.stamps[at])
                placed.append((newest, topic, at))
        return Passage(self._step(topic, at, plan.now_ms) for _, topic, at in sorted(placed))

    def _has_rows(self, topic: str, planned: Range) -> bool:
        apart = self._apart_in[topic]
        at = bisect_left(apart, planned.start)
        return at == len(apart) or apart[at] >= planned.end

    def _step(self, topic: str, at: int, now_ms: int) -> int | Rowless:
        run = self._runs[topic]
        received_ms = run.received_ms[at] or now_ms
        content = hash((run.said[at], received_ms))
        apart = self._apart.get((topic, run.offsets[at]))
        if apart is None:
            return content
        if topic in ROWLESS:
            found = self.read(apart.value, topic, now_ms)
            return content if isinstance(found, Refusal) else found
        event = decode(apart.value, apart.channel, received_ms, now_ms, self._limits)
        return Undecided(event, topic == FORWARD) if isinstance(event, Touchpoint) else content

    def read(self, value: bytes, topic: str, now_ms: int) -> Told | Decided | Refusal:
        """A record of one of ROWLESS."""
        if topic == BROADCAST:
            return read_told(value)
        return read_decided(value, self._shard, self._partitions, now_ms, self._limits)
