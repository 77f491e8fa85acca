"""Laws of `decode`: whatever comes, it answers; what it takes, every other reader can read."""

import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from connectors.events.dead_letter import Refusal
from connectors.events.decode import decode
from connectors.events.json_shape import deeper_than, distinct_keys
from state.touchpoint import Touchpoint
from tests.connectors.samples import CLICK, NOW, json_values, raw, valid_raws

SECRET = "Zq7Xv"


def answer(value: bytes) -> Touchpoint | Refusal:
    """Either door; a touchpoint must be readable as JSON, its ids be what they are."""
    result = decode(value, "click", NOW, NOW)
    if isinstance(result, Touchpoint):
        assert isinstance(orjson.loads(result.raw), dict)
        value.decode()
        assert len(result.id) == 32
        assert bytes.fromhex(result.id)[:8] == result.fingerprint
        assert result.customer_id
    else:
        assert isinstance(result, Refusal)
        assert result.detail
    assert decode(value, "click", NOW, NOW) == result
    return result


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(value: bytes) -> None:
    answer(value)


@given(st.text(alphabet='{}[]":,\\ue0eE+-.19 tn', max_size=200))
def test_anything_like_json_gets_an_answer(text: str) -> None:
    answer(text.encode())
    answer(raw(context=...)[:-1] + b',"x":' + text.encode() + b"}")


@given(json_values)
def test_any_json_gets_an_answer(value: Any) -> None:
    answer(json.dumps(value).encode())


@given(st.dictionaries(st.sampled_from(list(CLICK)), json_values))
def test_an_event_with_any_fields_replaced_gets_an_answer(changes: dict[str, Any]) -> None:
    answer(raw(**changes))


@given(st.data())
def test_a_damaged_event_gets_an_answer(data: st.DataObject) -> None:
    value = bytearray(data.draw(valid_raws()))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(value) - 1))
        width = data.draw(st.integers(0, 4))
        value[place : place + width] = data.draw(st.binary(max_size=4))
    answer(bytes(value))


@given(valid_raws())
def test_a_valid_event_is_always_taken(value: bytes) -> None:
    assert isinstance(answer(value), Touchpoint)


@given(st.sampled_from(list(CLICK)), st.data())
def test_no_detail_repeats_what_the_event_held(field: str, data: st.DataObject) -> None:
    holders: list[Any] = [SECRET, {SECRET: SECRET}, [SECRET], {"a": {SECRET: SECRET}}, SECRET * 60]
    value = raw(**{field: data.draw(st.sampled_from(holders))})
    cut = data.draw(st.integers(0, len(value)))
    for text in (value, value[:cut], value[cut:], value[:cut] + b"\xff" + value[cut:]):
        result = decode(text, "click", NOW, NOW)
        if isinstance(result, Refusal):
            assert SECRET not in result.detail
            assert CLICK["userId"] not in result.detail


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


@given(json_values, st.booleans())
def test_depth_and_keys_are_those_of_the_parsed_value(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    levels = depth(value)
    assert not deeper_than(text, levels)
    assert levels == 0 or deeper_than(text, levels - 1)
    assert distinct_keys(value) == len(keys(value))
