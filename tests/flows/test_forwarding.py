"""What a shard sends on, what it makes of what was sent to it, and whom it tells."""

from typing import Any, cast

import pytest
from msgspec import Struct, json, structs

from connectors.events.dead_letter import Reason
from connectors.kafka.edges import Edge
from connectors.kafka.forwarding import (
    MARK,
    MAX_HOPS,
    forward_entry,
    read_forwarded,
)
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.planned_checksum import planned_checksum
from connectors.kafka.topics import FORWARD
from connectors.published.record_types import read_dead_letter, read_enriched
from flows.processor import forwarding
from flows.processor.booking import book
from flows.processor.decide import decide_step
from flows.processor.flush import REPEAT, Elsewhere, Flush, Slice
from flows.processor.forwarding import MisplacedNotice
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from flows.processor.steps import decode_step, route_step
from flows.recovery.recreated import accept_input, begun_of
from flows.settings import Settings
from state.fence import Fence, Plan, Position, Range
from state.ordering import checksum
from state.origins import is_new
from state.outbox import ForwardEntry
from state.times import rfc3339
from state.touchpoint import Touchpoint
from tests.flows.one_flush import EVENT, NOW_MS, RETAIL, SHARD, flush_of

CLICK = "touchpoints.click"
IDS = {CLICK: "c", "touchpoints.chat": "h", FORWARD: "f"}
ELSEWHERE = partition_of("bob", Settings().partitions)


class Came(Struct, frozen=True):
    """A record somewhere."""

    of: str
    at: int
    body: bytes
    more: list[tuple[str, bytes | None]] = []
    part: int = SHARD
    stamp: int = NOW_MS - 5_000

    def topic(self) -> str:
        return self.of

    def partition(self) -> int:
        return self.part

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp

    def key(self) -> bytes | None:
        return b"a key"

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> list[tuple[str, bytes | None]]:
        return self.more


def event(customer: str, number: int = 0, **changes: Any) -> bytes:
    return json.encode({**EVENT, "userId": customer, "messageId": f"m{number}", **changes})


def sent(body: bytes, at: int = 41, of: str = CLICK) -> ForwardEntry:
    """What shard ELSEWHERE sends here of a record at its offset `at`."""
    came = Came(of, at, body, [("trace", b"7")], ELSEWHERE, NOW_MS - 60_000)
    return forward_entry(came, IDS[of], SHARD)


def arrived(entry: ForwardEntry, at: int = 0) -> Came:
    return Came(FORWARD, at, entry.value, entry.headers)


def flushed(
    *messages: Came, shard: Shard | None = None, ids: dict[str, str] = IDS
) -> tuple[Processor, Slice]:
    """A flush of these by a shard, a new one unless given, as far as it is decided."""
    processor, part = flush_of(NOW_MS)
    processor.input_ids = ids
    positions = {topic: Position(topic_id, 0) for topic, topic_id in ids.items()}
    part.shard.fence = Fence(1, "me", 1, 0, 0, 16, 0, 0, None, positions)
    ranges = {message.of: Range(0, 99, 1) for message in messages}
    plan = Plan(1, 0, ranges, NOW_MS, RETAIL.version, "b", 0)
    part = Slice(shard or part.shard, plan, False, cast(Any, [*messages]))
    for step in (decode_step, route_step, decide_step):
        step(processor, Flush([part]))
    return processor, part


def test_an_event_of_another_shard_is_sent_on_as_it_came_and_is_nothing_else_here() -> None:
    message = Came(CLICK, 7, event("bob"), [("trace", b"7")])
    _, part = flushed(message, Came(CLICK, 8, event("ann")))
    assert part.events[0] == Elsewhere(ELSEWHERE)
    assert part.forwards == [forward_entry(message, IDS[CLICK], ELSEWHERE)]
    assert (len(part.rows), part.dead_letters, [*part.touched]) == (1, [], ["ann"])
    assert part.tally["forwarded"] == {CLICK: 1}
    assert part.tally["accepted"] == {"click": 1}


