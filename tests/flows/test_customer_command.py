"""`touchline customer` says what is known of one customer, in words and as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from connectors.kafka.murmur2 import partition_of
from flows.commands.customer import command
from state.event_names import event_key
from state.fence import Fence, encode_fence
from state.profile import (
    Answer,
    Chat,
    Consent,
    Interest,
    Orders,
    Profile,
    Proposal,
    encode_profile,
)
from state.store.keys import offers_key, shard_keys

PROFILE = Profile(
    first_at=1_767_225_600_000,
    events={event_key("Order Completed"): 2, "Queue Joined": 1},
    orders=Orders(count=2, value=30.5, recent=[(20_454, 30.5, 2)]),
    affinity={"tea": Interest(5.5, 1_767_225_600_000)},
    chat=Chat(rated_at=1_767_225_600_000, rating=2),
    segments={"vip": 1_767_225_600_000},
    consents={"marketing": Consent(granted=False, at=1_767_225_600_000)},
    answers={"tea": Answer(accepted_at=1_767_225_600_000)},
    proposals=[Proposal(b"ab" * 8, "tea", "click", "home", 1_767_225_600_000)],
)


def touchline_customer(*arguments: str) -> Result:
    """Without the warehouse, unless it is told."""
    given = arguments if "--warehouse-url" in arguments else (*arguments, "--touchpoints", "0")
    return CliRunner().invoke(command, given, env={"TOUCHLINE_PARTITIONS": "16"})


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
    assert page["offers"] == [{"offer_id": "tea", "rank": 1, "title": None}]
    assert page["touchpoints"] is None
    at = "2026-01-01T00:00:00.000Z"
    assert page["consents"] == {"marketing": {"granted": False, "at": at}}
    assert page["answers"] == {"tea": {"dismissed_at": None, "accepted_at": at}}
    (proposal,) = page["proposals"]
    assert (proposal["decision_id"], proposal["decided_at"]) == ("6162" * 8, at)
    assert proposal["shown_at"] is None


def test_in_words_an_id_is_shown_as_it_is_and_what_is_empty_is_a_dash(somebody: str) -> None:
    told = touchline_customer("ann [1]", "--redis-url", somebody)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[0] == "customer_id  ann [1]"
    assert "kiosk        -" in lines
    assert any(line.startswith("consents     marketing  withdrawn ") for line in lines)
    assert any(line.startswith("answered     tea  accepted ") for line in lines)
    assert [line for line in lines if line != line.rstrip()] == []


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


def fence(url: str, partitions: int) -> None:
    """As a flow that has worked on shard 0 leaves it."""
    with Redis.from_url(url) as redis:
        left = Fence(1, "me", 1, 0, 1, partitions, 0, 0, None)
        redis.set(shard_keys(0).fence, encode_fence(left))


@pytest.mark.parametrize(
    ("typed", "partitions", "told"),
    [
        ("bob", 16, "check the spelling, and in touchpoints.dead-letter whether their events"),
        ("Ann [1]", 16, "'ann [1]' is known: an id counts as it is written, capitals and blanks"),
        ("ann [1] ", 16, "'ann [1]' is known: an id counts as it is written, capitals and blanks"),
        ("bob", 8, "cut into 8 partitions, nor there, but that is right: say --partitions 8"),
    ],
)
def test_an_id_that_is_unknown_is_one_sentence_that_says_what_to_check(
    somebody: str, typed: str, partitions: int, told: str
) -> None:
    fence(somebody, partitions)
    unknown = touchline_customer(typed, "--redis-url", somebody)
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    (line,) = unknown.stderr.splitlines()
    where = f"in shard {partition_of(typed, 16)} of 16"
    assert line.startswith(f"Error: nothing is known of {typed!r} {where}; ")
    assert told in line


def test_who_is_known_with_another_number_of_partitions_is_said(somebody: str) -> None:
    fence(somebody, 16)
    wrong = touchline_customer("ann [1]", "--redis-url", somebody, "--partitions", "7")
    assert wrong.exit_code == 1
    told = "this Redis is cut into 16 partitions, they are known there: say --partitions 16"
    assert told in wrong.stderr


def test_a_redis_that_no_flow_has_worked_with_is_said(fresh_redis: str) -> None:
    empty = touchline_customer("ann", "--redis-url", fresh_redis)
    assert empty.exit_code == 1
    assert "no flow has worked with this Redis; check --redis-url" in empty.stderr


def test_a_redis_that_is_away_ends_with_2_and_tells_no_secret(tmp_path: Path) -> None:
    away = touchline_customer("bob", "--redis-url", f"unix://me:secret@{tmp_path}/none.sock")
    assert (away.exit_code, away.stdout) == (2, "")
    assert "gives no answer" in away.stderr
    assert "secret" not in away.stderr


def test_without_a_warehouse_all_else_is_shown_and_the_reason_told(
    somebody: str, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "none")
    told = touchline_customer("ann [1]", "--redis-url", somebody, "--warehouse-url", nowhere)
    assert (told.exit_code, told.stderr) == (0, "")
    assert f"touchpoints  {nowhere}: no such folder; " in told.stdout
    assert "orders       2 for 30.50" in told.stdout


def test_titles_are_those_of_the_playbook_that_is_named(somebody: str) -> None:
    retail = str(Path(__file__).parents[2] / "playbooks" / "retail.yaml")
    told = touchline_customer("ann [1]", "--redis-url", somebody, "--playbook", retail)
    assert "vip  since 2026-01-01 00:00  Spent 2,000 or more within 90 days" in told.stdout


def test_a_warehouse_that_is_named_is_the_one_that_is_asked(somebody: str) -> None:
    def asked(*arguments: str) -> str:
        told = touchline_customer("ann [1]", "--redis-url", somebody, "--json", *arguments)
        return str(json.loads(told.stdout)["warehouse"]["url"])

    assert asked() == "./warehouse"
    assert asked("--warehouse-url", "elsewhere", "--touchpoints", "0") == "elsewhere"


def test_an_address_that_is_none_of_a_warehouse_is_refused_without_its_secret() -> None:
    wrong = touchline_customer("ann", "--warehouse-url", "s3://me:secret@bucket")
    assert wrong.exit_code == 2
    assert "expected a folder, or an address with one of" in wrong.stderr
    assert "secret@" not in wrong.stderr
