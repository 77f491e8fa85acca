"""The index finds who may have what, as if each offer were asked for each customer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from decisions.offering.choose import Chooser
from decisions.playbook import Playbook
from decisions.world import World
from state.product import Listed, Product
from state.profile import Answer, Consent, Profile
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import START_MS, book, touchpoint

SEGMENTS = ("buyer", "vip", "wary")
PURPOSES = ("service", "marketing")
RULES = """
purposes: {service: granted, marketing: withdrawn}
groups:
  letters: {title: Letters, purpose: marketing, cooldown: 2d}
  games: {title: Games, control: 50%, suppress: 5d}
control: {share: 20%}
experiments: {tone: {title: Tone, arms: {plain: 40%, warm: 40%}}}
interests: '"vip" in segments ? ["sea"] : []'
segments:
  buyer: {title: Buyer, when: profile.orders.count > 0}
  vip: {title: VIP, when: profile.orders.count > 9}
  wary: {title: Wary, when: profile.orders.count > 5}
"""
OFFERS = "\n".join(
    [
        offer("anybody", more="purpose: service"),
        offer("club", more="eligible: '\"vip\" in segments', group: games, purpose: service"),
        offer(
            "few",
            more="purpose: service, eligible: size(segments) < 2, suitable: size(segments) > 0",
        ),
        offer("sale", more="group: letters, suitable: '\"buyer\" in segments'"),
        offer("warm", more="purpose: service, arms: tone.warm"),
        offer("cold", more="arms: [tone.plain, tone.warm], purpose: service, group: games"),
        offer("late", more="purpose: service, end: 2027-01-20"),
        offer("tent", more="purpose: service, products: [p-1]"),
        offer("beach", more="purpose: service, topics: [sea, sun]"),
        offer("full", more="purpose: service, eligible: profile.cart.items > 1"),
        offer("odd", more="purpose: service, eligible: 10 / size(segments) > 4"),
        offer("page", more="purpose: service, eligible: has(context.shoes)"),
        offer("spare", more="fallback: true, purpose: marketing"),
    ]
)
BOOK: Playbook = book(f"offers:\n{OFFERS}\n{RULES}", HEAD)

customers = st.integers(0, 40).map("c-{}".format)
moments = st.integers(START_MS, START_MS + 20 * 86_400_000)
answers = st.builds(Answer, dismissed_at=st.just(0) | moments, accepted_at=st.just(0) | moments)
profiles = st.builds(
    Profile,
    segments=st.dictionaries(st.sampled_from(SEGMENTS), moments),
    consents=st.dictionaries(st.sampled_from(PURPOSES), st.builds(Consent, st.booleans(), moments)),
    answers=st.dictionaries(st.sampled_from([*BOOK.offers, "gone"]), answers),
)
stocks = st.none() | st.integers(0, 2).map(
    lambda left: {"p-1": Listed("t", 1, Product(stock=left))}
)
contexts = st.none() | st.sampled_from([{}, {"shoes": 1}])


@given(customers, profiles, moments, stocks, contexts)
def test_whoever_may_have_an_offer_is_who_stops_at_no_stage_of_it(
    customer: str,
    profile: Profile,
    now_ms: int,
    products: dict[str, Listed] | None,
    context: dict[str, Any] | None,
) -> None:
    event = replace(touchpoint(customer, "m-1", "Page Viewed", now_ms), context=context)

    def chooser() -> Chooser:
        return Chooser(profile, event, BOOK, now_ms, {}, World(products=products))

    for ranking in (BOOK.proper, BOOK.fallbacks):
        by_index, one_by_one = chooser(), chooser()
        expected = {o.id for o in ranking.offers if not one_by_one.stage(o)}
        assert by_index.open_of(ranking) == expected
        assert by_index.choice == one_by_one.choice, "errors, and when to choose again"


def test_who_differs_in_what_no_offer_asks_for_is_not_asked_again() -> None:
    asked = offer("club", more="eligible: '\"vip\" in segments', purpose: service, arms: tone.warm")
    index = book(f"offers:\n{asked}\n{RULES}", HEAD).proper.index
    arms, refused = frozenset({("tone", "warm")}), frozenset({"marketing"})
    found = index.open_to({"vip"}, arms, frozenset())
    assert found == {"club"}
    assert index.open_to({"vip", "wary"}, arms | {("control", "treated")}, refused) is found
    assert index.open_to({"wary"}, arms, refused) == frozenset()


def test_of_the_offers_here_some_are_found_by_the_index_and_some_must_be_asked() -> None:
    asked = {offer.id for offer in BOOK.proper.index.others}
    assert asked == {"late", "tent", "beach", "full", "odd"}
