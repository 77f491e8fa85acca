"""A message id is a repeat within the window that the playbook declares, and not beyond it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.fold import fold
from state.limits import USUAL
from state.profile import Profile, decode_profile, encode_profile
from state.repeats import ENTRY_BYTES, LAST_RECEIVED_MS, Window
from state.touchpoint import Touchpoint
from tests.state.traffic import HOUR_MS, MINUTE_MS, START_MS, touchpoint

DAY_MS = 24 * HOUR_MS


def received(message_id: str, received_ms: int) -> Touchpoint:
    """An event with this id, which came then."""
    event = touchpoint("Page Viewed", message_id=message_id)
    event.received_ms = received_ms
    return event


def taken(profile: Profile, message_id: str, received_ms: int, window: Window) -> bool:
    return fold(profile, received(message_id, received_ms), {}, window) != 0


def test_the_usual_window_is_64_ids_and_24_hours() -> None:
    assert (USUAL.duplicates.ids, USUAL.duplicates.within_ms) == (64, DAY_MS)


@pytest.mark.parametrize("within_ms", [MINUTE_MS, 90_000, DAY_MS, 90 * DAY_MS])
def test_an_id_is_a_repeat_up_to_the_last_second_of_the_window(within_ms: int) -> None:
    window, profile = Window(within_ms=within_ms), Profile()
    first_ms = START_MS + 999
    assert taken(profile, "m", first_ms, window)
    last_ms = START_MS + within_ms + 999
    assert not taken(profile, "m", last_ms, window)
    assert taken(profile, "m", last_ms + 1, window)


def test_a_repeat_does_not_make_the_window_longer() -> None:
    window, profile = Window(within_ms=HOUR_MS), Profile()
    assert taken(profile, "m", START_MS, window)
    assert not taken(profile, "m", START_MS + HOUR_MS, window)
    assert taken(profile, "m", START_MS + HOUR_MS + 1_000, window)


def test_the_window_begins_again_with_an_id_that_is_taken_again() -> None:
    window, profile = Window(within_ms=HOUR_MS), Profile()
    times = [START_MS + n * (HOUR_MS + 1_000) for n in range(4)]
    assert all(taken(profile, "m", at_ms, window) for at_ms in times)
    assert not taken(profile, "m", times[-1] + HOUR_MS, window)
    assert all(later - earlier > HOUR_MS for earlier, later in pairwise(times))


@pytest.mark.parametrize("before_ms", [1, HOUR_MS, 400 * DAY_MS])
def test_what_was_received_by_a_clock_that_is_behind_is_a_repeat_too(before_ms: int) -> None:
    profile = Profile()
    assert taken(profile, "m", START_MS, USUAL.duplicates)
    assert not taken(profile, "m", START_MS - before_ms, USUAL.duplicates)


@pytest.mark.parametrize("ids", [1, 2, 63, 64, 65, 1_024])
def test_as_many_ids_are_remembered_as_are_declared(ids: int) -> None:
    window, profile = Window(ids=ids), Profile()
    for number in range(2 * ids):
        assert taken(profile, f"m{number}", START_MS, window)
    for number in range(ids, 2 * ids):
        assert not taken(profile, f"m{number}", START_MS, window)
    assert taken(profile, f"m{ids - 1}", START_MS, window)


def test_a_narrower_window_forgets_at_once_what_it_does_not_reach() -> None:
    wide, narrow, profile = Window(ids=10), Window(ids=3), Profile()
    for number in range(10):
        taken(profile, f"m{number}", START_MS, wide)
    assert not taken(profile, "m7", START_MS, narrow)
    assert taken(profile, "m6", START_MS, narrow)
    assert len(profile.recent) == 3 * ENTRY_BYTES
    assert taken(profile, "m7", START_MS, wide)


@pytest.mark.parametrize("received_ms", [0, 1, 999, LAST_RECEIVED_MS])
def test_any_time_of_receipt_can_be_remembered(received_ms: int) -> None:
    profile = Profile()
    assert taken(profile, "m", received_ms, USUAL.duplicates)
    assert not taken(profile, "m", received_ms, USUAL.duplicates)


def test_each_id_that_is_remembered_takes_12_bytes_of_the_stored_profile() -> None:
    sizes = []
    for ids in (64, 1_024):
        profile = Profile()
        for number in range(ids):
            taken(profile, str(number), START_MS, Window(ids=ids))
        profile.events.clear()
        profile.channels.clear()
        sizes.append(len(encode_profile(profile)))
    assert 12 * (1_024 - 64) <= sizes[1] - sizes[0] <= 12 * (1_024 - 64) + 8


ids = st.sampled_from("abcdefgh")
gaps = st.sampled_from([0, 1, 999, 30_000, MINUTE_MS, MINUTE_MS + 1_000]) | st.integers(
    -2 * MINUTE_MS, 2 * MINUTE_MS
)
windows = st.builds(Window, st.integers(1, 8), st.integers(60, 150).map(lambda s: s * 1_000))


@given(st.lists(st.tuples(ids, gaps), max_size=60), windows)
def test_what_is_taken_is_what_a_list_of_all_that_was_taken_says(
    came: list[tuple[str, int]], window: Window
) -> None:
    """Stored and read again after each event, as between two flushes."""
    profile, accepted, now_ms = Profile(), list[tuple[str, int]](), START_MS
    for message_id, gap_ms in came:
        now_ms += gap_ms
        repeated = any(
            known == message_id and now_ms // 1_000 - second <= window.within_ms // 1_000
            for known, second in accepted[-window.ids :]
        )
        assert taken(profile, message_id, now_ms, window) is not repeated
        if not repeated:
            accepted.append((message_id, now_ms // 1_000))
        profile = decode_profile(encode_profile(profile))
    assert profile.channels["click"].events == len(accepted) if came else not profile.channels
