"""What is explained is what is decided, and to explain it changes nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.offering.choose import choose
from decisions.offering.explain import FALLBACK, OUTRANKED, SERVED, STAGES, tell
from decisions.offering.serve import standing
from state.profile import encode_profile
from state.touchpoint import silence
from tests.decisions.offering.shop import HEAD, offer, say, shop, told
from tests.decisions.someone import DAY_MS, HOUR_MS, Someone, book

OFFERS = (
    "\n".join(
        [
            offer("vip", 9, "eligible: profile.orders.count > 1, cooldown: 2d, group: g"),
            offer("calm", 8, 'applicable: "!profile.chat.open", suppress: 3d, group: g'),
            offer("mail", 7, "purpose: letters", "inbox: email, home: click"),
            offer("cart", 2, 'weight: "profile.cart.value / 40.0"', "home: click, counter: kiosk"),
            offer(
                "loss",
                1,
                "treatments: {kiosk: {cost: 0.5}}, cost: 2",
                "counter: kiosk, home: click",
            ),
            offer("even", 4, "group: g", "home: click, counter: kiosk"),
            offer("odd", 4, "suitable: profile.cart.items < 2", "home: click, counter: kiosk"),
            offer("later", 50, "start: 2026-02-04, end: 2026-02-08"),
            offer("spare", 1, "fallback: true"),
            offer("other_spare", 1, "fallback: true", "counter: kiosk, inbox: email"),
        ]
    )
    .replace("{title", "{purpose: service, title")
    .replace(", purpose: letters", "")
)
OFFERS = OFFERS.replace("mail: {purpose: service", "mail: {purpose: letters")
REST = """
purposes: {service: granted, letters: withdrawn}
groups: {g: {title: G}}
contact:
  caps:
    day: {most: 3, within: 1d, channels: click}
    shown: {most: 1, within: 3d, of: shown, per: offer}
    group: {most: 2, within: 5d, per: group}
  quiet: {from: "22:00", to: "04:00", channels: [email], otherwise: UTC}
  exclusive: {one: [even, odd], two: [vip, calm]}
"""
BOOK = book(f"offers:\n{OFFERS}\n{REST}", HEAD)

events: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("Order Completed"), st.just({"total": 10.0})),
    st.tuples(
        st.sampled_from(["Product Added", "Product Removed"]),
        st.sampled_from([{"product_id": "a", "price": 30.0}, {"product_id": "b", "price": 90.0}]),
    ),
    st.tuples(
        st.sampled_from(["Live Chat Conversation Started", "Live Chat Conversation Ended"]),
        st.just({}),
    ),
    st.tuples(
        st.sampled_from(["Consent Granted", "Consent Withdrawn"]),
        st.sampled_from([{"purpose": "letters"}, {"purpose": "service"}]),
    ),
    st.tuples(st.sampled_from(["Shown", "Accepted", "Dismissed"]), st.integers(0, 5)),
)
waits = st.sampled_from([1_000, HOUR_MS, 9 * HOUR_MS, DAY_MS, 2 * DAY_MS])
steps = st.lists(st.tuples(events, waits), max_size=25)


def play(history: list[tuple[tuple[str, Any], int]]) -> Someone:
    someone = Someone(BOOK, "c-1")
    someone.does("Page Viewed")
    for (name, what), after_ms in history:
        if isinstance(what, int):
            proposals = someone.profile.proposals
            said = proposals[what % len(proposals)].decision_id.hex() if proposals else ""
            say(someone, name, {"decision_id": said}, after_ms)
        else:
            someone.does(name, what, after_ms=after_ms)
    return someone


@settings(max_examples=150)
@given(steps, waits)
def test_an_offer_is_told_to_be_served_exactly_where_it_is_chosen(
    history: list[tuple[tuple[str, Any], int]], after_ms: int
) -> None:
    someone = play(history)
    profile = someone.profile
    for now_ms in (someone.now_ms, someone.now_ms + after_ms):
        nobody = silence(someone.customer_id, now_ms, 1)
        kept = standing(profile, nobody, BOOK, now_ms)
        chosen = choose(profile, nobody, BOOK, now_ms, kept).chosen
        found = tell(profile, someone.customer_id, BOOK, now_ms)
        assert [one.offer for one in found] == list(BOOK.offers)
        assert {one.offer for one in found if one.stage == SERVED} == {
            one.candidate.treatment.offer for one in chosen
        }
        for one in found:
            assert one.stage in STAGES
            assert one.reasons, one
            passed = one.stage in (SERVED, OUTRANKED, FALLBACK)
            assert not passed or one.treatments
        ranks = sorted(
            w.rank for one in found if not BOOK.offers[one.offer].fallback for w in one.treatments
        )
        assert ranks == list(range(1, len(ranks) + 1))


@settings(max_examples=60)
@given(steps)
def test_to_explain_changes_nothing_of_what_is_kept(
    history: list[tuple[tuple[str, Any], int]],
) -> None:
    someone = play(history)
    before = encode_profile(someone.profile)
    tell(someone.profile, someone.customer_id, BOOK, someone.now_ms + HOUR_MS)
    assert encode_profile(someone.profile) == before


def test_what_outranks_it_is_told_with_both_scores() -> None:
    someone = shop("\n".join(offer(name, value) for name, value in (("a", 3), ("b", 2), ("c", 1))))
    someone.does("Page Viewed")
    assert (told(someone)["c"].stage, told(someone)["c"].reasons) == (
        "outranked",
        (
            "a stands in home with the higher score, 3 to 1",
            "b stands in home with the higher score, 2 to 1",
        ),
    )
    (weighed,) = told(someone)["c"].treatments
    assert (weighed.rank, weighed.terms, weighed.score) == (3, "value 1", 1.0)


def test_a_cap_that_the_better_ones_spend_is_told_and_no_better_one_is_invented() -> None:
    offers = "\n".join(
        [
            offer("a", 10, "group: g"),
            offer("b", 9, "group: g", "inbox: email"),
            offer("c", 1, places="inbox: email"),
        ]
    )
    rest = "groups: {g: {title: G}}\ncontact: {caps: {c: {most: 1, within: 1d, per: group}}}"
    someone = shop(offers, rest)
    found = told(someone)
    assert (found["b"].stage, found["c"].stage) == ("capped", "served")
    assert found["b"].reasons[0].startswith("cap c, through email: at most 1 decided per group")


def test_a_decision_that_stands_is_named() -> None:
    someone = shop(offer("a"))
    someone.does("Page Viewed")
    found = told(someone)["a"]
    assert found.decision_id == someone.profile.offers[0].decision_id.hex()
    assert told(someone, someone.now_ms + 2 * DAY_MS)["a"].decision_id == ""
