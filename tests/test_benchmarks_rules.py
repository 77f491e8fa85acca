"""What the benchmarks of rules ask is what they say, and nothing of it ever comes true."""

import itertools

import pytest
from msgspec import structs

from benchmarks.results import Asked, Program, Rounds, Rules, Run
from benchmarks.rounds import ratios
from benchmarks.rules.asking import concerned, events_of, in_turn, timeless
from benchmarks.rules.playbooks import (
    NAMES,
    OFTEN,
    event_names,
    leaving,
    with_alerts,
    with_segments,
    with_silence,
)
from benchmarks.targets import targets_of
from decisions.decide import decide
from decisions.load import parse_playbook
from decisions.playbook import Playbook, PlaybookError
from decisions.segments import ENTERED, EXITED
from decisions.wake import wake
from state.fold import fold
from state.profile import Profile

EVENTS = events_of(3_000)


def decided(playbook: Playbook) -> list[tuple[str, str]]:
    """(kind, subject) of all that the events lead to, in their order."""
    profiles: dict[str, Profile] = {}
    found = []
    for event in EVENTS:
        profile = profiles.setdefault(event.customer_id, Profile())
        if changed := fold(profile, event, playbook.traits, playbook.limits.duplicates):
            decision = decide(profile, event, changed, playbook, event.received_ms)
            if decision is not None:
                assert not decision.rule_errors
                found += [(a.kind, str(a.body.get("segment", ""))) for a in decision.actions]
    return found


def test_a_thousand_alerts_are_spread_evenly_over_50_event_names_that_do_and_do_not_come() -> None:
    playbook = parse_playbook(with_alerts(1_000), "1,000")
    assert {name: len(alerts) for name, alerts in playbook.alerts_on.items()} == dict.fromkeys(
        event_names(), 20
    )
    assert len(set(event_names())) == NAMES == 50
    assert {event.name for event in EVENTS} <= set(OFTEN)
    assert concerned(playbook, EVENTS) == 20


def test_twenty_alerts_are_asked_at_20_names_of_which_every_other_one_comes() -> None:
    playbook = parse_playbook(with_alerts(20), "20")
    assert len(playbook.alerts_on) == 20
    assert set(playbook.alerts_on) & set(OFTEN) == set(OFTEN[:10])
    assert 0 < concerned(playbook, EVENTS) < 1


def test_more_alerts_change_nothing_of_what_is_decided_so_that_asking_them_is_all_they_cost() -> (
    None
):
    few, many = (decided(parse_playbook(with_alerts(count), "alerts")) for count in (20, 1_000))
    assert few == many
    assert few
    assert "alert.raised" not in {kind for kind, _ in few}


def test_a_playbook_may_have_2000_alerts_and_no_more() -> None:
    assert len(parse_playbook(with_alerts(2_000), "2,000").alerts) == 2_000
    with pytest.raises(PlaybookError, match="at most 2000"):
        parse_playbook(with_alerts(2_001), "2,001")


def test_nobody_comes_into_the_segments_that_are_measured_and_they_use_all_history_there_is() -> (
    None
):
    playbook = parse_playbook(with_segments(48), "48")
    assert len(playbook.segments) == 48
    assert len(playbook.history.trackers) == 32
    assert {kind for kind, _ in decided(playbook)} == {"offer.decided"}


def test_where_time_is_not_asked_for_everything_else_is_decided_the_same_and_nobody_is_due() -> (
    None
):
    asked, unasked = (parse_playbook(with_silence(30), "silence") for _ in range(2))
    timeless(unasked)
    assert decided(asked) == decided(unasked)
    profiles = []
    for playbook in (asked, unasked):
        profiles.append(Profile())
        changed = fold(profiles[-1], EVENTS[0], playbook.traits)
        decide(profiles[-1], EVENTS[0], changed, playbook, EVENTS[0].received_ms)
    assert [profile.due_at > 0 for profile in profiles] == [True, False]


def test_whoever_saw_a_product_leaves_the_segment_when_it_was_promised_and_not_before() -> None:
    playbook = parse_playbook(leaving("just_looked", 5), "leaving")
    event = next(event for event in EVENTS if event.name == "Product Viewed")
    profile = Profile()
    changed = fold(profile, event, playbook.traits, playbook.limits.duplicates)
    decision = decide(profile, event, changed, playbook, event.received_ms)
    assert decision is not None
    entered = [a for a in decision.actions if a.body.get("segment") == "just_looked"]
    assert [action.kind for action in entered] == [ENTERED]
    assert wake(profile, event.customer_id, playbook, event.at_ms + 4_999) == []
    ((at_ms, left),) = wake(profile, event.customer_id, playbook, event.at_ms + 5_000)
    assert at_ms == event.at_ms + 5_000
    assert [(a.kind, a.body["segment"]) for a in left.actions] == [(EXITED, "just_looked")]


def test_every_playbook_has_its_turn_in_each_round() -> None:
    playbooks = {str(count): parse_playbook(with_alerts(count), "few") for count in (1, 2)}
    spent = in_turn(playbooks, EVENTS[:200], 3)
    assert list(spent) == ["1", "2"]
    assert all(us > 0 for us in itertools.chain(*spent.values()))
    assert [len(rounds) for rounds in spent.values()] == [3, 3]


def test_a_rule_costs_what_it_adds_for_each_that_an_event_can_concern() -> None:
    def rules(more_us: float, many_per_s: float) -> Rules:
        asked = [
            Asked("alerts", 20, 1.0, 10.0, 0.0, [10.0]),
            Asked("alerts", 100, 2.0, 11.0, 0.9, [10.9]),
            Asked("alerts", 1_000, 21.0, 10.0 + more_us, more_us, [10.0 + more_us]),
            Asked("segments", 48, 48.0, 99.0, 90.0, [99.0]),
        ]
        run = Run(many_per_s, 30.0, 6.0, 1.0, {}, [])
        programs = [
            Program("many", [run]),
            Program("few", [structs.replace(run, events_per_s=100.0)]),
        ]
        return Rules(asked, 20, 1_000, 50, Rounds(9, programs, ratios(programs)))

    def met(found: Rules) -> list[bool]:
        return [t.met for t in targets_of(None, None, None, None, [], [], found)]

    assert met(rules(10.0, 70.0)) == [True, True]
    assert met(rules(10.1, 69.9)) == [False, False]
    (_, cost) = targets_of(None, None, None, None, [], [], rules(5.0, 90.0))
    assert cost.got == "0.25 µs"
