"""What `decode` takes, and with which reason it refuses the rest."""

import json
import re
from typing import Any

import pytest

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_KEYS,
    decode,
)
from connectors.events.event import FIXED_NAMES
from connectors.events.json_shape import distinct_keys
from state.limits import USUAL
from state.times import rfc3339
from state.touchpoint import Touchpoint, identity
from tests.connectors.samples import AT, AT_MS, CHANNELS, NOW, raw


def take(value: bytes | None) -> Touchpoint:
    result = decode(value, "click", NOW, NOW)
    assert isinstance(result, Touchpoint), result
    return result


def refuse(value: bytes | None) -> Refusal:
    result = decode(value, "click", NOW, NOW)
    assert isinstance(result, Refusal), result
    return result


def nested(levels: int) -> bytes:
    """A whole event, `levels` deep, in a field that is not read."""
    inner = levels - 1
    return raw(context=...)[:-1] + b', "context": ' + b"[" * inner + b"]" * inner + b"}"


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_event_of_each_channel_comes_through_with_all_it_says(channel: str) -> None:
    event = CHANNELS[channel]
    touchpoint = decode(raw(**event), channel, NOW - 5, NOW)
    assert touchpoint == Touchpoint(
        id=identity("ana", "m-1").hex(),
        fingerprint=identity("ana", "m-1")[:8],
        message_id="m-1",
        customer_id="ana",
        channel=channel,
        type="track",
        name=event["event"],
        at_ms=AT_MS,
        received_ms=NOW - 5,
        properties=event["properties"],
        traits={},
        raw=raw(**event),
    )


@pytest.mark.parametrize("kind", FIXED_NAMES)
def test_events_of_other_types_than_track_have_a_fixed_name(kind: str) -> None:
    touchpoint = take(raw(type=kind, event=..., traits={"plan": "gold"}, properties=None))
    assert (touchpoint.type, touchpoint.name) == (kind, FIXED_NAMES[kind])
    assert (touchpoint.traits, touchpoint.properties) == ({"plan": "gold"}, {})


def test_an_event_without_user_id_belongs_to_its_anonymous_id() -> None:
    assert take(raw(userId=...)).customer_id == "a-77"
    assert take(raw(userId=None)).customer_id == "a-77"


def test_the_original_timestamp_stands_in_for_a_missing_one() -> None:
    assert take(raw(timestamp=..., originalTimestamp=AT)).at_ms == AT_MS
    assert take(raw(originalTimestamp="2025-12-25T00:00:00Z")).at_ms == AT_MS


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T02:30:00+02:30", NOW),
        ("2025-12-31T23:59:59.9999Z", NOW - 1),
        ("2025-12-31T23:59:59.001-00:00", NOW - 999),
    ],
)
def test_times_become_whole_milliseconds_in_utc_rounded_down(text: str, ms: int) -> None:
    assert take(raw(timestamp=text)).at_ms == ms


def test_two_customers_may_share_a_message_id() -> None:
    assert take(raw(userId="ana")).id != take(raw(userId="ben")).id


