"""What is written again of a dead letter, and what is left."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.events.dead_letter import Reason
from connectors.events.decode import MAX_BYTES
from connectors.events.replayed import REPLAY, first_at_ms, replay_header
from connectors.published.records import MAX_CARRIED_BYTES
from flows.commands.dlq.again import again, refused_again
from flows.commands.dlq.left import Left, LeftBehind
from flows.commands.dlq.letters import Letter
from flows.commands.dlq.mending import Fix
from state.applied import Applied
from state.times import EPOCH
from tests.flows.dead_letters import EVENT, NOON_MS, letter

CHANNELS = ("click", "chat")


def left(found: Letter, fix: Fix | None = None) -> Left:
    with pytest.raises(LeftBehind) as raised:
        again(found, "id", CHANNELS, fix)
    return raised.value.why


def test_an_event_is_written_again_as_it_came_with_a_header_that_says_so() -> None:
    event = again(letter(first_at_ms=NOON_MS - 60_000), "id", CHANNELS, None)
    assert (event.topic, event.value, event.key) == ("touchpoints.click", EVENT, b"ann")
    trace, (name, value) = event.headers
    assert (trace, name) == (("trace", b"\x01"), REPLAY)
    assert json.loads(value or b"") == {
        "topic_id": "id",
        "partition": 3,
        "offset": 41,
        "first_at": "2026-01-15T11:59:00.000Z",
    }
    assert first_at_ms(event.headers, NOON_MS) == NOON_MS - 60_000


def test_of_two_replays_only_the_last_is_told_in_the_headers() -> None:
    headers = [replay_header("id", 1, 2, EPOCH), ("trace", b"\x01")]
    event = again(letter(headers=headers), "id", CHANNELS, None)
    assert [name for name, _ in event.headers] == ["trace", REPLAY]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b'{"userId":"bob","anonymousId":"anon"}', b"bob"),
        (b'{"anonymousId":"anon"}', b"anon"),
        (b'{"userId":null,"anonymousId":"anon"}', b"anon"),
        (b'{"userId":7,"anonymousId":"anon"}', b"ann"),
        (b'{"userId":""}', b"ann"),
        (b"[]", b"ann"),
        (b"no json", b"ann"),
    ],
)
def test_the_key_is_the_customer_where_the_value_tells_one(value: bytes, key: bytes) -> None:
    assert again(letter(raw=value), "id", CHANNELS, None).key == key


def test_the_key_is_that_of_the_mended_event() -> None:
    found = letter(raw=b'{"messageId":"m","userId":7}')
    assert again(found, "id", CHANNELS, Fix(".userId |= tostring")).key == b"7"


@pytest.mark.parametrize("value", [None, b""])
def test_without_a_value_there_is_nothing_to_write_unless_it_is_made(value: bytes | None) -> None:
    found = letter(raw=value, reason=Reason.EMPTY)
    assert left(found) is Left.NO_VALUE
    assert again(found, "id", CHANNELS, Fix('{messageId: "m"}')).value == b'{"messageId":"m"}'


def test_what_was_cut_is_not_written_again() -> None:
    assert left(letter(raw=b"x" * (MAX_CARRIED_BYTES + 1), reason=Reason.TOO_LARGE)) is Left.CUT


def test_what_no_event_may_be_or_no_record_can_be_is_left() -> None:
    assert left(letter(raw=b'"' + b"x" * MAX_BYTES)) is Left.TOO_LARGE
    assert left(letter(headers=[("h", b"x" * 999_900)])) is Left.TOO_LARGE


def test_a_channel_that_is_no_longer_read_is_left() -> None:
    assert left(letter(topic="touchpoints.kiosk")) is Left.NO_CHANNEL


@given(st.integers(0, 99), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_copy_that_a_crash_has_made_has_the_same_mark_and_no_other_letter_has(
    offset: int, generation: int, commit: int, index: int
) -> None:
    place = Applied(3, generation, commit, index)
    found = letter(offset, applied=place)
    assert found.mark("id") == letter(100, applied=place).mark("id")
    others = [
        letter(offset, applied=Applied(4, generation, commit, index)).mark("id"),
        letter(offset, applied=Applied(3, generation, commit, index + 10)).mark("id"),
        letter(offset, applied=Applied(3, generation + 10, commit, index)).mark("id"),
        found.mark("other"),
    ]
    assert found.mark("id") not in others


def test_a_dry_run_can_tell_what_would_be_refused_again() -> None:
    good = letter()
    assert refused_again(good, again(good, "id", CHANNELS, None), NOON_MS) is None
    bad = letter(raw=EVENT.replace(b'"ann"', b"7"))
    assert refused_again(bad, again(bad, "id", CHANNELS, None), NOON_MS) is Reason.INVALID
    mended = again(bad, "id", CHANNELS, Fix(".userId |= tostring"))
    assert refused_again(bad, mended, NOON_MS) is None
