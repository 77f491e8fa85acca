"""Asked with a context: what is chosen, what of it is new, and how it comes to count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.offering.ask import Answer, Question, ask, take_decided, was_taken
from decisions.playbook import PlaybookError
from state.decided import Decided
from state.decision_ids import is_of, is_ours
from state.profile import decode_profile, encode_profile
from tests.decisions.offering.shop import offer, say, served, shop
from tests.decisions.someone import MINUTE_MS, Someone, book

CAPPED = "contact: {caps: {two: {most: 2, within: 1h}}}"
BY_CONTEXT = "eligible: 'has(context.category) && context.category == \"shoes\"'"


def question(someone: Someone, request: str = "r-1", *placements: str, **context: Any) -> Question:
    return Question(someone.customer_id, request, placements or ("home",), context)


def asked(someone: Someone, request: str = "r-1", *placements: str, **context: Any) -> Answer:
    someone.now_ms += 1_000
    return ask(
        someone.profile,
        question(someone, request, *placements, **context),
        someone.playbook,
        someone.now_ms,
    )


def names(answer: Answer) -> list[str]:
    return [one.offer_id for one in answer.offers]


def new(answer: Answer) -> Decided:
    assert answer.decided is not None
    return answer.decided


def test_conditions_and_weights_see_the_context() -> None:
    weighed = "weight: 'double(context.price) / 10.0'"
    someone = shop("\n".join([offer("laces", 1, BY_CONTEXT), offer("bag", 0.5, weighed)]))
    assert names(asked(someone, category="shoes", price=10)) == ["laces", "bag"]
    assert names(asked(someone, category="shoes", price=30)) == ["bag", "laces"]
    assert names(asked(someone, category="hats", price=30)) == ["bag"]
    no_price = asked(someone, category="shoes")
    assert (names(no_price), no_price.errors) == (["laces"], ["offer.bag"])


def test_where_nobody_asks_the_context_is_empty() -> None:
    someone = shop(offer("laces", 1, BY_CONTEXT))
    assert someone.does("Page Viewed", {"category": "shoes"}) is None
    assert served(someone) == []


def test_only_offers_may_look_at_the_context() -> None:
    with pytest.raises(PlaybookError, match="an unknown name"):
        book("segments: {a: {title: A, when: has(context.category)}}\n")


def test_only_the_placements_that_are_asked_for_are_filled() -> None:
    both = "home: click, inbox: email"
    someone = shop(
        "\n".join(offer(name, value, places=both) for name, value in (("a", 2), ("b", 1)))
    )
    assert [(one.offer_id, one.placement) for one in asked(someone).offers] == [
        ("a", "home"),
        ("b", "home"),
    ]
    assert [(one.offer_id, one.placement) for one in asked(someone, "r-2", "inbox").offers] == [
        ("a", "inbox"),
    ]
    assert [one.rank for one in asked(someone, "r-3", "inbox", "home").offers] == [1, 2]


def test_what_stands_is_given_as_it_was_decided_and_spends_nothing() -> None:
    someone = shop(offer("a"), CAPPED)
    someone.does("Page Viewed")
    (held,) = someone.profile.offers
    answer = asked(someone)
    assert answer.decided is None
    assert [one.decision_id for one in answer.offers] == [held.decision_id.hex()]
    assert answer.offers[0].expires_at == held.expires_at


def test_nothing_is_changed_by_asking() -> None:
    someone = shop(offer("a", 1, BY_CONTEXT), CAPPED)
    someone.does("Page Viewed")
    before = encode_profile(someone.profile)
    assert names(asked(someone, category="shoes")) == ["a"]
    assert encode_profile(someone.profile) == before


def test_the_same_request_has_the_same_ids_and_another_has_others() -> None:
    someone = shop(offer("a"))
    first, again, other = (asked(someone, request) for request in ("r-1", "r-1", "r-2"))
    ids = [answer.offers[0].decision_id for answer in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert is_ours(bytes.fromhex(ids[0]))
    assert is_of(bytes.fromhex(ids[0]), someone.customer_id)


def test_a_request_named_as_an_event_has_ids_of_its_own() -> None:
    someone = shop(offer("a"))
    by_event = someone.does("Page Viewed")
    assert by_event is not None
    someone.profile.offers = []
    assert asked(someone, "m-1").offers[0].decision_id != by_event.actions[0].id
    assert take_decided(
        someone.profile, new(asked(someone, "m-1")), someone.playbook, someone.now_ms
    )


def test_what_was_decided_counts_for_caps_and_its_answers_are_attributed() -> None:
    someone = shop("\n".join([offer("a"), offer("b")]), CAPPED)
    decided = new(asked(someone))
    decision = take_decided(someone.profile, decided, someone.playbook, someone.now_ms)
    assert decision is not None
    assert sorted(one.body["offer_id"] for one in decision.actions) == ["a", "b"]
    assert decision.serving is None
    assert names(asked(someone, "r-2")) == []
    said = say(someone, "Shown", {"decision_id": decision.actions[0].id})
    assert said.answers == {"shown attributed": 1}
    someone.now_ms += 61 * MINUTE_MS
    assert sorted(names(asked(someone, "r-3"))) == ["a", "b"]


def test_a_fallback_counts_for_no_cap() -> None:
    someone = shop(offer("a", 1, "fallback: true"), CAPPED)
    for number in range(4):
        decided = new(asked(someone, f"r-{number}"))
        assert take_decided(someone.profile, decided, someone.playbook, someone.now_ms)
    assert someone.profile.contacts == {}


def test_what_stands_is_not_replaced() -> None:
    someone = shop("\n".join([offer("a", 2), offer("b", 9, BY_CONTEXT)]))
    someone.does("Page Viewed")
    before = [one.decision_id for one in someone.profile.offers]
    answer = asked(someone, category="shoes")
    assert names(answer) == ["b", "a"]
    assert take_decided(someone.profile, new(answer), someone.playbook, someone.now_ms)
    assert [one.decision_id for one in someone.profile.offers] == before


@given(
    st.lists(st.integers(0, 5), max_size=12),
    st.integers(-MINUTE_MS, MINUTE_MS),
)
def test_however_often_and_in_whatever_order_each_request_counts_once(
    requests: list[int], skew_ms: int
) -> None:
    someone = shop(offer("a"), "contact: {caps: {many: {most: 9, within: 1h}}}")
    answers = {n: new(asked(someone, f"r-{n}")) for n in range(6)}
    now_ms = someone.now_ms + skew_ms  # of another machine
    for number in requests:
        before = encode_profile(someone.profile)
        known = was_taken(someone.profile, someone.customer_id, f"r-{number}", someone.playbook)
        taken = take_decided(someone.profile, answers[number], someone.playbook, now_ms)
        assert known is (taken is None)
        assert (encode_profile(someone.profile) == before) is known
    profile = decode_profile(encode_profile(someone.profile))
    assert len(profile.proposals) == len(set(requests))
    for contact in profile.contacts.values():
        assert len(contact.times) == len(set(requests))
        assert contact.times == sorted(contact.times)
        assert contact.times[-1] <= max(now_ms, 0)
