"""What was decided and is not applied yet is counted, for a while, and once."""

from decisions.offering.ask import Question, ask, take_decided
from flows.deciding.unapplied import Unapplied
from state.decided import Decided
from state.profile import Profile, decode_profile, encode_profile
from tests.decisions.offering.shop import offer, shop
from tests.decisions.someone import Someone

ONE_AN_HOUR = "contact: {caps: {one: {most: 1, within: 1h}}}"


def decided(someone: Someone, profile: Profile, request: str) -> Decided | None:
    question = Question(someone.customer_id, request, ("home",), {})
    return ask(profile, question, someone.playbook, someone.now_ms).decided


def seen(someone: Someone, unapplied: Unapplied) -> Profile:
    """The profile as the next question finds it."""
    copy = decode_profile(encode_profile(someone.profile))
    unapplied.apply(copy, someone.customer_id, someone.playbook, someone.now_ms)
    return copy


def test_the_next_question_knows_of_a_decision_that_is_not_applied() -> None:
    someone, unapplied = shop(offer("a"), ONE_AN_HOUR), Unapplied()
    first = decided(someone, seen(someone, unapplied), "r-1")
    assert first is not None
    assert decided(someone, seen(someone, unapplied), "r-2") is not None
    unapplied.remember(first, someone.now_ms)
    assert decided(someone, seen(someone, unapplied), "r-2") is None


def test_once_it_is_applied_it_is_forgotten_and_counts_once() -> None:
    someone = shop(offer("a"), "contact: {caps: {two: {most: 2, within: 1h}}}")
    unapplied = Unapplied()
    first = decided(someone, someone.profile, "r-1")
    assert first is not None
    unapplied.remember(first, someone.now_ms)
    take_decided(someone.profile, first, someone.playbook, someone.now_ms)
    assert decided(someone, seen(someone, unapplied), "r-2") is not None
    assert len(unapplied) == 0


def test_it_is_not_waited_for_longer_than_is_kept() -> None:
    someone, unapplied = shop(offer("a"), ONE_AN_HOUR), Unapplied(kept_ms=1_000)
    first = decided(someone, someone.profile, "r-1")
    assert first is not None
    unapplied.remember(first, someone.now_ms)
    second = Decided("bob", "r", someone.now_ms, "", [])
    unapplied.remember(second, someone.now_ms + 999)
    assert len(unapplied) == 2
    unapplied.remember(second, someone.now_ms + 1_000)
    assert seen(someone, unapplied) == someone.profile


def test_the_oldest_of_all_go_when_there_are_too_many() -> None:
    unapplied = Unapplied(most=3)
    for n in range(5):
        unapplied.remember(Decided(f"c-{n}", "r", 0, "", []), 0)
    assert len(unapplied) == 3
