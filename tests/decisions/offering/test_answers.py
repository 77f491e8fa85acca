"""What became of a decision: each answer counts once, for the customer who was asked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from decisions.offering.memory import PROPOSALS_KEPT
from state.decision import Decision
from state.times import rfc3339
from tests.decisions.offering.shop import HEAD, answer, decision_id, offer, say, served, shop
from tests.decisions.someone import DAY_MS, Someone, actions, book

KINDS = ("Shown", "Clicked", "Accepted", "Dismissed")
CAPS = "contact: {caps: {c: {most: 9, within: 30d, of: shown, per: offer}}, answers: 7d}"
ONE = "\n".join([offer("a", 2, "suppress: 1s, cooldown: 1s"), offer("b", 1)])


def results(decision: Decision | None) -> dict[str, int]:
    return decision.answers if decision else {}


def ready() -> Someone:
    someone = shop(ONE, CAPS)
    someone.does("Page Viewed")
    return someone


def test_an_answer_is_attributed_to_its_decision_and_published_with_all_of_it() -> None:
    someone = ready()
    number, decided_at = decision_id(someone, "a"), someone.now_ms
    decision = answer(someone, "Clicked", "a")
    (action,) = decision.actions
    assert (action.kind, action.caused_by) == ("offer.answered", "m-2")
    assert action.body == {
        "offer_id": "a",
        "decision_id": number,
        "group": "",
        "channel": "click",
        "placement": "home",
        "answer": "clicked",
        "decided_at": rfc3339(decided_at),
    }
    assert results(decision) == {"clicked attributed": 1}


def test_caps_count_each_time_that_an_offer_is_shown() -> None:
    rest = "contact: {caps: {c: {most: 3, within: 30d, of: shown, per: offer}}}"
    someone = shop("\n".join([offer("a", 2), offer("b", 1)]), rest)
    someone.does("Page Viewed")
    said = {"decision_id": decision_id(someone, "a")}
    assert results(say(someone, "Shown", said)) == {"shown attributed": 1}
    assert results(say(someone, "Shown", said)) == {"shown repeated": 1}
    assert served(someone) == ["a", "b"]
    third = say(someone, "Shown", said)
    assert (results(third), actions(third, "offer.answered")) == ({"shown repeated": 1}, [])
    assert served(someone) == ["b"]


@pytest.mark.parametrize("kind", ["Clicked", "Accepted", "Dismissed"])
def test_the_same_answer_again_changes_nothing(kind: str) -> None:
    someone = ready()
    said = {"decision_id": decision_id(someone, "a")}
    say(someone, kind, said)
    proposal = structs.replace(someone.profile.proposals[0])
    contacts = [list(known.times) for known in someone.profile.contacts.values()]
    decision = say(someone, kind, said, after_ms=500)
    assert results(decision) == {f"{kind.lower()} repeated": 1}
    assert actions(decision, "offer.answered") == []
    assert someone.profile.proposals[0] == proposal
    assert [known.times for known in someone.profile.contacts.values()] == contacts


def test_answers_count_in_whichever_order_they_come() -> None:
    """An acceptance that comes before its showing is one, and so is the showing after it."""
    someone = ready()
    said = {"decision_id": decision_id(someone, "a")}
    assert results(say(someone, "Accepted", said)) == {"accepted attributed": 1}
    assert results(say(someone, "Shown", said)) == {"shown attributed": 1}
    proposal = someone.profile.proposals[0]
    assert (proposal.accepted_at, proposal.shown_at) == (someone.now_ms - 1_000, someone.now_ms)
    (shown,) = someone.profile.contacts.values()
    assert shown.times == [someone.now_ms]


def test_an_answer_later_than_answers_count_has_expired() -> None:
    someone = ready()
    said = {"decision_id": decision_id(someone, "a")}
    assert results(say(someone, "Shown", said, 7 * DAY_MS)) == {"shown attributed": 1}
    someone = ready()
    said = {"decision_id": decision_id(someone, "a")}
    assert results(say(someone, "Shown", said, 7 * DAY_MS + 1)) == {"shown expired": 1}


def test_an_answer_to_what_still_stands_counts_however_long_ago_that_was_decided() -> None:
    someone = shop(offer("a", 2).replace("ttl: 1d", "ttl: 90d"), CAPS)
    someone.does("Page Viewed")
    decision = answer(someone, "Accepted", "a", 31 * DAY_MS)
    assert results(decision) == {"accepted attributed": 1}
    assert served(someone) == []


def test_an_answer_to_a_decision_that_is_not_kept_any_more_has_expired() -> None:
    someone = ready()
    said = {"decision_id": decision_id(someone, "a")}
    someone.profile.proposals.clear()
    assert results(say(someone, "Accepted", said)) == {"accepted expired": 1}


def test_a_decision_that_stands_is_kept_however_many_are_made_beside_it() -> None:
    """The cart's offer comes and goes forty times; the long one can still be dismissed."""
    long = offer("long", 1, places="inbox: email").replace("ttl: 1d", "ttl: 200d")
    someone = shop("\n".join([long, offer("cart", 1, "eligible: profile.cart.value > 0.0")]), CAPS)
    tent = {"product_id": "tent", "price": 9.0}
    for _ in range(40):
        someone.does("Product Added", tent)
        someone.does("Product Removed", tent)
    assert len(someone.profile.proposals) == PROPOSALS_KEPT
    assert results(answer(someone, "Dismissed", "long")) == {"dismissed attributed": 1}
    assert served(someone) == []