def test_it_counts_where_it_belongs_as_if_it_had_come_right() -> None:
    _, part = flushed(arrived(sent(event("ann"), of="touchpoints.chat")))
    ((customer, record),) = part.rows
    row = read_enriched(record)
    assert (customer, row.channel) == ("ann", "chat")
    assert round(row.received_at.timestamp() * 1000) == NOW_MS - 60_000
    assert part.tally["accepted"] == {"chat": 1}
    assert part.origins == part.shard.origins == {f"h:{ELSEWHERE}": 42}


def test_what_was_on_its_way_counts_though_its_channel_was_taken_out_of_the_settings() -> None:
    entry = sent(event("ann"), of="touchpoints.chat")
    left = {topic: topic_id for topic, topic_id in IDS.items() if topic != "touchpoints.chat"}
    processor, part = flushed(arrived(entry), ids=left)
    assert part.dead_letters == []
    assert [read_enriched(record).channel for _, record in part.rows] == ["chat"]
    book(processor, Flush([part]))
    accepted = {"channel": "chat", "outcome": "accepted"}
    assert processor.meter.value("touchline_events_total", **accepted) == 1


def test_a_flush_done_again_is_the_same_though_the_topic_of_its_sender_was_made_anew() -> None:
    message = arrived(sent(event("ann")))
    parts = [flushed(message, ids=ids)[1] for ids in (IDS, IDS | {CLICK: "another"})]
    assert parts[0].rows == parts[1].rows != []
    assert parts[0].origins == parts[1].origins


def test_new_events_of_a_topic_that_lost_its_end_are_not_taken_for_those_that_lay_there() -> None:
    """The offsets of what was lost are given once more."""
    processor, sending = flush_of(NOW_MS)
    position, origins = Position("c", 0), dict[str, int]()
    for number in (0, 1):
        position = structs.replace(position, next_offset=50)  # where it was read to
        fence = Fence(1, "me", 1, 0, 0, 16, 0, 0, None, {CLICK: position})
        sending.shard.fence = fence
        message = Came(CLICK, 41, event("bob", number))
        part = Slice(sending.shard, sending.plan, False, cast(Any, [message]))
        for step in (decode_step, route_step, decide_step):
            step(processor, Flush([part]))
        sender = read_forwarded(arrived(part.forwards[0]), IDS, 16).origin.sender
        assert is_new(origins, sender.topic_id, sender.offset)
        cut = accept_input(SHARD, fence, CLICK, "c", Edge(0, 41), 0, begun_of(fence, [], CLICK))
        assert cut is not None
        position = cut[0].positions[CLICK]


def test_as_a_dead_letter_it_names_the_place_where_it_came() -> None:
    _, part = flushed(arrived(sent(b"not an event", at=41)))
    ((key, record),) = part.dead_letters
    letter = read_dead_letter(record)
    assert (letter.topic, letter.partition, letter.offset) == (CLICK, ELSEWHERE, 41)
    assert (key, letter.key, letter.value) == (b"a key", b"a key", b"not an event")
    assert letter.headers == [("trace", b"7")]
    assert part.tally["dead_letter"] == {CLICK: 1}


def test_one_that_has_come_before_is_no_event_in_the_same_flush_or_a_later_one() -> None:
    again = sent(event("ann"), at=41)
    _, part = flushed(
        arrived(again, 0), arrived(again, 1), arrived(sent(event("ann", 1), at=40), 2)
    )
    assert part.events[1:] == [REPEAT, REPEAT]
    processor, later = flushed(
        arrived(again, 3), arrived(sent(event("ann", 2), at=42), 4), shard=part.shard
    )
    assert [len(one.rows) for one in (part, later)] == [1, 1]
    assert later.origins == {f"c:{ELSEWHERE}": 43}
    book(processor, Flush([later]))
    assert processor.meter.value("touchline_forward_repeats_total") == 1
    assert [one.tally["forward_repeat"] for one in (part, later)] == [{FORWARD: 2}, {FORWARD: 1}]


def test_a_shard_that_is_lost_forgets_origins_that_were_never_committed() -> None:
    _, part = flushed(arrived(sent(event("ann"))))
    part.shard.store = cast(Any, type("Closed", (), {"close": lambda _: None})())
    part.shard.lose(0.0)
    assert part.shard.origins == {}


