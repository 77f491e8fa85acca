"""What is wrong with an offer's terms is named where it stands, and not once more as missing."""

import pytest

from decisions.playbook import PlaybookError
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import book


def problems(offers: str, rest: str) -> list[str]:
    """All that is wrong with them, without its place in the file."""
    with pytest.raises(PlaybookError) as refused:
        book(f"offers:\n{offers}\n{rest}\n", HEAD)
    return [line.split(": ", 1)[1] for line in str(refused.value).splitlines()]


def grouped(said: str) -> str:
    return f"groups: {{tea: {{title: Tea, {said}}}}}\n"


LEARNING, PURPOSES = "learning: {}\n", "purposes: {service: granted}\n"
PROPENSITY = 'expected a number from 1e-09 to 1, got "1.5"'
NOWHERE = "expected a propensity that learning starts from, here or in its group, got nothing"
PURPOSE = 'expected one of service, got "servise"; did you mean "service"?'


@pytest.mark.parametrize(
    ("more", "rest", "said"),
    [
        ("propensity: 1.5", LEARNING, f"offers.a.propensity; {PROPENSITY}"),
        (
            "group: tea",
            LEARNING + grouped("propensity: 1.5"),
            f"groups.tea.propensity; {PROPENSITY}",
        ),
        ("purpose: servise", PURPOSES, f"offers.a.purpose; {PURPOSE}"),
        (
            "group: tea",
            PURPOSES + grouped("purpose: servise"),
            f"groups.tea.purpose; {PURPOSE}",
        ),
        (
            "group: tea",
            LEARNING + grouped("lever: 2"),
            f"offers.a.propensity; {NOWHERE}",
        ),
        (
            "group: tea",
            PURPOSES + grouped("lever: 2"),
            "offers.a.purpose; expected one of service, here or in its group, got nothing",
        ),
    ],
)
def test_a_term_that_is_wrong_or_missing_is_named_once(more: str, rest: str, said: str) -> None:
    assert problems(offer("a", 1, more), rest) == [said]
