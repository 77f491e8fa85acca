"""Time alone brings about what it must, at the very millisecond, and nothing else: ninety days of a
crowd, against an oracle that recomputes everything from the full history. `make ninety` takes ten
thousand customers, this a sample of them."""

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.oracle.ninety_days.alarms import ALERTS
from tests.oracle.ninety_days.journeys import JOURNEYS
from tests.oracle.ninety_days.rules import BOOK, OFFERS, SEGMENTS
from tests.oracle.ninety_days.trial import Outcome, Trial

CUSTOMERS = 200


@pytest.fixture(scope="module")
def outcomes() -> Sequence[Outcome]:
    """Of each customer."""
    trial = Trial(seed=1)
    return [trial.judge(number) for number in range(CUSTOMERS)]


def test_all_actions_are_those_of_the_oracle(outcomes: Sequence[Outcome]) -> None:
    different = {
        number: outcome.difference
        for number, outcome in enumerate(outcomes)
        if outcome.surplus or outcome.missing
    }
    assert different == {}


def test_the_oracle_knows_all_that_is_in_the_playbook() -> None:
    assert BOOK.written["segments"].keys() == SEGMENTS.keys()
    assert BOOK.written["offers"].keys() == OFFERS.keys()
    assert BOOK.written["alerts"].keys() == ALERTS.keys()
    assert BOOK.written["journeys"].keys() == JOURNEYS.keys()


def test_the_sample_goes_to_all_the_corners(outcomes: Sequence[Outcome]) -> None:
    """Else what was found above would mean little."""
    seen = Counter(
        (act.kind, act.subject.partition(" ")[0], act.cause.startswith("time:"))
        for outcome in outcomes
        for act in outcome.acts
    )
    for name in SEGMENTS:
        exits = seen["segment.exited", name, True] + seen["segment.exited", name, False]
        assert seen["segment.entered", name, True] + seen["segment.entered", name, False]
        assert exits or name == "unread"
    for name in ALERTS:
        assert seen["alert.raised", name, True] + seen["alert.raised", name, False]
    for name in JOURNEYS:
        ended = seen["journey.ended", name, True], seen["journey.ended", name, False]
        assert seen["journey.started", name, True] + seen["journey.started", name, False]
        assert all(ended)
    for kind in ("segment.entered", "segment.exited", "offer.decided"):
        assert len([1 for k, _, by_time in seen if k == kind and by_time]) >= 4
    for kind in ("alert.raised", "alert.cleared", "alert.escalated"):
        assert len([1 for k, _, by_time in seen if k == kind and by_time]) >= 2
    assert any(kind == "alert.acknowledged" for kind, _, _ in seen)
