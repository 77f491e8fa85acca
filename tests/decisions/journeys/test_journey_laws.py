"""Laws of journeys, over random ones and random histories."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decisions.journeys.plain_reading import End, Event, Reading
from tests.decisions.journeys.traveller import Traveller, journeys
from tests.decisions.someone import HOUR_MS, START_MS

EVENT = ['event.name == "B"', 'event.name == "C"', 'event.name == "C" && event.properties.k == key']
STATE = ['profile.events["B"] >= 2', 'profile.events["C"] >= 1', 'profile.events["A"] >= 3']
TIME = ['now - profile.last_at >= duration("3h")', 'now - profile.last_at >= duration("5h")']
HOURS = [f"{hours}h" for hours in (1, 2, 3, 5, 24)]


def steps(conditions: list[str]) -> st.SearchStrategy[list[Any]]:
    message = st.integers(0, 999).map(lambda n: {"action": "log", "message": f"n{n}"})
    wait = st.sampled_from(HOURS).map(lambda hours: {"wait": hours})
    clock = st.tuples(
        st.sampled_from(["09:00", "00:00", "22:30"]), st.sampled_from([None, ["tue", "sat"]])
    ).map(lambda said: {"wait_until": said[0]} | ({"days": said[1]} if said[1] else {}))
    end = st.just("end")
    leaves = st.lists(st.one_of(message, message, wait, clock, end), min_size=1, max_size=3)

    def around(inner: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
        until = st.tuples(st.sampled_from(conditions), st.sampled_from(HOURS), inner, inner).map(
            lambda s: {"until": s[0], "timeout": s[1], "then": s[2], "else": s[3]}
        )
        either = st.tuples(st.sampled_from([*STATE, *TIME]), inner, inner).map(
            lambda s: {"if": s[0], "then": s[1], "else": s[2]}
        )
        alone = st.sampled_from(conditions).map(lambda c: {"until": c, "timeout": "4h"})
        split = st.tuples(st.integers(1, 99), inner).map(
            lambda s: {"split": [{"share": s[0], "steps": s[1]}, {"share": 100 - s[0]}]}
        )
        some = st.one_of(message, wait, until, either, alone, split)
        return st.lists(some, min_size=1, max_size=3)

    return st.recursive(leaves, around, max_leaves=4).map(reachable)


def reachable(listed: list[Any]) -> list[Any]:
    """Without what always comes after an end, and with ends that can be told from one another."""
    kept: list[Any] = []
    for step in listed:
        if kept and ends(kept[-1]):
            break
        if step == "end":
            kept.append(End("end"))
            continue
        step = dict(step)
        for inner in ("then", "else"):
            if inner in step:
                step[inner] = reachable(step[inner])
        if "split" in step:
            step["split"] = [
                way | ({"steps": reachable(way["steps"])} if "steps" in way else {})
                for way in step["split"]
            ]
        kept.append(step)
    return kept


def ends(step: Any) -> bool:
    if step == "end":
        return True
    ways = [way.get("steps") for way in step["split"]] if "split" in step else None
    if ways is None and ("until" in step or "if" in step):
        ways = [step.get("then"), step.get("else")]
    return ways is not None and all(way and ends(way[-1]) for way in ways)


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    keyed = draw(st.booleans())
    watching = not keyed and draw(st.booleans())
    conditions = [*EVENT[: 3 if keyed else 2], *STATE, *TIME]
    found: dict[str, Any] = {"title": "J", "local_time": {"otherwise": "Europe/Berlin"}}
    if watching:
        found["when"] = draw(st.sampled_from([*STATE, *TIME]))
    else:
        found["event"] = "A"
        if draw(st.integers(0, 3)) == 3:
            found["when"] = draw(st.sampled_from(STATE))
    if keyed:
        found["key"] = "event.properties.k"
    found["reentry"] = draw(st.sampled_from(["always", "always", "once", "3h"]))
    found["at_most"] = draw(st.sampled_from([1, 2, 16]))
    if exits := draw(st.lists(st.sampled_from([*conditions, *EVENT[:2]]), max_size=2)):
        found["exit"] = exits
    if draw(st.booleans()):
        quiet = draw(st.sampled_from([("21:00", "08:00"), ("03:15", "12:45")]))
        found["quiet"] = {"from": quiet[0], "to": quiet[1]}
    return found | {"steps": draw(steps(conditions))}


gaps = st.sampled_from([0, 1, 59_999, HOUR_MS, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS, 30 * HOUR_MS])
histories = st.lists(
    st.tuples(gaps, st.sampled_from("AAABC"), st.sampled_from(["x", "y"])), min_size=2, max_size=14
)


def timed(history: list[tuple[int, str, str]]) -> list[Event]:
    at_ms, events = START_MS, []
    for gap, name, key in history:
        at_ms += gap
        events.append((at_ms, name, key))
    return events


def went(definition: dict[str, Any], events: list[Event], cuts: list[int]) -> Traveller:
    """Who goes through it, asked at some more instants than need be."""
    ann = Traveller(journeys(f"journeys: {json.dumps({'j': definition})}"))
    for at_ms, name, key in events:
        for cut in cuts:
            ann.until(min(ann.now_ms + cut, at_ms - 1) if ann.events else at_ms - 1)
        ann.does(at_ms, name, {"k": key})
    last = events[-1][0]
    for cut in (*sorted(cuts), 400 * HOUR_MS):
        ann.until(last + cut)
    return ann


def told(ann: Traveller) -> list[tuple[int, str, str]]:
    return [
        (at_ms, action.body.get("key") or action.body.get("origin", {}).get("key", ""), what)
        for (at_ms, action), (_, what) in zip(ann.said, ann.told(), strict=True)
    ]


@settings(max_examples=400, deadline=None)
@given(definitions(), histories)
def test_the_machine_does_what_the_steps_say_read_straight(
    definition: dict[str, Any], history: list[tuple[int, str, str]]
) -> None:
    events = timed(history)
    ann = went(definition, events, [])
    reading = Reading(definition, events, events[-1][0] + 400 * HOUR_MS, ann.customer_id)
    assert told(ann) == reading.read()
    assert ann.errors == 0


@settings(deadline=None)
@given(definitions(), histories, st.lists(st.integers(1, 40 * HOUR_MS), max_size=4))
def test_one_jump_in_time_and_many_small_ones_do_the_same_and_each_thing_once(
    definition: dict[str, Any], history: list[tuple[int, str, str]], cuts: list[int]
) -> None:
    events = timed(history)
    ann, bob = went(definition, events, []), went(definition, events, cuts)
    assert ann.said == bob.said
    assert ann.profile == bob.profile
    ids = [action.id for _, action in ann.said]
    assert len(ids) == len(set(ids))
