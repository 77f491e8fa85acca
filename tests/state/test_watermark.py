"""Laws of a shard's clock: it never goes back, nobody behind it is passed over, and somebody holds
it as long as somebody is behind."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.watermark import (
    ALLOWED_DISORDER_MS,
    UNKNOWN,
    Clock,
    clock,
)

TOPICS = ("chat", "click", "email", "kiosk")
NOW_MS = 1_800_000_000_000
moments = st.integers(NOW_MS - 40 * 86_400_000, NOW_MS + 10 * 60 * 1000)


class Seen(NamedTuple):
    """What is known of a shard at a time."""

    newest_ms: Mapping[str, int]
    behind: frozenset[str]
    complete_ms: int


@st.composite
def seen(draw: st.DrawFn) -> Seen:
    newest = draw(st.dictionaries(st.sampled_from(TOPICS), moments))
    behind = draw(st.frozensets(st.sampled_from(TOPICS)))
    return Seen(newest, behind, NOW_MS + draw(st.integers(0, 86_400_000)))


befores = st.one_of(st.just(UNKNOWN), st.builds(Clock, moments, st.sampled_from((None, *TOPICS))))


@given(seen(), befores)
def test_a_clock_never_goes_back(what: Seen, before: Clock) -> None:
    found = clock(*what, before)
    assert before.at_ms is None or (found.at_ms is not None and found.at_ms >= before.at_ms)


@given(seen(), befores)
def test_nobody_holds_the_clock_but_somebody_who_is_behind(what: Seen, before: Clock) -> None:
    found = clock(*what, before)
    if found.holder is None:
        assert found.at_ms == max(what.complete_ms, before.at_ms or 0)
    else:
        assert found.holder in what.behind


@given(seen())
def test_the_clock_passes_nobody_who_is_behind_nor_what_is_known_to_be_complete(what: Seen) -> None:
    found = clock(*what)
    if what.behind <= what.newest_ms.keys():
        assert found.at_ms is not None
    if found.at_ms is not None:
        assert found.at_ms <= what.complete_ms
        for topic in what.behind & what.newest_ms.keys():
            assert found.at_ms <= what.newest_ms[topic] - ALLOWED_DISORDER_MS


@given(seen(), befores)
def test_a_topic_at_its_end_has_no_say(what: Seen, before: Clock) -> None:
    only = {topic: at_ms for topic, at_ms in what.newest_ms.items() if topic in what.behind}
    assert clock(only, what.behind, what.complete_ms, before) == clock(*what, before)


@given(seen(), befores)
def test_the_order_in_which_topics_are_named_means_nothing(what: Seen, before: Clock) -> None:
    newest = dict(reversed(list(what.newest_ms.items())))
    behind = sorted(what.behind, reverse=True)
    assert clock(newest, behind, what.complete_ms, before) == clock(*what, before)


@given(seen(), moments)
def test_news_of_the_holder_alone_can_move_the_clock(what: Seen, newest_ms: int) -> None:
    found = clock(*what)
    for topic in what.behind - {found.holder}:
        ahead = max(newest_ms, what.newest_ms.get(topic, 0))
        after = clock({**what.newest_ms, topic: ahead}, what.behind, what.complete_ms, found)
        assert after.at_ms == found.at_ms


@pytest.mark.parametrize(
    ("newest_ms", "behind", "before", "expected"),
    [
        ({}, [], UNKNOWN, Clock(NOW_MS, None)),
        ({}, ["click"], UNKNOWN, Clock(None, "click")),
        ({}, ["click"], Clock(7, None), Clock(7, "click")),
        ({"click": 90_000, "email": 60_000}, ["click", "email"], UNKNOWN, Clock(55_000, "email")),
        ({"click": 90_000, "email": 60_000}, ["click"], UNKNOWN, Clock(85_000, "click")),
        ({"click": 90_000}, ["click"], Clock(86_000, None), Clock(86_000, "click")),
        ({"email": 60_000, "click": 60_000}, ["email", "click"], UNKNOWN, Clock(55_000, "click")),
        ({"click": NOW_MS + 9_000}, ["click"], UNKNOWN, Clock(NOW_MS, None)),
    ],
    ids=[
        "all at their end",
        "nothing known",
        "nothing known yet of one",
        "the lowest",
        "the lower one is at its end",
        "never back",
        "equals",
        "none that is behind, but what is complete",
    ],
)
def test_a_clock_is_where_its_hindmost_topic_is(
    newest_ms: dict[str, int], behind: list[str], before: Clock, expected: Clock
) -> None:
    assert clock(newest_ms, behind, NOW_MS, before) == expected
