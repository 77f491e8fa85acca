"""Each decision that was shown comes to one outcome, as of the time of the decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.offering.memory import PROPOSALS_KEPT
from decisions.wake import wake
from state.decision import Decision, Outcome
from tests.decisions.offering.shop import HEAD, answer, offer, say, served, shop
from tests.decisions.someone import DAY_MS, HOUR_MS, Someone

LEARNING = "learning: {policy: greedy, within: 3d}"
ONE = "\n".join(
    [
        offer("a", 2, "propensity: 0.1, suppress: 1s, cooldown: 1s"),
        offer("b", 1, "propensity: 0.1"),
    ]
)


def ready(learning: str = LEARNING) -> Someone:
    someone = shop(ONE, learning)
    someone.does("Page Viewed")
    return someone


def learned(decision: Decision | None) -> list[Outcome]:
    return decision.outcomes if decision else []


def passes(someone: Someone, ms: int) -> list[Outcome]:
    """What is learned as time passes without an event."""
    someone.now_ms += ms
    found = wake(someone.profile, someone.customer_id, someone.playbook, someone.now_ms)
    return [outcome for _, decision in found for outcome in decision.outcomes]


def test_what_was_shown_and_is_accepted_was_taken_as_of_its_decision() -> None:
    someone = ready()
    decided_at = someone.now_ms
    assert learned(answer(someone, "Shown", "a", HOUR_MS)) == []
    assert learned(answer(someone, "Accepted", "a", HOUR_MS)) == [
        Outcome("a", "click", "all", decided_at, 1.0, 1.0)
    ]
    assert passes(someone, 5 * DAY_MS) == []


def test_silence_after_the_window_is_a_no_and_time_alone_brings_it() -> None:
    someone = ready()
    decided_at = someone.now_ms
    answer(someone, "Shown", "a", HOUR_MS)
    assert passes(someone, 3 * DAY_MS - 1) == []
    assert passes(someone, 1) == [Outcome("a", "click", "all", decided_at, 1.0, 0.0)]
    assert passes(someone, 9 * DAY_MS) == []


def test_a_dismissal_is_a_no_at_once() -> None:
    someone = ready()
    decided_at = someone.now_ms
    answer(someone, "Shown", "a")
    assert learned(answer(someone, "Dismissed", "a")) == [
        Outcome("a", "click", "all", decided_at, 1.0, 0.0)
    ]


def test_a_yes_after_a_no_takes_its_place() -> None:
    someone = ready()
    decided_at, said = someone.now_ms, {"decision_id": ""}
    said["decision_id"] = someone.profile.offers[0].decision_id.hex()
    say(someone, "Shown", said)
    assert [outcome.tries for outcome in passes(someone, 4 * DAY_MS)] == [1.0]
    assert learned(say(someone, "Accepted", said)) == [
        Outcome("a", "click", "all", decided_at, 0.0, 1.0)
    ]


def test_what_was_never_shown_teaches_nothing_but_a_yes_all_the_same() -> None:
    someone = ready()
    assert passes(someone, 9 * DAY_MS) == []
    someone.does("Page Viewed")
    assert [one.taken for one in learned(answer(someone, "Accepted", "a"))] == [1.0]


def test_a_click_is_a_yes_only_where_the_playbook_says_so() -> None:
    someone = ready()
    assert learned(answer(someone, "Clicked", "a")) == []
    someone = ready("learning: {policy: greedy, success: clicked}")
    assert [one.taken for one in learned(answer(someone, "Clicked", "a"))] == [1.0]
    assert learned(answer(someone, "Accepted", "a")) == []


def test_of_what_is_kept_no_more_it_is_waited_no_longer_for_an_answer() -> None:
    many = "\n".join(
        offer(f"o{n}", 99 - n, "propensity: 0.5, suppress: 90d, cooldown: 90d")
        for n in range(PROPOSALS_KEPT + 3)
    )
    head = HEAD.replace("offers: 2", "offers: 1")
    someone = shop(many, "learning: {policy: greedy, within: 90d}", head)
    someone.does("Page Viewed")
    outcomes = []
    for _ in range(PROPOSALS_KEPT + 2):
        (first,) = served(someone)
        answer(someone, "Shown", first)
        outcomes += learned(answer(someone, "Dismissed", first))
    assert {outcome.tries for outcome in outcomes} == {1.0}
    someone = shop(many, "learning: {policy: greedy, within: 90d}", head)
    someone.does("Page Viewed")
    given_up = []
    for at in range(PROPOSALS_KEPT + 2):
        answer(someone, "Shown", served(someone)[0])
        given_up += learned(someone.does("Page Viewed", after_ms=2 * DAY_MS))
        assert len(given_up) == max(at + 2 - PROPOSALS_KEPT, 0)


def test_what_was_never_shown_and_is_kept_no_more_teaches_nothing() -> None:
    many = "\n".join(
        offer(f"o{n}", 99 - n, f"propensity: 0.5, eligible: 'profile.sessions.events == {n}'")
        for n in range(1, PROPOSALS_KEPT + 5)
    )
    someone = shop(many, LEARNING)
    outcomes = [learned(someone.does("Page Viewed")) for _ in range(PROPOSALS_KEPT + 4)]
    assert len(someone.profile.proposals) == PROPOSALS_KEPT
    assert outcomes == [[]] * (PROPOSALS_KEPT + 4)


def test_fallbacks_and_playbooks_that_learn_nothing_book_nothing() -> None:
    someone = shop(
        offer("f", 1, "fallback: true")
        + "\n"
        + offer("g", 1, "propensity: 0.1, eligible: 'false'"),
        LEARNING,
    )
    someone.does("Page Viewed")
    assert learned(answer(someone, "Accepted", "f")) == []
    someone = shop(ONE)
    someone.does("Page Viewed")
    answer(someone, "Shown", "a")
    assert learned(answer(someone, "Accepted", "a")) == []
    assert someone.profile.due_at == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Shown", "Clicked", "Accepted", "Dismissed", "Page Viewed"]),
            st.integers(1, 2 * DAY_MS),
        ),
        max_size=15,
    )
)
def test_whatever_comes_each_decision_is_tried_once_and_taken_once_at_most(
    story: list[tuple[str, int]],
) -> None:
    someone = ready()
    said = {"decision_id": someone.profile.offers[0].decision_id.hex()}
    outcomes: list[Outcome] = []
    for kind, after_ms in story:
        outcomes += passes(someone, after_ms)
        if kind == "Page Viewed":
            outcomes += learned(someone.does(kind, after_ms=0))
        else:
            outcomes += learned(someone.does(f"Offer {kind}", said, after_ms=0))
    outcomes += passes(someone, 90 * DAY_MS)
    kinds = {kind for kind, _ in story}
    mine = [one for one in outcomes if one.offer == "a"]
    assert sum(one.tries for one in mine) <= 1
    assert sum(one.taken for one in mine) <= sum(one.tries for one in mine)
    if kinds.isdisjoint({"Shown", "Accepted", "Dismissed"}):
        assert mine == []


@pytest.mark.parametrize("kind", ["Shown", "Accepted", "Dismissed"])
def test_answers_that_are_not_attributed_teach_nothing(kind: str) -> None:
    someone, other = ready(), ready()
    other.customer_id = "c-2"
    other.does("Page Viewed")
    for number in ("", "ab" * 16, None):
        assert learned(say(someone, kind, {"decision_id": number})) == []
    assert passes(someone, 9 * DAY_MS) == []
