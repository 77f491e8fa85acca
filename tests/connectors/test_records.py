"""What is published is JSON in the documented shape, with the same bytes each time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from connectors.events.dead_letter import Reason
from connectors.events.decode import decode
from connectors.kafka.topics import MAX_DEAD_LETTER_BYTES, MAX_RECORD_BYTES
from connectors.published.record_types import (
    ActionRecord,
    DeadLetterRecord,
    EnrichedRecord,
    OfferEntry,
    OffersDocument,
    read_action,
    read_dead_letter,
    read_enriched,
    read_offers,
)
from connectors.published.records import (
    MAX_HEADER_NAME_CHARACTERS,
    MAX_HEADERS,
    action_record,
    dead_letter_record,
    enriched_record,
    offers_document,
)
from state.applied import Applied
from state.decision import Action, ServedOffer, Serving
from state.touchpoint import Touchpoint
from tests.connectors.samples import AT, NOW, json_objects, json_values, raw, valid_raws

APPLIED = Applied(shard=3, generation=1, commit=70, index=12)
PLACE = {"shard": 3, "generation": 1, "commit": 70, "index": 12}
PROFILE = {"orders": {"count": 2, "value": 120.5}, "channels": ["click"]}
ACTION = Action(
    id="0" * 32, kind="alert.raised", caused_by="m-1", body={"alert": "kiosk_down", "severity": 2}
)
OFFER = ServedOffer(
    offer_id="free_shipping",
    decision_id="1" * 32,
    channel="click",
    rank=1,
    score=8.5,
    propensity=0.1,
    value=85.0,
    placement="banner",
    reasons=["has_cart"],
    expires_at=NOW + 1,
    products=("p-1", "p-2"),
    price=49.5,
)
SERVING = Serving(as_of=NOW, expires_at=NOW + 1, offers=[OFFER])


def touchpoint(value: bytes) -> Touchpoint:
    result = decode(value, "click", NOW - 7, NOW)
    assert isinstance(result, Touchpoint), result
    return result


def enriched(value: bytes | None = None) -> bytes:
    return enriched_record(
        touchpoint(value or raw()), PROFILE, {"vip", "big_spender"}, APPLIED, "retail-1"
    )


def dead_letter(**changes: Any) -> bytes:
    arguments: dict[str, Any] = {
        "raw": b"\xff{",
        "key": b"ana",
        "headers": [("trace", b"\x00\x01"), ("empty", None)],
        "topic": "touchpoints.click",
        "partition": 3,
        "offset": 2**40,
        "reason": Reason.NOT_UTF8,
        "detail": "invalid start byte at byte 0",
        "stage": "decode",
        "at_ms": NOW,
        "first_at_ms": NOW - 60_000,
        "applied": APPLIED,
    }
    return dead_letter_record(**(arguments | changes))


def moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def test_an_enriched_record_says_what_happened_and_what_was_known() -> None:
    assert json.loads(enriched()) == {
        "id": touchpoint(raw()).id,
        "customer_id": "ana",
        "channel": "click",
        "event": "Product Viewed",
        "occurred_at": AT,
        "received_at": "2025-12-31T23:59:59.993Z",
        "original": json.loads(raw()),
        "profile": PROFILE,
        "segments": ["big_spender", "vip"],
        "applied": PLACE,
        "playbook": "retail-1",
    }


def test_an_action_record_says_what_was_decided_and_why() -> None:
    assert json.loads(action_record("ana", ACTION, NOW, "retail-1", APPLIED)) == {
        "id": "0" * 32,
        "kind": "alert.raised",
        "customer_id": "ana",
        "caused_by": "m-1",
        "decided_at": "2026-01-01T00:00:00.000Z",
        "playbook": "retail-1",
        "applied": PLACE,
        "body": {"alert": "kiosk_down", "severity": 2},
    }


def test_an_offers_document_says_what_to_show() -> None:
    offer = {name: getattr(OFFER, name) for name in OFFER.__struct_fields__}
    assert json.loads(offers_document("ana", SERVING)) == {
        "customer_id": "ana",
        "as_of": "2026-01-01T00:00:00.000Z",
        "expires_at": "2026-01-01T00:00:00.001Z",
        "offers": [offer | {"expires_at": "2026-01-01T00:00:00.001Z", "products": ["p-1", "p-2"]}],
    }


def test_an_offer_without_products_says_nothing_of_them() -> None:
    bare = structs.replace(OFFER, products=(), price=None)
    (offer,) = json.loads(offers_document("ana", Serving(NOW, NOW + 1, [bare])))["offers"]
    assert not {"products", "price"} & offer.keys()


def test_a_dead_letter_carries_the_record_whole() -> None:
    assert json.loads(dead_letter()) == {
        "value": "/3s=",
        "key": "YW5h",
        "headers": [["trace", "AAE="], ["empty", None]],
        "topic": "touchpoints.click",
        "partition": 3,
        "offset": 2**40,
        "reason": "not_utf8",
        "detail": "invalid start byte at byte 0",
        "stage": "decode",
        "at": "2026-01-01T00:00:00.000Z",
        "first_at": "2025-12-31T23:59:00.000Z",
        "applied": PLACE,
    }


def test_a_dead_letter_without_value_key_and_headers_is_one_too() -> None:
    letter = read_dead_letter(dead_letter(raw=None, key=None, headers=None))
    assert (letter.value, letter.key, letter.headers) == (None, None, [])


@given(
    st.none() | st.binary(),
    st.none() | st.binary(),
    st.lists(
        st.tuples(st.text(max_size=MAX_HEADER_NAME_CHARACTERS), st.none() | st.binary()),
        max_size=MAX_HEADERS,
    ),
    st.sampled_from(Reason),
)
def test_a_dead_letter_is_read_as_it_was_written(
    value: bytes | None,
    key: bytes | None,
    headers: list[tuple[str, bytes | None]],
    reason: Reason,
) -> None:
    letter = read_dead_letter(dead_letter(raw=value, key=key, headers=headers, reason=reason))
    assert (letter.value, letter.key) == (value, key)
    assert (letter.headers, letter.reason) == (headers, reason)
    assert (letter.at, letter.applied) == (moment(NOW), APPLIED)


def test_a_dead_letter_can_be_written_whatever_the_error_said() -> None:
    letter = read_dead_letter(dead_letter(detail="\ud800" + "x" * 9_999, headers=[("\udcff", b"")]))
    assert letter.detail == "?" + "x" * 999
    assert letter.headers == [("?", b"")]


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"x" * MAX_RECORD_BYTES, []),
        (b"x" * (MAX_RECORD_BYTES - 64 * 130), [("\x01" * 128, b"x")] * 64),
        (b"", [("", b"")] * (MAX_RECORD_BYTES // 2)),
        (b"", [("\x01" * MAX_RECORD_BYTES, b"")]),
    ],
)
def test_the_largest_record_has_a_dead_letter_that_its_topic_takes(
    value: bytes, headers: list[tuple[str, bytes | None]]
) -> None:
    letter = dead_letter(raw=value, headers=headers, detail="\x01" * 9_999)
    assert len(letter) <= MAX_DEAD_LETTER_BYTES


def test_of_a_record_too_large_to_carry_the_key_and_the_beginning_are_kept_and_it_says_so() -> None:
    value = b"x" * (2 * MAX_RECORD_BYTES)
    letter = read_dead_letter(dead_letter(raw=value, key=b"ann", headers=[], detail="too large"))
    assert letter.key == b"ann"
    assert letter.value == value[: MAX_RECORD_BYTES - 3]
    assert letter.detail == f"cut, {MAX_RECORD_BYTES + 3} bytes are left out here; too large"


@given(valid_raws())
def test_the_original_stands_in_the_record_as_it_came(value: bytes) -> None:
    record = enriched(value)
    assert orjson.loads(record)["original"] == orjson.loads(value)
    assert bytes(read_enriched(record).original) == value.strip()


@given(json_objects, st.sets(st.text()))
def test_any_profile_and_segments_are_read_as_they_were_written(
    profile: dict[str, Any], segments: set[str]
) -> None:
    profile = orjson.loads(json.dumps(profile))  # what an event can bring: no wider integers
    record = enriched_record(touchpoint(raw()), profile, segments, APPLIED, "retail-1")
    read = read_enriched(record)
    assert (read.profile, read.segments) == (profile, sorted(segments))
    assert (read.occurred_at.isoformat(), read.received_at) == (
        "2025-12-31T23:59:58.123000+00:00",
        moment(NOW - 7),
    )


@given(json_values)
def test_an_action_is_read_as_it_was_written(value: Any) -> None:
    body = {"value": orjson.loads(json.dumps(value))}
    action = Action(id="0" * 32, kind="alert.raised", caused_by="m-1", body=body)
    read = read_action(action_record("Ωμέγα", action, NOW, "retail-1", APPLIED))
    assert (read.customer_id, read.body, read.decided_at) == ("Ωμέγα", body, moment(NOW))


def test_segments_have_one_order_whatever_order_they_come_in() -> None:
    records = {
        enriched_record(touchpoint(raw()), PROFILE, names, APPLIED, "retail-1")
        for names in (["a", "b", "c"], ["c", "a", "b"], {"b", "c", "a"})
    }
    assert len(records) == 1


@pytest.mark.parametrize(
    ("record", "read", "shape"),
    [
        (enriched(), read_enriched, EnrichedRecord),
        (action_record("ana", ACTION, NOW, "retail-1", APPLIED), read_action, ActionRecord),
        (dead_letter(), read_dead_letter, DeadLetterRecord),
        (offers_document("ana", SERVING), read_offers, OffersDocument),
    ],
)
def test_a_record_has_exactly_the_fields_of_its_type(
    record: bytes, read: Callable[[bytes], object], shape: type[msgspec.Struct]
) -> None:
    assert list(json.loads(record)) == list(shape.__struct_fields__)
    assert type(read(record)) is shape


def test_an_offer_has_exactly_the_fields_of_its_type() -> None:
    (offer,) = json.loads(offers_document("ana", SERVING))["offers"]
    assert list(offer) == list(OfferEntry.__struct_fields__)
