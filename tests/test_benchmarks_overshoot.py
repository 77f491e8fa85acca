"""How far a cap is overrun by who decides at the same time, as docs/offers.md promises it."""

from pathlib import Path

import pytest

from benchmarks.overshoot import MOST, PLAYBOOK, measure, trials
from benchmarks.rig import services
from decisions.load import load_playbook


def test_the_cap_of_its_playbook_has_room_for_as_many_as_are_not_counted_as_beyond() -> None:
    (cap,) = load_playbook(Path(PLAYBOOK)).policy.caps
    assert cap.most == MOST


def test_the_same_seed_makes_the_same_trials() -> None:
    assert trials(1, 9, 2, 40.0) == trials(1, 9, 2, 40.0) != trials(2, 9, 2, 40.0)


@pytest.mark.usefixtures("kafka", "redis_url")
def test_beside_the_flow_one_who_answers_overruns_a_cap_by_no_more_than_it_has_room_for() -> None:
    settings = {"TOUCHLINE_PLAYBOOK": str(PLAYBOOK), "TOUCHLINE_DECIDE_PORT": "0"}
    with services(**settings) as rig:
        found = measure(rig, 1, count=150, questions=4, rate=50.0, spread_ms=5.0, seed=1)
    assert found["statuses"] == {"200": 600}
    assert found["decided"] == 150 + found["beyond_the_cap"]
    assert found["beyond_the_cap"] > 0  # else nothing met
    assert found["most_beyond"] <= MOST
