"""Silence counts only as long as somebody has listened."""

from flows.processor.attention import AWAKE_MS, PASSED_BYTES, PAUSE_MS, Attention

NOW_MS = 1_800_000_000_000


def listening(since_ms: int, until_ms: int) -> Attention:
    attention = Attention()
    for now_ms in range(since_ms, until_ms + 1, 50):
        attention.look(now_ms)
    return attention


def test_who_looks_all_the_time_has_read_what_came() -> None:
    attention = listening(NOW_MS, NOW_MS + 10_000)
    assert attention.read_ms(NOW_MS + 10_000) == NOW_MS + 10_000
    attention.look(NOW_MS + 10_000 + PAUSE_MS)
    assert attention.read_ms(NOW_MS + 10_000 + PAUSE_MS) == NOW_MS + 10_000 + PAUSE_MS


def test_who_was_frozen_has_read_what_came_before_until_they_have_been_awake_for_a_while() -> None:
    attention = listening(NOW_MS, NOW_MS + 10_000)
    woken_ms = NOW_MS + 70_000
    for now_ms in range(woken_ms, woken_ms + AWAKE_MS + 1, 100):
        attention.look(now_ms)
        assert attention.read_ms(now_ms) == NOW_MS + 10_000
    attention.look(woken_ms + AWAKE_MS + 50)
    assert attention.read_ms(woken_ms + AWAKE_MS + 50) == woken_ms + AWAKE_MS + 50


def test_who_has_just_begun_has_read_nothing() -> None:
    attention = Attention()
    attention.look(NOW_MS)
    assert attention.read_ms(NOW_MS) == 0


def test_who_leaves_something_in_the_queue_has_read_what_came_before_as_much_as_fits_it() -> None:
    attention = listening(NOW_MS, NOW_MS + 10_000)
    began_ms = NOW_MS + 10_100
    a_second = PASSED_BYTES // 8
    for n in range(300):
        now_ms = began_ms + n * 100
        attention.look(now_ms, False, n * a_second // 10)
        read_ms = attention.read_ms(now_ms)
        if n >= PAUSE_MS // 100:
            assert read_ms == (now_ms - 8_000 if n >= 80 else NOW_MS + 10_000)
    emptied_ms = began_ms + 30_000
    attention.look(emptied_ms)
    assert attention.read_ms(emptied_ms) == began_ms + 29_900 - 8_000
    attention = listening(emptied_ms, emptied_ms + AWAKE_MS + 50)
    assert attention.read_ms(emptied_ms + AWAKE_MS + 50) == emptied_ms + AWAKE_MS + 50


def test_to_leave_something_now_and_then_is_no_pause() -> None:
    attention = listening(NOW_MS, NOW_MS + 10_000)
    for n in range(1, 50):
        now_ms = NOW_MS + 10_000 + n * 100
        attention.look(now_ms, n % 5 == 0, n * 1_000)
        assert attention.read_ms(now_ms) == now_ms