@pytest.mark.parametrize(
    ("number", "read"), [(2**64 - 1, int), (-(2**63), int), (2**64, float), (-(10**40), float)]
)
def test_integers_beyond_64_bits_come_as_floats_wherever_they_stand(
    number: int, read: type
) -> None:
    touchpoint = take(raw(traits={"n": number}, properties={"n": [number]}))
    for value in (touchpoint.traits["n"], touchpoint.properties["n"][0]):
        assert (value, type(value)) == (read(number), read)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, Reason.TOMBSTONE, id="tombstone"),
        pytest.param(b"", Reason.EMPTY, id="empty"),
        pytest.param(b"hello", Reason.NOT_JSON, id="words"),
        pytest.param(b" ", Reason.NOT_JSON, id="blank"),
        pytest.param(b"\x00" * 40, Reason.NOT_JSON, id="zeros"),
        pytest.param(raw()[:-1], Reason.NOT_JSON, id="cut off"),
        pytest.param(raw() + raw(), Reason.NOT_JSON, id="two in one"),
        pytest.param(b"\xef\xbb\xbf" + raw(), Reason.NOT_JSON, id="byte order mark"),
        pytest.param(raw(properties={"price": float("nan")}), Reason.NOT_JSON, id="NaN"),
        pytest.param(raw(context=float("nan")), Reason.NOT_JSON, id="NaN, unread field"),
        pytest.param(raw(context=...)[:-1] + b',"x":1e999}', Reason.NOT_JSON, id="infinite"),
        pytest.param(raw(userId="\ud800"), Reason.NOT_JSON, id="lone surrogate"),
        pytest.param(raw(context="\ud800"), Reason.NOT_JSON, id="lone surrogate, unread field"),
        pytest.param(b"\xff\xfe{}", Reason.NOT_UTF8, id="UTF-16"),
        pytest.param(raw().replace(b"ana", b"\xe4"), Reason.NOT_UTF8, id="Latin-1"),
        pytest.param(raw().replace(b"web", b"\xe4"), Reason.NOT_UTF8, id="Latin-1, unread field"),
        pytest.param(raw().replace(b"web", b"\xed\xa0\x80"), Reason.NOT_UTF8, id="CESU-8"),
        pytest.param(nested(MAX_DEPTH + 1), Reason.TOO_DEEP, id="one level too deep"),
        pytest.param(nested(10_000), Reason.TOO_DEEP, id="10,000 levels"),
        pytest.param(b'{"a":' * 6_000, Reason.TOO_DEEP, id="6,000 levels, never closed"),
        pytest.param(b"[" * MAX_BYTES, Reason.TOO_DEEP, id="brackets only"),
        pytest.param(b"]" * MAX_BYTES, Reason.NOT_JSON, id="closing brackets only"),
        pytest.param(b'"\\' * (MAX_BYTES // 2), Reason.NOT_JSON, id="escapes only"),
        pytest.param(raw(userId="u" * 100_000), Reason.TOO_LARGE, id="userId of 100 KB"),
        pytest.param(b"x" * 1_000_000, Reason.TOO_LARGE, id="as large as brokers allow"),
        pytest.param(
            raw(properties={f"k{n}": {f"l{n}": 0} for n in range(MAX_KEYS // 2)}),
            Reason.TOO_MANY_KEYS,
            id="too many keys over all levels",
        ),
        pytest.param(b"[]", Reason.INVALID, id="an array"),
        pytest.param(b'"event"', Reason.INVALID, id="a string"),
        pytest.param(b"null", Reason.INVALID, id="null"),
        pytest.param(b"{}", Reason.INVALID, id="no fields"),
        pytest.param(raw(messageId=...), Reason.INVALID, id="no messageId"),
        pytest.param(raw(messageId=""), Reason.INVALID, id="empty messageId"),
        pytest.param(raw(messageId="m" * 129), Reason.INVALID, id="long messageId"),
        pytest.param(raw(messageId=7), Reason.INVALID, id="messageId a number"),
        pytest.param(raw(type=...), Reason.INVALID, id="no type"),
        pytest.param(raw(type="buy"), Reason.INVALID, id="unknown type"),
        pytest.param(raw(event=...), Reason.INVALID, id="track without event"),
        pytest.param(raw(event=""), Reason.INVALID, id="empty event"),
        pytest.param(raw(event="e" * 129), Reason.INVALID, id="long event"),
        pytest.param(raw(event=["x"]), Reason.INVALID, id="event an array"),
        pytest.param(raw(userId=12), Reason.INVALID, id="userId a number"),
        pytest.param(raw(anonymousId={}), Reason.INVALID, id="anonymousId an object"),
        pytest.param(raw(timestamp=...), Reason.INVALID, id="no time"),
        pytest.param(raw(timestamp=NOW), Reason.INVALID, id="time a number"),
        pytest.param(raw(timestamp="yesterday"), Reason.INVALID, id="time in words"),
        pytest.param(raw(timestamp="2025-12-31T23:00:00"), Reason.INVALID, id="time without zone"),
        pytest.param(raw(timestamp="2025-13-01T00:00:00Z"), Reason.INVALID, id="month 13"),
        pytest.param(raw(sentAt=1), Reason.INVALID, id="sentAt a number"),
        pytest.param(raw(receivedAt="x"), Reason.INVALID, id="receivedAt in words"),
        pytest.param(raw(properties=[]), Reason.INVALID, id="properties an array"),
        pytest.param(raw(traits="x"), Reason.INVALID, id="traits a string"),
        pytest.param(raw(version=[]), Reason.INVALID, id="version an array"),
        pytest.param(raw(userId=..., anonymousId=...), Reason.NO_ID, id="no id at all"),
        pytest.param(raw(userId=None, anonymousId=None), Reason.NO_ID, id="both ids null"),
        pytest.param(raw(userId=""), Reason.BAD_ID, id="empty userId"),
        pytest.param(raw(userId="u" * 257), Reason.BAD_ID, id="long userId"),
        pytest.param(raw(userId="a\nb"), Reason.BAD_ID, id="line break in userId"),
        pytest.param(raw(userId=..., anonymousId="a\x00"), Reason.BAD_ID, id="NUL in anonymousId"),
        pytest.param(raw(timestamp="0001-01-01T00:00:00Z"), Reason.TOO_LATE, id="year 1"),
        pytest.param(raw(timestamp="0001-01-01T00:00:00+14:00"), Reason.TOO_LATE, id="year 0"),
        pytest.param(raw(timestamp="9999-12-31T23:59:59Z"), Reason.IN_FUTURE, id="year 9999"),
        pytest.param(raw(timestamp="9999-12-31T23:59:59-12:00"), Reason.IN_FUTURE, id="year 10000"),
    ],
)
def test_bad_input_is_refused_with_its_reason(value: bytes | None, reason: Reason) -> None:
    assert refuse(value).reason == reason


@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_nesting_up_to_the_limit_is_taken(levels: int) -> None:
    take(nested(levels))


def test_brackets_in_text_are_no_nesting() -> None:
    take(raw(properties={"smile": '":-[' * 500, "quote\\": '\\"[' * 500}))


def test_the_keys_of_many_like_objects_count_once() -> None:
    take(raw(properties={"products": [{"sku": n, "price": 1} for n in range(500)]}))


def test_as_many_different_keys_as_allowed_are_taken() -> None:
    others = distinct_keys(json.loads(raw(properties={})))
    keys = {f"k{n}": 0 for n in range(MAX_KEYS - others)}
    take(raw(properties=keys))
    assert refuse(raw(properties=keys | {"one": 1})).reason == Reason.TOO_MANY_KEYS


def test_an_event_of_exactly_the_allowed_size_is_taken() -> None:
    filler = MAX_BYTES - len(raw(context=""))
    take(raw(context="x" * filler))
    assert refuse(raw(context="x" * (filler + 1))).reason == Reason.TOO_LARGE


def test_ids_are_taken_up_to_their_limit_in_any_script() -> None:
    for customer_id in ("u" * 256, "Ωμέγα", "a b", "a\u200db", "{s01}:c:x", "☀" * 256):
        assert take(raw(userId=customer_id)).customer_id == customer_id


@pytest.mark.parametrize(
    ("offset_ms", "reason"),
    [
        (USUAL.ahead_ms, None),
        (USUAL.ahead_ms + 1, Reason.IN_FUTURE),
        (-USUAL.late_ms, None),
        (-USUAL.late_ms - 1, Reason.TOO_LATE),
    ],
)
def test_time_limits_include_their_last_millisecond(offset_ms: int, reason: Reason | None) -> None:
    result = decode(raw(timestamp=rfc3339(NOW + offset_ms)), "click", NOW, NOW)
    assert (result.reason if isinstance(result, Refusal) else None) == reason


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"messageId": 7}, "$.messageId"),
        ({"timestamp": "2025-12-31T23:00:00"}, "$.timestamp"),
        ({"event": ...}, "$.event"),
        ({"type": "buy"}, "$.type"),
        ({"traits": []}, "$.traits"),
    ],
)
def test_an_invalid_field_is_named_by_its_path(changes: dict[str, Any], path: str) -> None:
    assert re.search(rf"`{re.escape(path)}`", refuse(raw(**changes)).detail)
