"""Laws that hold for the retail playbook and whatever a customer does."""

from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.alerting.memory import MAX_REMEMBERED, WATCH_BYTES
from decisions.decide import decide
from decisions.format.journey_keys import MAX_JOURNEYS
from decisions.format.offer_keys import MAX_SERVED
from decisions.format.sections import MAX_SEGMENTS
from decisions.load import load_playbook
from decisions.offering.choose import choose
from decisions.offering.memory import ANSWERS_KEPT, PROPOSALS_KEPT, TIMES_KEPT
from decisions.offering.serve import standing
from decisions.playbook import NOTHING, Playbook
from state.bounds import BLOB_BYTES, FOLD_BYTES
from state.fold import fold
from state.journeys import CAUSE_BYTES, KEY_BYTES, LEFT_KEPT, RUNS_KEPT, Run
from state.profile import (
    Answer,
    Contact,
    HeldOffer,
    Profile,
    Proposal,
    decode_profile,
    encode_profile,
)
from tests.decisions.someone import DAY_MS, HOUR_MS, Someone, book, touchpoint

RETAIL = load_playbook(Path(__file__).parents[2] / "playbooks" / "retail.yaml")

PRODUCTS = [
    {"product_id": f"{category}-1", "category": category, "price": price, "quantity": 1}
    for category, price in (("shoes", 90.0), ("outdoor", 240.0), ("kids", 35.0), ("sale", 12.0))
]
BROWSING = ["Product Viewed", "Product Added", "Product Removed"]
PLAIN = ["Page Viewed", "Email Opened", "Email Bounced", "Unsubscribed", "Offer Shown"]
KIOSK = ["Kiosk Session Started", "Kiosk Transaction Failed"]

Step = tuple[str, dict[str, Any], int]

names_and_properties = st.one_of(
    st.tuples(st.sampled_from(BROWSING), st.sampled_from(PRODUCTS)),
    st.tuples(st.sampled_from(PLAIN), st.just({})),
    st.tuples(st.sampled_from(KIOSK), st.sampled_from([{}, {"kiosk_id": "k-1", "store": "s"}])),
    st.tuples(st.just("Live Chat Conversation Started"), st.just({})),
    st.tuples(
        st.just("Live Chat Conversation Ended"),
        st.integers(0, 6).map(lambda rating: {"rating": rating}),
    ),
    st.tuples(
        st.just("Order Completed"),
        st.sampled_from([20.0, 900.0, 2500.0]).map(lambda total: {"total": total}),
    ),
)
waits = st.sampled_from([1, 60_000, HOUR_MS, DAY_MS, 5 * DAY_MS, 40 * DAY_MS])
steps = st.lists(
    st.tuples(names_and_properties, waits).map(lambda step: (*step[0], step[1])), max_size=40
)


@given(steps)
def test_an_index_only_saves_work_each_rule_is_always_as_if_it_had_been_asked(
    history: list[Step],
) -> None:
    someone = Someone(RETAIL)
    for name, properties, after_ms in history:
        someone.does(name, properties, after_ms=after_ms)
        profile, now_ms = someone.profile, someone.now_ms
        for segment in RETAIL.segments.values():
            assert segment.when(profile, NOTHING, now_ms) is (segment.id in profile.segments)
        event = touchpoint(someone.customer_id, "", "", now_ms)
        chosen = choose(
            profile, event, RETAIL, now_ms, standing(profile, event, RETAIL, now_ms)
        ).chosen
        treatments = [one.candidate.treatment for one in chosen]
        found = [(one.offer, one.channel, one.placement) for one in treatments]
        assert found == someone.offers()


TANGLED = """
    segments:
      rated: {title: Fails before the first chat, when: 10 / profile.chat.rating >= 2}
      pleased:
        title: Named by what can fail
        when: '"rated" in segments && profile.chat.rating > 3'
      buyer: {title: Buyer, when: "profile.orders.count > 0 // ends in a comment"}
      two_spaces: {title: Text is kept as it is, when: 'profile.cart.cart_id == "a  b"'}
      full: {title: Full cart, when: profile.cart.value > 100.0}
      regular: {title: Named first, when: '"buyer" in segments && profile.orders.count > 1'}
    """


