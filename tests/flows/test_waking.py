"""What time brings about and cannot be decided leaves a customer as they were, until later."""

from typing import Any

import pytest
from msgspec import structs

from connectors.kafka.murmur2 import partition_of
from flows.processor import waking
from flows.processor.decide import decide_step
from flows.processor.flush import Flush
from flows.processor.waking import AGAIN_MS, find_due, let_time_pass, still_due
from state.profile import Profile, encode_profile
from tests.flows.one_flush import NOW_MS, SHARD, flush_of


def test_a_wake_that_fails_is_counted_changes_nothing_and_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoils(profile: Profile, *_: Any) -> None:
        profile.segments["half"] = 1
        raise ValueError

    monkeypatch.setattr(waking, "wake", spoils)
    processor, part = flush_of(NOW_MS)
    before = Profile(due_at=NOW_MS - 5, playbook="0123456789ab")
    after, decisions = let_time_pass(processor, part, "ann", before, NOW_MS)
    assert decisions == []
    assert after.due_at == NOW_MS + AGAIN_MS
    # All rules are asked at the next event: the playbook is as one that was never asked.
    assert encode_profile(after) == encode_profile(Profile(due_at=NOW_MS + AGAIN_MS))
    assert processor.meter.value("touchline_wakes_failed_total") == 1


def test_of_many_wakes_that_fail_in_a_flush_the_first_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr(waking, "wake", fails)
    processor, part = flush_of(NOW_MS)
    for customer in ("ann", "bob", "eve"):
        let_time_pass(processor, part, customer, Profile(due_at=NOW_MS - 5), NOW_MS)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert processor.meter.value("touchline_wakes_failed_total") == 3


def test_a_timer_that_is_not_its_profiles_is_set_right_and_nobody_is_asked_for_nothing() -> None:
    processor, part = flush_of(NOW_MS, {})  # a dead letter, so nobody has an event
    elsewhere = next(name for name in map(str, range(99)) if partition_of(name, 16) != SHARD)
    part.plan = structs.replace(part.plan, complete_ms=NOW_MS, wake=10)
    part.shard.profiles = {
        "later": Profile(due_at=NOW_MS + 60_000),
        "never": Profile(),
        "now": Profile(due_at=NOW_MS - 9),
    }
    names = ("later", "never", "now", elsewhere)
    part.due = [(NOW_MS - 9, customer) for customer in names]
    part.shard.timers.extend(part.due, 100, {})
    decide_step(processor, Flush([part]))
    assert part.timers.keys() == set(names)
    assert part.timers["later"] == NOW_MS + 60_000
    assert part.timers["never"] == part.timers[elsewhere] == 0
    assert part.woken == [NOW_MS - 9]
    assert part.shard.timers.first() > NOW_MS


def test_who_is_due_and_whose_only_event_is_a_repeat_is_found_too() -> None:
    processor, part = flush_of(NOW_MS, {})
    part.plan = structs.replace(part.plan, complete_ms=NOW_MS, wake=1)
    due = [(NOW_MS - 9, "repeats"), (NOW_MS - 8, "away"), (NOW_MS - 7, "too many")]
    part.shard.timers.extend(due, 100, {})
    find_due(processor, part, ["repeats"])
    assert part.due == due[:2]
    part.shard.profiles = {name: Profile(due_at=at_ms) for at_ms, name in due}
    part.clock_ms = NOW_MS
    assert still_due(part) == due[:1]
