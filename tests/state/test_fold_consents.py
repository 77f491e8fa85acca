"""What a customer agreed to: the newer word holds, whichever comes first."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from state.bounds import CONSENTS_KEPT
from state.fold import fold
from state.profile import Consent, Profile
from state.sections import CONSENTS
from tests.state.traffic import START_MS, touchpoint

Word = tuple[str, int, str]
"""(Granted or Withdrawn, ms after the start, purpose)."""


def told(words: list[Word], declared: tuple[str, ...] = ()) -> Profile:
    profile = Profile()
    for number, (word, after_ms, purpose) in enumerate(words):
        event = touchpoint(
            f"Consent {word}",
            START_MS + after_ms,
            {"purpose": purpose},
            message_id=f"{number}-{word}-{after_ms}-{purpose}",
        )
        fold(profile, event, {}, purposes=declared)
    return profile


words = st.lists(
    st.tuples(
        st.sampled_from(["Granted", "Withdrawn"]), st.integers(0, 2), st.sampled_from(["a", "b"])
    ),
    max_size=4,
)


@given(words)
def test_consents_do_not_depend_on_the_order_in_which_they_come(words: list[Word]) -> None:
    expected: dict[str, Consent] = {}
    for purpose in ("a", "b"):
        of_it = [(at, word == "Withdrawn") for word, at, named in words if named == purpose]
        if of_it:
            at_ms, withdrawn = max(of_it)
            expected[purpose] = Consent(not withdrawn, START_MS + at_ms)
    for order in permutations(words):
        assert told(list(order)).consents == expected


def test_of_two_words_at_one_instant_the_withdrawal_holds() -> None:
    for order in permutations([("Granted", 0, "a"), ("Withdrawn", 0, "a")]):
        assert told(list(order)).consents["a"].granted is False


def test_a_declared_purpose_takes_the_place_of_the_oldest_that_is_not() -> None:
    declared = ("mail", "ads")
    others: list[Word] = [("Withdrawn", 10 + n, f"other{n:02}") for n in range(CONSENTS_KEPT - 1)]
    profile = told([("Granted", 0, "mail"), *others, ("Withdrawn", 99, "ads")], declared)
    assert len(profile.consents) == CONSENTS_KEPT
    assert profile.consents["mail"].granted
    assert not profile.consents["ads"].granted
    assert "other00" not in profile.consents
    assert profile.trimmed == 1


def test_one_that_is_not_declared_finds_no_room_where_all_is_taken() -> None:
    others: list[Word] = [("Granted", n, f"other{n:02}") for n in range(CONSENTS_KEPT)]
    profile = told([*others, ("Withdrawn", 99, "one more")])
    assert "one more" not in profile.consents
    assert (len(profile.consents), profile.trimmed) == (CONSENTS_KEPT, 1)


def test_without_a_purpose_nothing_is_said() -> None:
    event = touchpoint("Consent Granted", START_MS, {"purpose": None})
    profile = Profile()
    assert not fold(profile, event, {}) & CONSENTS
    assert profile.consents == {}
