"""Ids are functions of what they name, written here as they were first published."""

from hypothesis import given
from hypothesis import strategies as st

from state.touchpoint import identity

names = st.lists(st.text(max_size=4), min_size=2, max_size=4)


def test_an_id_is_the_same_for_ever() -> None:
    assert identity("c-1", "m-1").hex() == "b31f6e0545d17624b2955f53c5220d13"
    decided = identity("c-1", "m-1", "offer.decided", "welcome")
    assert decided.hex() == "607147ab7fdb13dc53de9b962389d1af"


@given(names, names)
def test_different_names_have_different_ids(one: list[str], other: list[str]) -> None:
    assert (identity(*one) == identity(*other)) is (one == other)
