"""`touchpoints.decided`: what is written there is read as it was, and what is not is refused."""

from typing import Any

import orjson
import pytest

from connectors.events.dead_letter import Reason, Refusal
from connectors.kafka.murmur2 import partition_of
from connectors.published.decided import decided_record, read_decided
from decisions.offering.ask import Question, ask
from state.decided import Decided
from state.decision_ids import decision_id
from state.limits import USUAL
from tests.decisions.offering.shop import offer, shop

PARTITIONS = 4
ANN = shop(offer("tea"))
NOW_MS = ANN.now_ms
SHARD = partition_of(ANN.customer_id, PARTITIONS)


def answered() -> Decided:
    question = Question(ANN.customer_id, "r-1", ("home",), {"page": "x"})
    decided = ask(ANN.profile, question, ANN.playbook, NOW_MS).decided
    assert decided is not None
    return decided


RECORD = decided_record(answered(), ["home"], {"page": "x"})


def read(raw: bytes | None, shard: int = SHARD) -> Decided | Refusal:
    return read_decided(raw, shard, PARTITIONS, NOW_MS, USUAL)


def changed(**changes: Any) -> bytes:
    return orjson.dumps({**orjson.loads(RECORD), **changes})


def of_offer(**changes: Any) -> bytes:
    (body,) = orjson.loads(RECORD)["offers"]
    return changed(offers=[{**body, **changes}])


def test_what_is_read_is_what_was_written() -> None:
    assert read(RECORD) == answered()


def test_of_a_body_only_what_is_known_is_published() -> None:
    assert read(of_offer(more={"deep": [[[]]]})) == answered()


def test_products_and_their_price_are_read_where_there_are_any() -> None:
    found = read(of_offer(products=["p-1", "p-2"], price=49.5))
    assert isinstance(found, Decided)
    (action,) = found.actions
    assert (action.body["products"], action.body["price"]) == (["p-1", "p-2"], 49.5)


def test_one_from_long_ago_is_taken() -> None:
    assert read_decided(RECORD, SHARD, PARTITIONS, NOW_MS + 10**11, USUAL) == answered()


@pytest.mark.parametrize(
    ("raw", "reason", "said"),
    [
        (None, Reason.TOMBSTONE, "no value"),
        (b"", Reason.EMPTY, "no bytes"),
        (b"\xff", Reason.NOT_UTF8, "byte 0"),
        (b"{", Reason.NOT_JSON, ""),
        (b"[" * 100_000, Reason.NOT_JSON, ""),
        (b"[]", Reason.INVALID, "object"),
        (changed(request=""), Reason.INVALID, "$.request"),
        (changed(request="r" * 129), Reason.INVALID, "$.request"),
        (changed(customer_id=7), Reason.INVALID, "$.customer_id"),
        (changed(customer_id="a\x00b"), Reason.BAD_ID, "$.customer_id"),
        (changed(decided_at="yesterday"), Reason.INVALID, "$.decided_at"),
        (changed(decided_at="2026-01-01T00:00:00"), Reason.INVALID, "$.decided_at"),
        (changed(decided_at="9999-12-31T23:59:59Z"), Reason.IN_FUTURE, "the clock"),
        (changed(offers=[]), Reason.INVALID, "$.offers"),
        (of_offer(decision_id="0" * 31), Reason.INVALID, "decision_id"),
        (of_offer(decision_id="0" * 32), Reason.INVALID, "$.offers[0].decision_id"),
        (of_offer(decision_id=decision_id("bob", b"x" * 12).hex()), Reason.INVALID, "customer"),
        (of_offer(offer_id=7), Reason.INVALID, "offer_id"),
        (of_offer(score="1"), Reason.INVALID, "score"),
        (of_offer(eligible=[]), Reason.INVALID, "eligible"),
    ],
)
def test_what_nobody_of_ours_writes_is_refused_with_its_place(
    raw: bytes | None, reason: Reason, said: str
) -> None:
    refused = read(raw)
    assert isinstance(refused, Refusal)
    assert refused.reason is reason
    assert said in refused.detail


def test_a_record_of_another_shards_customer_is_misplaced() -> None:
    refused = read(RECORD, shard=(SHARD + 1) % PARTITIONS)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.MISPLACED
    assert f"expected in partition {SHARD}" in refused.detail
