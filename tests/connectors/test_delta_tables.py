"""How a published record becomes a row, and what is refused instead."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.reader import Place
from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published.records import action_record, enriched_record
from connectors.warehouse.tables import DECISIONS, TABLES, TOUCHPOINTS, Table
from state.applied import Applied
from state.decision import Action
from state.times import EPOCH
from state.touchpoint import Touchpoint

PLACE = Place(ENRICHED, 3)

RECORD: dict[str, Any] = {
    "id": "0f",
    "customer_id": "ada",
    "channel": "click",
    "event": "Product Viewed",
    "occurred_at": "2026-01-01T12:00:00.123Z",
    "received_at": "2026-01-01T12:00:01.000Z",
    "original": {"messageId": "1"},
    "profile": {"orders": 2},
    "segments": ["vip"],
    "applied": {"shard": 3, "generation": 0, "commit": 7, "index": 1},
    "playbook": "v1",
}

JSON_FIELDS = {"original", "profile"}

read = TOUCHPOINTS.reader()


def named(table: Table, values: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip([column.name for column in table.columns], values, strict=True))


def test_the_record_that_the_refusals_below_are_made_of_is_taken() -> None:
    row = read(PLACE, json.dumps(RECORD).encode())
    assert row.mark == Applied(3, 0, 7, 1).watermark()
    assert named(TOUCHPOINTS, row.values)["customer_id"] == "ada"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"{}",
        b"not json",
        b"\xff\xfe",
        b"[" * 10_000,
        *[json.dumps({k: v for k, v in RECORD.items() if k != gone}).encode() for gone in RECORD],
        *[json.dumps({**RECORD, key: None}).encode() for key in RECORD.keys() - JSON_FIELDS],
    ],
)
def test_what_is_no_such_record_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whatever its text, the caller shows it
        read(PLACE, value)


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("occurred_at", "2026-01-01T12:00:00.123", "timezone"),
        ("occurred_at", "2026-13-01T12:00:00Z", "RFC3339"),
        ("received_at", 1767268800123, "datetime"),
        ("segments", [1], "str"),
        ("applied", {**RECORD["applied"], "shard": 4}, "expected shard 3, got 4"),
        ("applied", {**RECORD["applied"], "shard": 2**70}, "shard 3"),
        ("applied", {**RECORD["applied"], "commit": 2**62}, "63 bits"),
        ("applied", {**RECORD["applied"], "index": -1}, "63 bits"),
    ],
)
def test_a_value_that_a_column_cannot_hold_is_refused(field: str, wrong: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(PLACE, json.dumps({**RECORD, field: wrong}).encode())


def test_text_that_is_not_utf_8_is_refused_inside_the_original_too() -> None:
    value = json.dumps(RECORD).encode().replace(b'"messageId"', b'"mess\xff"')
    with pytest.raises(ValueError, match="utf-8"):
        read(PLACE, value)


texts = st.text(st.characters(codec="utf-8"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)
moments_ms = st.integers(-62_135_596_800_000, 253_402_300_799_999)


@given(
    at_ms=moments_ms,
    received_ms=moments_ms,
    original=st.dictionaries(st.text("abc"), json_values),
    text=texts,
    segments=st.sets(st.text("ab")),
    applied=st.builds(
        Applied, st.just(3), st.integers(0, 63), st.integers(0, 2**37 - 1), st.integers(0, 9)
    ),
)
def test_a_row_says_what_its_record_said(
    at_ms: int,
    received_ms: int,
    original: dict[str, Any],
    text: str,
    segments: set[str],
    applied: Applied,
) -> None:
    raw = json.dumps(original, indent=1).encode()
    touchpoint = Touchpoint(
        "i", b"", "m", text, "c", "track", text, at_ms, received_ms, {}, {}, raw
    )
    value = enriched_record(touchpoint, {"a": original}, segments, applied, "v1")
    row = read(PLACE, value)
    assert (row.mark, row.size) == (applied.watermark(), len(value))
    values = named(TOUCHPOINTS, row.values)
    assert values["original"] == raw.decode(), "as it came, byte for byte"
    assert json.loads(values["profile"]) == {"a": original}
    assert (values["customer_id"], values["event"]) == (text, text)
    assert values["segments"] == sorted(segments)
    assert (values["occurred_at"], values["received_at"]) == (at_ms * 1000, received_ms * 1000)
    day = datetime.fromordinal(EPOCH.toordinal() + values["date"]).replace(tzinfo=UTC)
    assert (day - EPOCH).total_seconds() * 1000 <= received_ms
    assert received_ms < (day - EPOCH).total_seconds() * 1000 + 86_400_000
    assert (
        Applied(values["shard"], values["generation"], values["commit"], values["index"]) == applied
    )


def test_an_action_becomes_a_row_too() -> None:
    action = Action("id", "offer.decided", "m1", {"offers": []})
    value = action_record("ada", action, 1_767_268_800_123, "v1", Applied(0, 1, 2, 3))
    row = DECISIONS.reader()(Place(ACTIONS, 0), value)
    assert named(DECISIONS, row.values) == {
        "date": 20_454,
        "id": "id",
        "kind": "offer.decided",
        "customer_id": "ada",
        "caused_by": "m1",
        "decided_at": 1_767_268_800_123_000,
        "playbook": "v1",
        "shard": 0,
        "generation": 1,
        "commit": 2,
        "index": 3,
        "body": '{"offers":[]}',
    }


def test_a_column_is_filled_for_every_field_of_a_record() -> None:
    for table in TABLES:
        filled = {(column.field or column.name).split(".")[0] for column in table.columns}
        assert filled == set(table.record.__struct_fields__)
