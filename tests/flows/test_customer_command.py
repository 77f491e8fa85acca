"""`touchline customer` says what is known of one customer, in words and as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from connectors.kafka.murmur2 import partition_of
from flows.commands.customer import command
from flows.commands.customer_page import rows_of
from state.event_names import event_key
from state.profile import (
    Cart,
    CartLine,
    ChannelActivity,
    Chat,
    Email,
    Interest,
    Kiosk,
    Orders,
    Profile,
    Sessions,
    encode_profile,
)
from state.store.keys import offers_key, shard_keys
from state.store.lookup import Known

PROFILE = Profile(
    first_at=1_767_225_600_000,
    events={event_key("Order Completed"): 2, "Queue Joined": 1},
    orders=Orders(count=2, value=30.5, recent=[(20_454, 30.5, 2)]),
    affinity={"tea": Interest(5.5, 1_767_225_600_000)},
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
    assert page["affinity"] == {"tea": {"score": 5.5, "at": "2026-01-01T00:00:00.000Z"}}
    assert page["chat"]["rated_at"] == "2026-01-01T00:00:00.000Z"
    assert page["segments"] == {"vip": "2026-01-01T00:00:00.000Z"}
    assert page["offers"] == [{"offer_id": "tea", "rank": 1}]


def test_in_words_an_id_is_shown_as_it_is_and_what_is_empty_is_a_dash(somebody: str) -> None:
    told = touchline_customer("ann [1]", "--redis-url", somebody)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[0] == "customer_id  ann [1]"
    assert "kiosk        -" in lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_the_page_says_how_long_ago_and_rounds_and_gives_each_offer_a_line() -> None:
    minute_ms, day_ms = 60_000, 86_400_000
    now_ms = 1_767_225_600_000 + 10 * day_ms
    profile = Profile(
        first_at=1_767_225_600_000,
        last_at=now_ms - 3 * minute_ms,
        channels={"click": ChannelActivity(1, 0, now_ms - 5_000)},
        events={event_key("Order Completed"): 2, "Queue Joined": 10},
        sessions=Sessions(1, now_ms - minute_ms, now_ms, 5),
        cart=Cart("cart-1", {"tea-01": CartLine(2, 3.5, "tea")}, 7.0, now_ms),
        orders=Orders(2, 1426.8899999999999, now_ms - 2 * day_ms, 678.34, [(20_461, 1426.89, 2)]),
        affinity={"tea": Interest(5.999997360586205, now_ms), "pots": Interest(7.25, now_ms)},
        email=Email(sent=2, unsubscribed=True, last_sent_at=now_ms + 7_200_000),
        kiosk=Kiosk(visits=1, failures=2, last_failure_at=now_ms - 1_000),
        chat=Chat(1, 4, now_ms - 5_000, rating=2, rated_at=now_ms - 5_000),
        traits={"city": "Ulm\x1b[2J", "age": 42},
        segments={"vip": now_ms, "family": now_ms},
        alerts={"vip_unhappy": now_ms - 5_000},
        playbook="v1",
    )
    offer = {
        "offer_id": "tea",
        "rank": 1,
        "placement": "home",
        "channel": "click",
        "score": 900.0,
        "expires_at": "2026-01-12T00:00:00.000Z",
        "reasons": ["drinks tea", "likes pots"],
    }
    rows = rows_of(Known("ann", 3, profile, None), [offer], now_ms)
    assert rows == [
        ("customer_id", "ann"),
        ("shard", "3"),
        ("seen", "3 min ago, first 2026-01-01 00:00"),
        ("segments", "family  since 2026-01-11 00:00"),
        ("", "vip     since 2026-01-11 00:00"),
        (
            "offers",
            "1. tea: home on click, score 900, until 2026-01-12 00:00; drinks tea; likes pots",
        ),
        ("traits", "city Ulm?[2J, age 42"),
        ("channels", "click  1 event, last 5 s ago"),
        ("sessions", "1 visit; the last one began 1 min ago, 5 events"),
        ("cart", "7, changed now"),
        ("", "2 x tea-01 at 3.50 (tea)"),
        ("orders", "2 for 1,426.89, the last 2 d ago for 678.34"),
        ("", "2026-01-08  2 for 1,426.89"),
        ("affinity", "pots 7.25, tea 6"),
        ("email", "2 sent, 0 opened, 0 clicked, 0 bounced; unsubscribed"),
        ("", "last sent in 2 h"),
        ("kiosk", "1 visit, 0 transactions, 2 failures"),
        ("", "last failure 1 s ago"),
        ("chat", "1 conversation, 4 messages; last 5 s ago; rated 2 of 5, 5 s ago"),
        ("events", "10 Queue Joined, 2 Order Completed"),
        ("alerts", "vip_unhappy  5 s ago"),
        ("playbook", "v1"),
    ]


def test_a_long_list_breaks_between_its_items() -> None:
    profile = Profile(traits={f"trait-{number:02d}": "x" * 20 for number in range(4)})
    lines = [line for _, line in rows_of(Known("ann", 3, profile, None), [], 0)]
    item = "xxxxxxxxxxxxxxxxxxxx"
    assert f"trait-00 {item}, trait-01 {item}," in lines
    assert f"trait-02 {item}, trait-03 {item}" in lines


@pytest.mark.parametrize("by_option", [True, False])
def test_an_address_that_is_none_of_redis_is_one_line_without_secrets(by_option: bool) -> None:
    url = "http://me:secret@there"
    if by_option:
        told = touchline_customer("ann", "--redis-url", url)
    else:
        told = CliRunner().invoke(command, ["ann"], env={"TOUCHLINE_REDIS_URL": url})
    assert told.exit_code != 0
    assert "expected redis://, rediss:// or unix://" in told.stderr.splitlines()[-1]
    assert "secret" not in told.output


@pytest.mark.parametrize(
    ("wrong", "got"),
    [
        ("", "0 characters"),
        ("x" * 257, "257 characters"),
        ("ann\n", r"'ann\n'"),
        ("\udcff", r"'\udcff'"),
    ],
)
def test_what_no_event_may_have_as_an_id_is_refused_and_not_looked_up(wrong: str, got: str) -> None:
    told = touchline_customer(wrong, "--redis-url", "redis://127.0.0.1:1")
    assert (told.exit_code, told.stdout) == (2, "")
    line = told.stderr.splitlines()[-1]
    assert line.endswith(f"'ID': expected 1 to 256 characters, no control characters, got {got}")


def test_the_longest_id_an_event_may_have_is_looked_up(fresh_redis: str) -> None:
    told = touchline_customer("é" * 256, "--redis-url", fresh_redis)
    assert told.exit_code == 1
    assert "nothing is known of" in told.stderr


def test_a_redis_that_refuses_the_password_is_told_so(fresh_redis: str) -> None:
    url = fresh_redis.replace("redis://", "redis://nobody:secret@")
    told = touchline_customer("ann", "--redis-url", url)
    assert told.exit_code == 2
    assert told.stderr.startswith(f"Error: Redis at {fresh_redis} refuses the user or password")
    assert "secret" not in told.output


def test_a_profile_that_cannot_be_read_is_one_line(fresh_redis: str) -> None:
    with Redis.from_url(fresh_redis) as redis:
        redis.set(shard_keys(partition_of("ann", 16)).profile_prefix + b"ann", b"no profile")
    told = touchline_customer("ann", "--redis-url", fresh_redis)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("Error: customer 'ann': expected a stored profile")
    assert told.stderr.count("\n") == 1


def test_somebody_never_seen_ends_with_1_and_a_redis_that_is_away_with_2(
    somebody: str, tmp_path: Path
) -> None:
    nobody = touchline_customer("bob", "--redis-url", somebody)
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert f"nothing is known of 'bob' in shard {partition_of('bob', 16)} of 16" in nobody.stderr
    assert "--partitions" in nobody.stderr
    away = touchline_customer("bob", "--redis-url", f"unix://me:secret@{tmp_path}/none.sock")
    assert (away.exit_code, away.stdout) == (2, "")
    assert "gives no answer" in away.stderr
    assert "secret" not in away.stderr
