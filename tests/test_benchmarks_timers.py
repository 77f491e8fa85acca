"""What the benchmarks of timers set going is what they say; nothing here is timed."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
import redis
from click.testing import CliRunner
from msgspec import structs

import benchmarks.__main__
from benchmarks.__main__ import main
from benchmarks.decisions.world import WORLDS
from benchmarks.progress import Progress
from benchmarks.sizes import MORE, QUICK, USUAL, WHAT, Sizes, estimated_s
from benchmarks.timers.customers import KINDS, profiles, views
from benchmarks.timers.index import AT_ONCE, measure_index
from benchmarks.timers.lateness import measure_lateness
from state.profile import decode_profile
from state.store.keys import shard_keys
from tests.services import had

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc")


def test_each_timer_that_is_armed_for_a_near_time_fires_once_and_a_far_one_stays(
    fresh_redis: str,
) -> None:
    rig = cast(Any, SimpleNamespace(redis=SimpleNamespace(redis_url=fresh_redis)))
    timers = 2 * AT_ONCE + 7
    found = measure_index(rig, timers)  # fails when another number fires
    assert found.timers == timers
    assert min(found.arm_far_us, found.arm_near_us, found.fire_us) > 0
    with redis.Redis.from_url(fresh_redis) as client:
        assert [client.zcard(shard_keys(shard).timers) for shard in (0, 1)] == [timers, 0]


def test_events_are_of_customers_from_all_over_once_in_a_turn_and_each_event_is_another() -> None:
    events = [(key, orjson.loads(value)) for _, value, key in views(1_000, 10, range(2, 5))]
    names = [f"customer-{number}" for number in range(0, 1_000, 100)]
    assert [key for key, _ in events] == 3 * names
    assert [event["userId"] for _, event in events] == 3 * names
    assert len({event["messageId"] for _, event in events}) == 30


def test_profiles_are_such_as_simulated_customers_have() -> None:
    found = profiles()
    assert len(found) == KINDS
    assert len(set(found)) == KINDS
    assert all(decode_profile(blob).decided_at for blob in found)


@LINUX
def test_customers_who_only_wait_leave_and_how_late_is_seen_by_reader_and_flow(
    tmp_path: Path,
) -> None:
    found, not_held = had(lambda: measure_lateness(100, 8, tmp_path, Progress(None)))
    if found is None:  # A machine so busy is not what this is about.
        pytest.skip(not_held)
    assert found.arrived.count > 5
    assert found.own.count >= found.arrived.count
    assert 0 < found.arrived.p50 <= found.arrived.most


# How they are asked for


def asked_for(monkeypatch: pytest.MonkeyPatch, *words: str, of: str = "") -> list[str]:
    """What would be measured, or this one of its sizes."""
    asked: list[str] = []

    def nothing(what: list[str], sizes: Sizes, *_: Any, **__: Any) -> None:
        asked.extend(getattr(sizes, of) if of else what)
        raise RuntimeError("measured nothing")

    monkeypatch.setattr(benchmarks.__main__, "measure", nothing)
    assert "measured nothing" in CliRunner().invoke(main, words).stderr
    return asked


@LINUX
def test_rules_timers_and_decisions_are_measured_when_they_are_named_or_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert asked_for(monkeypatch) == list(WHAT)
    assert not set(WHAT) & set(MORE)
    assert asked_for(monkeypatch, "timers") == ["timers"]
    assert asked_for(monkeypatch, "all", "rules") == [*WHAT, *MORE]


@LINUX
def test_decisions_are_made_in_every_world_unless_some_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert asked_for(monkeypatch, "decisions", of="worlds") == list(WORLDS)
    twice = ("--world", "context", "--world", "still", "--world", "context")
    assert asked_for(monkeypatch, "decisions", *twice, of="worlds") == ["context", "still"]
    one, all_of_them = (
        estimated_s(["decisions"], structs.replace(USUAL, worlds=worlds))["decisions"]
        for worlds in (("context",), WORLDS)
    )
    assert one < all_of_them


def test_how_long_rules_timers_and_decisions_take_is_said_as_well() -> None:
    usual, quick = (sum(estimated_s(MORE, sizes).values()) for sizes in (USUAL, QUICK))
    assert 120 < usual < 1_800
    assert 20 < quick < 180
