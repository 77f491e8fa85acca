"""`touchline customer` says what is known of one customer, in words and as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from connectors.murmur2 import partition_of
from flows.commands.customer import command
from state.event_names import event_key
from state.keys import offers_key, shard_keys
from state.profile import Chat, Orders, Profile, encode_profile

PROFILE = Profile(
    first_at=1_767_225_600_000,
    events={event_key("Order Completed"): 2, "Queue Joined": 1},
    orders=Orders(count=2, value=30.5, recent=[(20_454, 30.5, 2)]),
    chat=Chat(rated_at=1_767_225_600_000, rating=2),
    segments={"vip": 1_767_225_600_000},
)


def touchline_customer(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, env={"TOUCHLINE_PARTITIONS": "16"})


@pytest.fixture
def somebody(fresh_redis: str) -> str:
    """The address of a Redis in which `ann [1]` is known."""
    with Redis.from_url(fresh_redis) as redis:
        keys = shard_keys(partition_of("ann [1]", 16))
        redis.set(keys.profile_prefix + b"ann [1]", encode_profile(PROFILE))
        redis.set(offers_key("ann [1]"), '{"offers":[{"offer_id":"tea","rank":1}]}')
    return fresh_redis


def test_what_is_known_of_a_customer_is_told_by_its_documented_names(somebody: str) -> None:
    told = touchline_customer("ann [1]", "--json", "--redis-url", somebody)
    assert told.exit_code == 0
    page = json.loads(told.stdout)
    assert page["customer_id"] == "ann [1]"
    assert page["first_at"] == "2026-01-01T00:00:00.000Z"
    assert page["last_at"] is None
    assert page["events"] == {"Order Completed": 2, "Queue Joined": 1}
    assert page["orders"]["recent"] == [{"date": "2026-01-01", "value": 30.5, "orders": 2}]
    assert page["chat"]["rated_at"] == "2026-01-01T00:00:00.000Z"
    assert page["segments"] == {"vip": "2026-01-01T00:00:00.000Z"}
    assert page["offers"] == [{"offer_id": "tea", "rank": 1}]


def test_in_words_an_id_is_shown_as_it_is_and_what_is_empty_is_a_dash(somebody: str) -> None:
    told = touchline_customer("ann [1]", "--redis-url", somebody)
    assert told.exit_code == 0
    rows = [line.partition("  ") for line in told.stdout.splitlines()]
    lines = {name: text.strip() for name, _, text in rows}
    assert lines["customer_id"] == "ann [1]"
    assert lines["kiosk"] == "-"
    assert "Order Completed 2" in lines["events"]


def test_somebody_never_seen_ends_with_1_and_a_redis_that_is_away_with_2(
    somebody: str, tmp_path: Path
) -> None:
    nobody = touchline_customer("bob", "--redis-url", somebody)
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert "nothing is known of 'bob'" in nobody.stderr
    away = touchline_customer("bob", "--redis-url", f"unix://me:secret@{tmp_path}/none.sock")
    assert (away.exit_code, away.stdout) == (2, "")
    assert "gives no answer" in away.stderr
    assert "secret" not in away.stderr
