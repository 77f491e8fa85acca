"""What time brings about and cannot be decided leaves a customer as they were, until later."""

from typing import Any

import pytest

from flows.processor import waking
from flows.processor.waking import AGAIN_MS, let_time_pass
from state.profile import Profile, encode_profile
from tests.flows.one_flush import NOW_MS, flush_of


def test_a_wake_that_fails_is_counted_changes_nothing_and_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoils(profile: Profile, *_: Any) -> None:
        profile.segments["half"] = 1
        raise ValueError

    monkeypatch.setattr(waking, "wake", spoils)
    processor, part = flush_of(NOW_MS)
    before = Profile(due_at=NOW_MS - 5)
    after, decisions = let_time_pass(processor, part, "ann", before, NOW_MS)
    assert decisions == []
    assert after.due_at == NOW_MS + AGAIN_MS
    assert encode_profile(after) == encode_profile(Profile(due_at=NOW_MS + AGAIN_MS))
    assert processor.meter.value("touchline_wakes_failed_total") == 1