@given(steps)
def test_segments_asked_at_once_move_a_customer_as_if_they_were_asked_one_by_one(
    history: list[Step],
) -> None:
    at_once, one_by_one = Someone(book(TANGLED)), Someone(book(TANGLED))
    assert at_once.playbook.due(-1).any_moves is not None
    history = [("Product Added", {"product_id": "tent", "cart_id": "a  b"}, 1), *history]
    with mock.patch.object(Playbook, "_any_moves", return_value=None):
        expected = [one_by_one.does(*step[:2], after_ms=step[2]) for step in history]
    assert [at_once.does(*step[:2], after_ms=step[2]) for step in history] == expected
    assert at_once.profile == one_by_one.profile


@given(steps)
def test_equal_arguments_have_equal_answers_and_a_stored_profile_is_as_good_as_a_live_one(
    history: list[Step],
) -> None:
    live, stored = Someone(RETAIL), Someone(RETAIL)
    for name, properties, after_ms in history:
        expected = live.does(name, properties, after_ms=after_ms)
        stored.profile = decode_profile(encode_profile(stored.profile))
        assert stored.does(name, properties, after_ms=after_ms) == expected
    assert encode_profile(stored.profile) == encode_profile(live.profile)


@given(steps)
def test_no_id_is_given_twice_and_what_is_served_has_been_decided(history: list[Step]) -> None:
    someone = Someone(RETAIL)
    decided: dict[str, dict[str, Any]] = {}
    ids: list[str] = []
    for name, properties, after_ms in history:
        decision = someone.does(name, properties, after_ms=after_ms)
        if decision is None:
            continue
        ids += [action.id for action in decision.actions]
        decided |= {a.id: a.body for a in decision.actions if a.kind == "offer.decided"}
        if decision.serving is not None:
            assert decision.serving.expires_at > decision.serving.as_of == someone.now_ms
            for rank, offer in enumerate(decision.serving.offers, 1):
                body = decided[offer.decision_id]
                assert offer.rank == rank
                assert offer.expires_at > someone.now_ms
                assert [body[key] for key in ("offer_id", "score", "value", "reasons")] == [
                    *(offer.offer_id, offer.score, offer.value, offer.reasons)
                ]
    assert len(ids) == len(set(ids))


@settings(max_examples=30)
@given(steps)
def test_a_second_look_at_the_same_moment_finds_nothing_to_do(history: list[Step]) -> None:
    someone = Someone(RETAIL)
    for number, (name, properties, after_ms) in enumerate(history):
        someone.does(name, properties, after_ms=after_ms)
        again = touchpoint(someone.customer_id, f"again-{number}", "Nothing", someone.now_ms)
        assert fold(someone.profile, again, {}) != 0
        assert decide(someone.profile, again, -1, RETAIL, someone.now_ms) is None


def test_what_decisions_store_stays_within_its_share_of_a_profile() -> None:
    most = 2**63 - 1
    name = "x" * 32
    profile = Profile(
        segments={f"{n:032}": most for n in range(MAX_SEGMENTS)},
        alerts={f"{n:032}:{'k' * 16}": most for n in range(MAX_REMEMBERED)},
        offers=[HeldOffer(name, b"d" * 16, name, name, 1e300, most, most, b"v" * 4, 1e300, 1e300)]
        * MAX_SERVED,
        proposals=[Proposal(b"d" * 16, name, name, name, most, most, most, most, most, group=name)]
        * PROPOSALS_KEPT,
        answers={f"{n:032}": Answer(most, most) for n in range(ANSWERS_KEPT)},
        contacts={b"%08d" % n: Contact(50, most, [most]) for n in range(TIMES_KEPT)},
        playbook="0123456789ab+500",
        offers_until=most,
        decided_at=most,
        due_at=most,
        firings=most,
        journeys=[
            Run(b"i" * 16, name, b"v" * 6, "k" * KEY_BYTES, 49, most, most, most, "m" * CAUSE_BYTES)
        ]
        * RUNS_KEPT,
        journeys_left={f"{n:032}:{'k' * 16}": most for n in range(LEFT_KEPT)},
        journeys_met=[name] * MAX_JOURNEYS,
        withdrawn_for="budget:" + "x" * 128,
    )
    size = len(encode_profile(profile)) - len(encode_profile(Profile()))
    assert size + WATCH_BYTES <= BLOB_BYTES - FOLD_BYTES
