"""A record is at its end what it was at first, and a mark that cannot be true is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, json

from connectors.kafka.forwarding import (
    MARK,
    MAX_HOPS,
    Forwarded,
    Unmarked,
    forward_again,
    forward_entry,
    read_forwarded,
)
from connectors.kafka.topics import FORWARD, MAX_FORWARD_BYTES, MAX_RECORD_BYTES
from state.outbox import ForwardEntry

CLICK = "touchpoints.click"
IDS = {CLICK: "id of click", "touchpoints.chat": "id of chat", FORWARD: "id of forward"}
PARTITIONS = 16


class Message(Struct, frozen=True):
    """A record somewhere."""

    of: str
    part: int
    at: int
    stamp: int
    name: bytes | None
    body: bytes | None
    more: list[tuple[str, bytes | None]] | None

    def topic(self) -> str:
        return self.of

    def partition(self) -> int:
        return self.part

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp

    def key(self) -> bytes | None:
        return self.name

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return self.more


class Unreadable(Message, frozen=True):
    """One whose header has a name that is not UTF-8."""

    def headers(self) -> Any:
        raise SystemError("<method 'headers'> returned a result with an exception set")


headers = st.lists(st.tuples(st.text(max_size=9), st.none() | st.binary(max_size=9)), max_size=70)
offsets = st.integers(0, 2**63 - 1)
messages = st.builds(
    Message,
    st.sampled_from([CLICK, "touchpoints.chat"]),
    st.integers(0, PARTITIONS - 1),
    offsets,
    st.integers(-1, 2**63 - 1),
    st.none() | st.binary(max_size=9),
    st.binary(min_size=1, max_size=9),
    st.none() | headers,
)
GOOD = Message(CLICK, 3, 41, 1_000, b"ann", b"{}", [("trace", b"7")])


def arrived(entry: ForwardEntry, at: int = 0, stamp: int = 2_000) -> Message:
    """An entry as it lies in the forward topic."""
    return Message(FORWARD, entry.partition, at, stamp, entry.key, entry.value, entry.headers)


def read(message: Message) -> Forwarded:
    return read_forwarded(message, IDS, PARTITIONS)


@given(messages, st.lists(st.tuples(st.integers(0, PARTITIONS - 1), offsets), max_size=2))
def test_a_record_is_the_same_however_often_it_was_forwarded(
    message: Message, detours: list[tuple[int, int]]
) -> None:
    entry = forward_entry(message, IDS[message.of], 5)
    for partition, offset in detours:
        entry = forward_again(read(arrived(entry, offset)), IDS[FORWARD], partition)
    found = read(arrived(entry))
    assert (found.topic(), found.partition(), found.offset()) == (
        message.of,
        message.part,
        message.at,
    )
    assert found.timestamp()[1] == message.stamp
    assert (found.key(), found.value()) == (message.name, message.body)
    assert found.headers() == (message.more or [])[:64]
    assert found.origin.hops == 1 + len(detours)


def test_a_sender_is_where_it_lay_last_and_the_origin_where_it_came_first() -> None:
    first = read(arrived(forward_entry(GOOD, IDS[CLICK], 5), at=9))
    assert first.origin.sender == first.origin.place
    second = read(arrived(forward_again(first, IDS[FORWARD], 6), at=2))
    assert second.origin.place == first.origin.place
    sender = second.origin.sender
    assert (sender.topic_id, sender.partition, sender.offset) == (IDS[FORWARD], 5, 9)


def test_headers_that_nobody_can_read_are_left_out() -> None:
    unreadable = Unreadable(CLICK, 3, 41, 1_000, b"ann", b"{}", None)
    entry = forward_entry(unreadable, IDS[CLICK], 5)
    assert [name for name, _ in entry.headers] == [MARK]
    with pytest.raises(Unmarked, match="got none that can be read"):
        read(Unreadable(FORWARD, 3, 41, 1_000, b"ann", b"{}", None))


def test_the_largest_record_still_fits_once_it_is_marked() -> None:
    """Compressed, a batch may hold more than a record may have bytes: what does not fit is cut."""
    vast: list[tuple[str, bytes | None]] = [("n" * 999, b"v" * MAX_RECORD_BYTES)] * 99
    message = Message(CLICK, 3, 2**63 - 1, 2**62, b"k" * MAX_RECORD_BYTES, b"v" * 32_768, vast)
    entry = forward_entry(message, "i" * 22, 5)
    assert entry.value == message.body
    size = len(entry.key or b"") + len(entry.value)
    size += sum(len(name.encode()) + len(value or b"") + 10 for name, value in entry.headers)
    assert MAX_RECORD_BYTES < size + 1_000 < MAX_FORWARD_BYTES


def mark(**changes: Any) -> bytes:
    """A good mark but for `changes`."""
    good = json.decode(forward_entry(GOOD, IDS[CLICK], 5).headers[0][1] or b"")
    return json.encode({**good, **changes})


PLACE = {"topic_id": IDS[CLICK], "partition": 3, "offset": 41}
FORGED: dict[str, list[tuple[str, bytes | None]] | None] = {
    "none": None,
    "no headers": [],
    "another first": [("trace", b"7"), (MARK, mark())],
    "no content": [(MARK, None)],
    "no UTF-8": [(MARK, b"\xff")],
    "no JSON": [(MARK, b"{")],
    "too deep": [(MARK, mark()[:-1] + b',"more":' + b"[" * 100_000)],
    "no fields": [(MARK, b"{}")],
    "no hops": [(MARK, mark(hops=0))],
    "too many hops": [(MARK, mark(hops=MAX_HOPS + 1))],
    "a topic that is not read": [(MARK, mark(topic="touchpoints.enriched"))],
    "the topic itself": [(MARK, mark(topic=FORWARD, place=PLACE | {"topic_id": IDS[FORWARD]}))],
    "another topic's id": [(MARK, mark(topic="touchpoints.chat"))],
    "a negative offset": [(MARK, mark(place=PLACE | {"offset": -1}))],
    "an offset beyond any": [(MARK, mark(place=PLACE | {"offset": 2**63}))],
    "a partition that is none": [
        (MARK, mark(place=PLACE | {"partition": 16}, sender=PLACE | {"partition": 16}))
    ],
    "a sender elsewhere": [(MARK, mark(sender=PLACE | {"offset": 42}))],
    "a detour past the topic": [(MARK, mark(hops=2))],
    "the sender that is no detour": [(MARK, mark(sender=PLACE | {"topic_id": IDS[FORWARD]}))],
}


@pytest.mark.parametrize("name", FORGED)
def test_a_mark_that_cannot_be_true_is_refused_and_says_what_was_expected(name: str) -> None:
    with pytest.raises(Unmarked, match=MARK):
        read(Message(FORWARD, 5, 0, 2_000, b"ann", b"{}", FORGED[name]))


def test_a_mark_that_can_be_true_is_taken() -> None:
    assert read(Message(FORWARD, 5, 0, 2_000, b"ann", b"{}", [(MARK, mark())])).offset() == 41


def test_what_was_on_its_way_when_its_topics_were_made_anew_is_still_what_it_was() -> None:
    entry = forward_entry(GOOD, "id before", 5)
    again = forward_again(read(arrived(entry)), "id of forward before", 6)
    for each, hops in ((entry, 1), (again, 2)):
        found = read(arrived(each))
        assert (found.topic(), found.offset(), found.origin.hops) == (CLICK, 41, hops)


def test_the_longest_mark_is_taken() -> None:
    name = "touchpoints." + "c" * 237
    most = 2**63 - 1
    ids = {name: "i" * 22, FORWARD: "f" * 22}
    entry = forward_entry(Message(name, 1023, most, most, b"k", b"{}", None), ids[name], 5)
    once = read_forwarded(arrived(entry, most), ids, 1024)
    again = forward_again(once, ids[FORWARD], 1023)
    assert read_forwarded(arrived(again, most), ids, 1024).offset() == most


@given(st.binary())
def test_whatever_bytes_stand_in_a_mark_nothing_else_is_raised(content: bytes) -> None:
    with suppress(Unmarked):
        read(Message(FORWARD, 5, 0, 2_000, b"ann", b"{}", [(MARK, content)]))
