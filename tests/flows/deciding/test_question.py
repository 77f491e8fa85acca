"""The body of a request: what it may be, and what is said of what it may not."""

from typing import Any

import orjson
import pytest

from connectors.events.decode import MAX_BYTES, MAX_DEPTH, MAX_KEYS
from flows.deciding.failure import Code, Failure
from flows.deciding.question import Asked, read_question

PLACES = ("home", "inbox")
PLAIN = {"customer_id": "ann", "placement": "home"}


def body(**more: Any) -> bytes:
    return orjson.dumps({**PLAIN, **more})


def test_a_question_may_be_as_short_as_this() -> None:
    asked = read_question(body(), PLACES)
    assert isinstance(asked, Asked)
    assert (asked.places, asked.context, asked.message_id) == (["home"], {}, None)
    assert not asked.early


def test_each_placement_is_asked_for_once_in_their_order() -> None:
    raw = orjson.dumps({"customer_id": "ann", "placements": ["inbox", "home", "inbox"]})
    asked = read_question(raw, PLACES)
    assert isinstance(asked, Asked)
    assert asked.places == ["inbox", "home"]


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b"", Code.NOT_JSON, "expected a JSON object"),
        (b"{", Code.NOT_JSON, "expected a JSON object"),
        (b'{"customer_id": "\xff"}', Code.NOT_JSON, "at byte"),
        (b'{"customer_id": NaN}', Code.NOT_JSON, "expected a JSON object"),
        (b"[1]", Code.INVALID, "Expected `object`"),
        (b'{"placement": "home"}', Code.INVALID, "customer_id"),
        (body(customer_id=7), Code.INVALID, "$.customer_id"),
        (body(customer_id=""), Code.BAD_ID, "$.customer_id"),
        (body(customer_id="a\nb"), Code.BAD_ID, "control characters"),
        (body(customer_id="a" * 257), Code.BAD_ID, "1 to 256"),
        (body(placement=None), Code.INVALID, "one of `placement` and `placements`"),
        (body(placements=["home"]), Code.INVALID, "one of `placement` and `placements`"),
        (body(placement=None, placements=[]), Code.INVALID, "$.placements"),
        (body(placement=None, placements=["home"] * 17), Code.INVALID, "$.placements"),
        (body(placement="hom"), Code.UNKNOWN_PLACEMENT, 'did you mean "home"?'),
        (body(placement="x"), Code.UNKNOWN_PLACEMENT, "home, inbox"),
        (body(placment="home"), Code.INVALID, "placment"),
        (body(context=[]), Code.INVALID, "$.context"),
        (body(message_id=""), Code.INVALID, "$.message_id"),
        (body(message_id="m" * 129), Code.INVALID, "$.message_id"),
        (body(context={"x": "y" * MAX_BYTES}), Code.TOO_LARGE, f"at most {MAX_BYTES} bytes"),
        (
            b'{"customer_id":"ann","placement":"home","context":'
            + b'{"a":' * MAX_DEPTH
            + b"1"
            + b"}" * (MAX_DEPTH + 1),
            Code.TOO_DEEP,
            f"at most {MAX_DEPTH} levels",
        ),
        (
            body(context={str(n): n for n in range(MAX_KEYS)}),
            Code.TOO_MANY_KEYS,
            f"at most {MAX_KEYS} different keys",
        ),
    ],
)
def test_what_it_may_not_be_is_named(raw: bytes, code: Code, said: str) -> None:
    failed = read_question(raw, PLACES)
    assert isinstance(failed, Failure)
    assert failed.code is code
    assert said in failed.message
