"""Caps: at every instant at most so many within the time before it, and no more is kept."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.explaining.of_contact import contact
from decisions.offering.caps import Cap, cap_without_room, subjects
from decisions.offering.contacts import note
from decisions.offering.memory import TIMES_FOR_DECISIONS, TIMES_KEPT
from state.profile import Contact, Profile
from tests.decisions.offering.shop import answer, offer, served, shop, told
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS, Someone, actions

CAPPED = "contact: {{caps: {{c: {{most: {most}, within: {within}{more}}}}}}}"


def capped(offers: str, most: int, within: str, more: str = "") -> Someone:
    rest = CAPPED.format(most=most, within=within, more=f", {more}" if more else "")
    return shop(offers, rest)


def decided(someone: Someone, after_ms: int, event: str = "Page Viewed") -> list[str]:
    return [a.body["offer_id"] for a in actions(someone.does(event, after_ms=after_ms), "offer.d")]


def test_what_is_decided_stops_at_the_cap_and_the_best_are_what_spends_it() -> None:
    someone = capped(
        "\n".join(offer(name, value) for name, value in zip("abc", (1, 3, 2), strict=True)), 1, "1d"
    )
    assert decided(someone, 1_000) == ["b"]
    found = told(someone)
    assert (found["b"].stage, found["c"].stage, found["a"].stage) == ("served", "capped", "capped")
    until = "2026-02-03T02:40:01.000Z"
    assert found["c"].reasons == (
        f"cap c, through click: at most 1 decided within 1 day; room again at {until}",
    )


def test_a_window_slides_to_the_millisecond() -> None:
    """A day is over exactly a day later, not at midnight, and not a moment before."""
    someone = capped(
        "\n".join(offer(name, 1, "ttl: 1h") for name in "a").replace("ttl: 1d, ", ""), 2, "1d"
    )
    assert decided(someone, 0) == ["a"]
    assert decided(someone, 2 * HOUR_MS) == ["a"]
    assert decided(someone, 22 * HOUR_MS - 1) == []
    assert served(someone) == []
    assert decided(someone, 1) == ["a"]
    assert someone.now_ms == START_MS + DAY_MS


def test_an_offer_that_stands_spends_nothing_and_stays_until_it_expires() -> None:
    someone = capped(offer("a"), 1, "30d")
    assert decided(someone, 0) == ["a"]
    assert decided(someone, 20 * HOUR_MS) == []  # it would be renewed now
    assert served(someone) == ["a"]
    assert decided(someone, 4 * HOUR_MS - 1) == []
    assert served(someone) == ["a"]
    assert decided(someone, 1) == []
    assert served(someone) == []
    assert decided(someone, 29 * DAY_MS - 1) == []
    assert decided(someone, 1) == ["a"]


def test_a_renewal_spends_like_any_decision() -> None:
    someone = capped(offer("a"), 2, "30d")
    assert decided(someone, 0) == ["a"]
    assert decided(someone, 20 * HOUR_MS) == ["a"]
    assert decided(someone, 20 * HOUR_MS) == []
    assert served(someone) == ["a"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("per: offer", ["a", "b", "m"]),
        ("per: channel", ["a", "m"]),
        ("per: group", ["a", "b"]),
        ("channels: click", ["a", "m"]),
        ("offers: [a, b]", ["a", "m"]),
        ("groups: g", ["a", "b"]),
        ("per: customer", ["a"]),
    ],
)
def test_a_cap_counts_what_it_says(more: str, expected: list[str]) -> None:
    offers = "\n".join(
        [
            offer("a", 9, "group: g"),
            offer("b", 8, "group: h"),
            offer("m", 7, "group: g", "inbox: email"),
        ]
    )
    rest = CAPPED.format(most=1, within="7d", more=f", {more}")
    someone = shop(offers, rest + "\ngroups: {g: {title: G}, h: {title: H}}")
    someone.does("Page Viewed")
    assert served(someone) == expected


def test_what_was_shown_as_often_as_allowed_goes_with_the_event_that_says_so() -> None:
    someone = capped("\n".join([offer("a", 9), offer("b", 1)]), 1, "7d", "of: shown, per: offer")
    someone.does("Page Viewed")
    decision = answer(someone, "Shown", "a")
    assert decision.serving is not None
    assert [one.offer_id for one in decision.serving.offers] == ["b"]
    assert told(someone)["a"].stage == "capped"
    shown_at = someone.now_ms
    someone.does("Page Viewed", after_ms=7 * DAY_MS - 1)
    assert served(someone) == ["b"]
    someone.does("Page Viewed", after_ms=1)
    assert someone.now_ms == shown_at + 7 * DAY_MS
    assert served(someone) == ["a", "b"]


def test_a_cap_on_what_is_accepted_holds_back_the_whole_group() -> None:
    offers = "\n".join(
        [offer("a", 9, "group: g"), offer("b", 8, "group: g"), offer("c", 1, "group: h")]
    )
    rest = CAPPED.format(most=1, within="30d", more=", of: accepted, per: group")
    someone = shop(offers, rest + "\ngroups: {g: {title: G}, h: {title: H}}")
    someone.does("Page Viewed")
    assert served(someone) == ["a", "b"]
    answer(someone, "Accepted", "b")
    assert served(someone) == ["c"]


def test_a_fallback_is_neither_counted_nor_stopped() -> None:
    offers = "\n".join([offer("a", 9), offer("f", 1, "fallback: true")])
    someone = capped(offers, 1, "30d")
    assert decided(someone, 0) == ["a"]
    assert decided(someone, DAY_MS) == ["f"]
    assert decided(someone, DAY_MS) == ["f"]


def test_a_cap_that_is_lowered_below_what_was_spent_lets_nothing_through_until_it_may() -> None:
    offers = "\n".join(offer(name, value) for name, value in zip("ab", (2, 1), strict=True))
    someone = capped(offers, 5, "7d")
    assert decided(someone, 0) == ["a", "b"]
    assert decided(someone, DAY_MS) == ["a", "b"]
    someone.playbook = capped(offers, 1, "7d").playbook
    assert decided(someone, 1_000) == []
    assert served(someone) == ["a", "b"]  # what stands, stands
    assert decided(someone, 6 * DAY_MS) == []
    assert decided(someone, DAY_MS - 1_001) == []
    assert decided(someone, 1) == ["a"]
    assert someone.now_ms == START_MS + 8 * DAY_MS


def times(someone: Someone) -> list[list[int]]:
    return [known.times for known in someone.profile.contacts.values()]


def test_what_no_cap_looks_back_to_any_more_is_forgotten() -> None:
    someone = capped(offer("a"), 3, "7d")
    someone.does("Page Viewed")
    assert times(someone) == [[someone.now_ms]]
    someone.does("Page Viewed", after_ms=20 * DAY_MS)
    assert times(someone) == [[someone.now_ms]]
    someone.playbook = capped(offer("a"), 3, "7d", "per: channel").playbook
    someone.does("Page Viewed", after_ms=20 * DAY_MS)
    assert times(someone) == [[someone.now_ms]]


def test_a_cap_is_exact_for_an_offer_that_was_away_for_a_while() -> None:
    both, other = "\n".join([offer("a", 2), offer("b", 1)]), offer("b", 1)
    someone = capped(both, 1, "60d", "per: offer")
    assert decided(someone, 0) == ["a", "b"]
    someone.playbook = capped(other.replace("ttl: 1d", "ttl: 2d"), 1, "60d").playbook
    assert decided(someone, DAY_MS) == ["b"]
    someone.playbook = capped(both, 1, "60d", "per: offer").playbook
    assert decided(someone, 58 * DAY_MS) == []
    assert decided(someone, DAY_MS) == ["a", "b"]


def test_a_cap_that_is_changed_and_changed_back_has_forgotten_nothing() -> None:
    shop_of = [offer(name).replace("ttl: 1d", "ttl: 1h") for name in "ab"]
    three = capped("\n".join(shop_of), 3, "1d").playbook
    one = capped("\n".join(shop_of), 1, "1h").playbook
    someone = Someone(three, "c-1")
    assert len(decided(someone, 0)) == 2
    someone.playbook = one
    assert len(decided(someone, 2 * HOUR_MS)) == 1
    someone.playbook = three
    assert decided(someone, 2 * HOUR_MS) == []
    assert decided(someone, 20 * HOUR_MS - 1) == []
    assert len(decided(someone, 1)) == 2


def test_a_window_that_is_shortened_for_a_while_has_forgotten_nothing() -> None:
    shop_of = offer("a").replace("ttl: 1d", "ttl: 1h")
    long, short = (capped(shop_of, 3, within).playbook for within in ("20d", "1h"))
    someone = Someone(long, "c-1")
    assert decided(someone, 0) == ["a"]
    someone.playbook = short
    assert decided(someone, 2 * HOUR_MS) == ["a"]
    assert decided(someone, 2 * HOUR_MS) == ["a"]
    someone.playbook = long
    assert decided(someone, 2 * HOUR_MS) == []
    assert decided(someone, 20 * DAY_MS - 6 * HOUR_MS) == ["a"]


def crowd(someone: Someone, number: int, within_ms: int) -> None:
    """So many times of what other caps counted."""
    for n in range(number):
        someone.profile.contacts[b"%08d" % n] = Contact(1, within_ms, [someone.now_ms])


def test_when_all_that_can_be_kept_is_kept_nothing_more_is_decided() -> None:
    """Never is a cap exceeded because what it counts was forgotten."""
    someone = capped(offer("a"), 50, "30d", "per: offer")
    crowd(someone, TIMES_FOR_DECISIONS, 30 * DAY_MS)
    assert decided(someone, DAY_MS) == []
    assert told(someone)["a"].stage == "capped"
    assert told(someone)["a"].reasons[0].startswith("all that can be kept for caps is kept")
    assert decided(someone, 29 * DAY_MS - 1) == []
    assert decided(someone, 1) == ["a"]
    assert len(someone.profile.contacts) == 1


def test_times_that_nobody_needs_crowd_nobody() -> None:
    someone = capped(offer("a"), 50, "30d", "per: offer")
    crowd(someone, TIMES_KEPT, HOUR_MS)
    assert decided(someone, 2 * HOUR_MS) == ["a"]


def test_one_choice_does_not_go_beyond_what_can_be_kept() -> None:
    offers = "\n".join([offer("a", 2), offer("b", 1)])
    someone = capped(offers, 50, "30d", "per: offer")
    crowd(someone, TIMES_FOR_DECISIONS - 1, 30 * DAY_MS)
    assert decided(someone, DAY_MS) == ["a"]


def test_what_is_shown_beyond_what_can_be_kept_is_not_kept() -> None:
    someone = capped(offer("a"), 50, "30d", "of: shown, per: offer")
    someone.does("Page Viewed")
    crowd(someone, TIMES_KEPT, 30 * DAY_MS)
    answer(someone, "Shown", "a")
    assert sum(map(len, times(someone))) == TIMES_KEPT
    assert someone.profile.trimmed == 1


def test_a_cap_that_counts_no_offer_is_told_by_check() -> None:
    rest = CAPPED.format(most=1, within="7d", more=", groups: g, offers: a")
    playbook = shop(offer("a"), rest + "\ngroups: {g: {title: G}}").playbook
    (told_of,) = contact(playbook)
    assert told_of.endswith("; it counts no offer")
    playbook = shop(offer("a", more="group: g"), rest + "\ngroups: {g: {title: G}}").playbook
    (told_of,) = contact(playbook)
    assert "no offer" not in told_of


CAPS = st.builds(
    Cap,
    id=st.just("c"),
    most=st.integers(1, 4),
    within_ms=st.integers(1, 50),
    per=st.sampled_from(["customer", "channel", "group", "offer"]),
    channels=st.sampled_from([frozenset(), frozenset(["x"])]),
)
TRIED = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"])),
    max_size=40,
)


def fits(cap: Cap, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether `cap` counts two treatments (offer, channel) together: by its words."""
    if cap.channels and not {one[1], other[1]} <= cap.channels:
        return False
    same = {"customer": True, "group": True, "offer": one[0] == other[0]}
    return {**same, "channel": one[1] == other[1]}[cap.per]


