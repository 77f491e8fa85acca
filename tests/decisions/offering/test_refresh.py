"""What time alone does to offers: within `refresh` of the last event all that it changes, else only
what segments bring."""

from hypothesis import given
from hypothesis import strategies as st

from decisions.wake import wake
from state.profile import decode_profile, encode_profile
from tests.decisions.offering.shop import answer, offer, served, shop
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS, Someone

REFRESH = "refresh: 7d\n"


def passes(someone: Someone, until_ms: int) -> list[tuple[int, list[str]]]:
    """(hours since the start, decided offers) of what time brings about until then."""
    someone.now_ms = START_MS + until_ms
    found = wake(someone.profile, someone.customer_id, someone.playbook, someone.now_ms)
    return [
        (
            (at_ms - START_MS) // HOUR_MS,
            [a.body["offer_id"] for a in decision.actions if a.kind == "offer.decided"],
        )
        for at_ms, decision in found
    ]


def at(someone: Someone, after_ms: int = 0) -> None:
    someone.does("Page Viewed", after_ms=after_ms)


def test_an_offer_is_renewed_by_time_while_the_customer_was_there_lately_and_then_runs_out() -> (
    None
):
    someone = shop(offer("a").replace("ttl: 1d", "ttl: 3d"), REFRESH)
    at(someone)
    assert passes(someone, 145 * HOUR_MS) == [(48, ["a"]), (96, ["a"]), (144, ["a"])]
    assert someone.profile.due_at == 0  # the next one would be eight days after the event
    assert passes(someone, 60 * DAY_MS) == []
    (held,) = someone.profile.offers
    assert (held.expires_at - START_MS) // HOUR_MS == 144 + 72
    assert someone.profile.due_at == 0


def test_without_it_nothing_is_chosen_by_time() -> None:
    someone = shop(offer("a"))
    at(someone)
    assert passes(someone, 60 * DAY_MS) == []
    assert served(someone) == ["a"]


def test_what_moves_a_customer_later_renews_nothing_that_has_run_out() -> None:
    """A segment moves after ten days; with it nothing of the offers that do not ask for it."""
    away = "segments: {away: {title: A, when: now - profile.last_at > 10d}}\n"
    someone = shop(offer("a"), away)
    at(someone)
    assert passes(someone, 11 * DAY_MS) == [(240, [])]
    someone = shop(offer("a", more="eligible: now - profile.first_at < 300d"), away)
    at(someone)
    assert passes(someone, 11 * DAY_MS) == [(240, [])]


def test_where_a_cap_keeps_an_offer_from_its_renewal_a_fallback_follows_when_it_is_over() -> None:
    offers = "\n".join([offer("a", 9), offer("f", 1, "fallback: true")])
    someone = shop(offers, REFRESH + "contact: {caps: {c: {most: 1, within: 9d}}}")
    at(someone)
    assert passes(someone, 30 * HOUR_MS) == [(24, ["f"])]
    assert served(someone) == ["f"]


def test_when_an_offer_ends_the_next_best_takes_its_place_at_that_instant() -> None:
    offers = "\n".join([offer("a", 9, "end: 2026-02-02T12:40:00Z"), offer("b", 2), offer("c", 1)])
    someone = shop(offers, REFRESH)
    at(someone)
    assert served(someone) == ["a", "b"]
    assert passes(someone, 10 * HOUR_MS) == [(10, ["c"])]
    assert served(someone) == ["b", "c"]


def test_an_offer_that_opens_is_decided_when_it_does() -> None:
    offers = "\n".join([offer("a", 1), offer("later", 9, "start: 2026-02-02T12:40:00Z")])
    someone = shop(offers, REFRESH)
    at(someone)
    assert passes(someone, 10 * HOUR_MS) == [(10, ["later"])]
    assert served(someone) == ["later", "a"]


def test_a_cap_that_frees_and_a_cooldown_that_ends_are_seen_when_they_do() -> None:
    offers = "\n".join([offer("a", 9, "cooldown: 5h"), offer("b", 1)])
    someone = shop(offers, REFRESH + "contact: {caps: {c: {most: 2, within: 20h, per: offer}}}")
    at(someone)
    answer(someone, "Dismissed", "a", 0)
    assert served(someone) == ["b"]
    assert passes(someone, 6 * HOUR_MS) == [(5, ["a"])]
    answer(someone, "Dismissed", "a", 0)
    assert passes(someone, 15 * HOUR_MS) == []  # it may be again after 11 hours, but for its cap
    assert passes(someone, 21 * HOUR_MS)[-1] == (20, ["a"])


def test_quiet_hours_that_end_bring_what_waited_for_them() -> None:
    quiet = 'quiet: {from: "22:00", to: "08:00", channels: [email], otherwise: UTC}'
    someone = shop(offer("mail", places="inbox: email"), f"{REFRESH}contact: {{{quiet}}}")
    at(someone)
    assert served(someone) == []
    # At 08:00; what was decided then ends at 22:00, when the hours begin again.
    assert passes(someone, 3 * DAY_MS) == [(5, ["mail"]), (29, ["mail"]), (53, ["mail"])]


def test_a_condition_that_the_clock_changes_is_seen_when_it_does() -> None:
    gone = offer("gone", 9, "eligible: now - profile.last_at > 10h")
    someone = shop("\n".join([gone, offer("here", 1)]), REFRESH)
    at(someone)
    assert served(someone) == ["here"]
    assert passes(someone, 11 * HOUR_MS) == [(10, ["gone"])]


@given(st.lists(st.integers(1, 40 * HOUR_MS), max_size=12), st.integers(0, 3))
def test_in_one_jump_or_in_many_time_brings_the_same(jumps: list[int], kind: int) -> None:
    offers = "\n".join(
        [
            offer("a", 9, "cooldown: 30h, end: 2026-02-05"),
            offer("b", 5, "start: 2026-02-03"),
            offer("mail", 3, places="inbox: email"),
            offer("f", 1, "fallback: true"),
        ]
    )
    quiet = 'quiet: {from: "22:00", to: "08:00", channels: [email], otherwise: UTC}'
    caps = "caps: {c: {most: 3, within: 2d}, d: {most: 1, within: 30h, per: offer}}"
    someone = shop(offers, f"{REFRESH}contact: {{{quiet}, {caps}}}")
    at(someone)
    if kind and "a" in served(someone):
        answer(someone, ("Shown", "Dismissed", "Accepted")[kind - 1], "a")
    other = Someone(someone.playbook, someone.customer_id)
    other.profile = decode_profile(encode_profile(someone.profile))
    total, found = 0, []
    for jump in jumps:
        total += jump
        found += passes(someone, total)
    assert found == passes(other, total)
    assert encode_profile(someone.profile) == encode_profile(other.profile)