def test_an_answer_to_a_decision_for_somebody_else_is_foreign() -> None:
    other = Someone(book(f"offers:\n{ONE}\n{CAPS}", HEAD), "c-2")
    other.does("Page Viewed")
    someone = ready()
    decision = say(someone, "Accepted", {"decision_id": decision_id(other, "a")})
    assert results(decision) == {"accepted foreign": 1}
    assert served(someone) == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ({"decision_id": "ab" * 16}, "unknown"),
        ({}, "unnamed"),
        ({"offer_id": "a"}, "unnamed"),
        ({"decision_id": None}, "unnamed"),
        ({"decision_id": 7}, "unnamed"),
        ({"decision_id": float("nan")}, "unnamed"),
        ({"decision_id": "AB" * 16}, "unnamed"),
        ({"decision_id": "ab" * 16 + "\n"}, "unnamed"),
    ],
)
def test_an_answer_that_names_no_decision_of_ours_is_told_by_its_name(
    said: dict[str, object], result: str
) -> None:
    someone = ready()
    decision = say(someone, "Accepted", said)
    assert results(decision) == {f"accepted {result}": 1}
    assert (decision.actions, someone.profile.answers) == ([], {})
    assert served(someone) == ["a", "b"]


def test_an_answer_about_an_offer_that_the_playbook_has_no_more_counts_for_its_group() -> None:
    cap = "{most: 1, within: 9d, of: accepted, per: group}"
    rest = f"groups: {{g: {{title: G}}}}\ncontact: {{caps: {{c: {cap}}}}}"
    someone = shop("\n".join([offer("a", 2, "group: g"), offer("b", 1, "group: g")]), rest)
    someone.does("Page Viewed")
    said = {"decision_id": decision_id(someone, "a")}
    someone.playbook = shop(offer("b", 1, "group: g"), rest).playbook
    decision = say(someone, "Accepted", said)
    assert results(decision) == {"accepted attributed": 1}
    (answered,) = actions(decision, "offer.answered")
    assert (answered.body["offer_id"], answered.body["group"]) == ("a", "g")
    assert served(someone) == []


answers = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(["first", "second", "ab" * 16, ""]),
        st.sampled_from([1, 1_000, DAY_MS, 5 * DAY_MS]),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(answers)
def test_each_kind_of_answer_counts_at_most_once_for_a_decision(
    history: list[tuple[str, str, int]],
) -> None:
    someone = ready()
    names = {"first": decision_id(someone, "a"), "second": decision_id(someone, "b")}
    attributed: list[tuple[str, str]] = []
    for kind, which, after_ms in history:
        decision = say(someone, kind, {"decision_id": names.get(which, which)}, after_ms)
        assert sum(results(decision).values()) == 1
        attributed += [
            (a.body["decision_id"], a.body["answer"]) for a in actions(decision, "offer.answered")
        ]
    assert len(attributed) == len(set(attributed))
    asked = {(names[which], kind.lower()) for kind, which, _ in history if which in names}
    assert set(attributed) <= asked