@settings(max_examples=300)
@given(st.lists(CAPS, min_size=1, max_size=3), TRIED)
def test_whatever_is_tried_a_cap_is_never_exceeded_and_never_stricter_than_it_says(
    caps: list[Cap], tried: list[tuple[int, str, str]]
) -> None:
    """Against all that was let through, counted one by one."""
    profile = Profile()
    through: list[tuple[int, tuple[str, str]]] = []
    now_ms = 0
    for after_ms, offer_id, channel in tried:
        now_ms += after_ms
        counted = subjects(caps, offer_id, "g", channel)
        kept = {key: one.times for key, one in profile.contacts.items()}
        stops = [cap_without_room(s, kept.get(s.key), 0, now_ms) for s in counted]

        it = offer_id, channel

        def allowed(cap: Cap, at_ms: int, it: tuple[str, str] = it) -> bool:
            since_ms = at_ms - cap.within_ms
            before = [t for t, other in through if since_ms < t and fits(cap, it, other)]
            return not fits(cap, it, it) or len(before) < cap.most

        assert any(stops) is not all(allowed(cap, now_ms) for cap in caps)
        if any(stops):
            until_ms = max(stop.until_ms for stop in stops if stop)
            assert all(allowed(cap, until_ms) for cap in caps)
            assert not all(allowed(cap, until_ms - 1) for cap in caps)
        else:
            note(profile, counted, "decided", now_ms)
            through.append((now_ms, it))
    most = max(cap.most for cap in caps)
    for one in profile.contacts.values():
        assert len(one.times) <= most
        assert all(a <= b for a, b in pairwise(one.times))