def test_an_event_is_forwarded_three_times_at_most() -> None:
    """Nobody's shard agrees that bob belongs to it."""
    message = Came(CLICK, 7, event("bob"))
    for hops in range(1, MAX_HOPS + 1):
        _, part = flushed(message)
        (entry,) = part.forwards
        assert json.decode(entry.headers[0][1] or b"")["hops"] == hops
        message = arrived(entry, at=hops)
    _, part = flushed(message)
    assert part.forwards == []
    ((_, record),) = part.dead_letters
    letter = read_dead_letter(record)
    assert (letter.reason, letter.stage) == (Reason.MISPLACED, "route")
    assert (letter.topic, letter.partition, letter.offset) == (CLICK, SHARD, 7)
    assert f"expected in partition {ELSEWHERE}" in letter.detail


def test_what_nobody_forwarded_is_a_dead_letter_of_the_place_where_it_lies() -> None:
    _, part = flushed(Came(FORWARD, 3, event("ann"), [("trace", b"7")]))
    ((_, record),) = part.dead_letters
    letter = read_dead_letter(record)
    assert (letter.reason, letter.topic, letter.offset) == (Reason.BAD_ORIGIN, FORWARD, 3)
    assert letter.headers == [("trace", b"7")]
    assert part.rows == []


def test_what_was_forwarded_says_how_new_its_own_topic_is_and_not_the_channel_s() -> None:
    older, newer = rfc3339(NOW_MS - 9_000), rfc3339(NOW_MS - 3_000)
    processor, part = flushed(
        Came(CLICK, 7, event("ann", 1, timestamp=older)),
        arrived(sent(event("ann", 2, timestamp=newer))),
    )
    book(processor, Flush([part]))
    assert part.shard.newest_ms == {CLICK: NOW_MS - 9_000, FORWARD: NOW_MS - 3_000}
    repeated = arrived(sent(event("ann", 2, timestamp=rfc3339(NOW_MS)), at=99))
    processor, part = flushed(repeated, shard=part.shard)
    book(processor, Flush([part]))
    assert part.tally["duplicate"] == {"click": 1}
    assert part.shard.newest_ms == {CLICK: NOW_MS - 9_000, FORWARD: NOW_MS - 3_000}


def test_the_checksum_tells_another_mark_from_the_planned_one() -> None:
    """The same event may have been sent twice: what it does depends on where it came from."""
    one, other = (arrived(sent(event("ann"), at=at)) for at in (41, 42))
    assert checksum([one]) == checksum([other])
    assert planned_checksum({FORWARD}, [one]) != planned_checksum({FORWARD}, [other])
    plain = Came(CLICK, 1, event("ann"), [(MARK, b"no mark here")])
    assert planned_checksum({CLICK, FORWARD}, [plain]) == checksum([plain])


def test_people_are_told_at_most_once_a_minute_a_topic_and_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[tuple[Any, ...]] = []
    now = 1_000.0
    clock = type("Clock", (), {"monotonic": staticmethod(lambda: now)})
    monkeypatch.setattr(forwarding, "time", clock)
    notice = MisplacedNotice(lambda *words: said.append(words[1:]))

    def came(topic: str, *offsets: int) -> None:
        _, part = flushed(*(Came(topic, at, event("bob", at)) for at in offsets))
        notice.note(part)

    came(CLICK, 7, 8)
    came(CLICK, 9)
    came("touchpoints.chat", 3)
    now += 59
    came(CLICK, 10)
    now += 1
    came(CLICK, 11)
    assert said == [
        (CLICK, 2, 7, SHARD, ELSEWHERE),
        ("touchpoints.chat", 1, 3, SHARD, ELSEWHERE),
        (CLICK, 3, 11, SHARD, ELSEWHERE),
    ]


def test_nothing_is_told_of_a_flush_in_which_all_lies_right() -> None:
    said: list[Any] = []
    _, part = flushed(Came(CLICK, 7, event("ann")))
    MisplacedNotice(said.append).note(part)
    assert said == []
    assert isinstance(part.events[0], Touchpoint)
