"""How many answers to offers a profile keeps, and which ones go when there are more."""

from decisions.offering.memory import ANSWERS_KEPT
from tests.decisions.someone import DAY_MS, HOUR_MS, Someone, book

OTHERS = ANSWERS_KEPT + 5
HEAD = """\
channels: [click]
placements:
  home: {channels: [click], offers: 1}
"""
FIRST_PAGE = "'profile.events[\"Page Viewed\"] == 1'"


def someone_of(cooldown: str, eligible: str = "'true'") -> Someone:
    """A card that nobody takes twice, and many other offers that are worth less: of these all but
    the last six are for whom is `eligible`."""
    told = "title: T, channels: [click], placements: home, ttl: 30d"
    lines = ["offers:", f"  card: {{{told}, value: 1000, suppress: 3650d}}"]
    for n in range(OTHERS):
        whom = eligible if n < OTHERS - 6 else "'true'"
        more = f"value: {OTHERS - n}, cooldown: {cooldown}, eligible: {whom}"
        lines.append(f"  o{n}: {{{told}, {more}}}")
    return Someone(book("\n".join(lines) + "\n", HEAD))


def answers(someone: Someone, kind: str, after_ms: int) -> str:
    """The customer answers what stands, which is said."""
    held = someone.profile.offers[0]
    said = {"decision_id": held.decision_id.hex()}
    someone.does(f"Offer {kind}", said, after_ms=after_ms)
    return held.offer_id


def test_what_rests_for_years_is_not_forgotten_for_what_rests_no_more() -> None:
    someone = someone_of("1d")
    someone.does("Page Viewed")
    assert answers(someone, "Accepted", HOUR_MS) == "card"
    dismissed = [answers(someone, "Dismissed", HOUR_MS) for _ in range(20)]
    someone.does("Page Viewed", after_ms=2 * DAY_MS)
    dismissed += [answers(someone, "Dismissed", 1_000) for _ in range(OTHERS)]
    assert "card" not in dismissed
    assert len(set(dismissed)) == ANSWERS_KEPT
    assert "card" in someone.profile.answers
    assert len(someone.profile.answers) == ANSWERS_KEPT


def test_of_too_many_that_rest_the_one_goes_that_would_be_back_first_and_is_counted() -> None:
    someone = someone_of("30d")
    someone.does("Page Viewed")
    answers(someone, "Accepted", HOUR_MS)
    before = someone.profile.trimmed
    dismissed = [answers(someone, "Dismissed", HOUR_MS) for _ in range(ANSWERS_KEPT)]
    assert dismissed[0] not in someone.profile.answers
    assert {"card", *dismissed[1:]} == someone.profile.answers.keys()
    assert someone.profile.trimmed == before + 1


def test_what_rests_no_more_is_dropped_without_being_counted() -> None:
    someone = someone_of("1h", FIRST_PAGE)
    someone.does("Page Viewed")
    answers(someone, "Accepted", 1_000)
    dismissed = [answers(someone, "Dismissed", 1_000) for _ in range(ANSWERS_KEPT - 1)]
    assert someone.profile.answers.keys() == {"card", *dismissed}
    before = someone.profile.trimmed
    someone.does("Page Viewed", after_ms=DAY_MS)
    last = answers(someone, "Dismissed", 1_000)
    assert someone.profile.answers.keys() == {"card", *dismissed[1:], last}
    assert someone.profile.trimmed == before
