"""Runs a case: its events go through the fold and the playbook, as they would in a flow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from decisions.cases.case import Case, Equal, Expect, Holds, Names, Wanted
from decisions.cases.match import (
    There,
    aligned,
    as_wanted,
    fits,
    line,
    paired,
    plain,
    same,
    to_json,
)
from decisions.cases.outcome import Difference, Outcome, Row
from decisions.cases.story import Story
from decisions.cases.why import Why
from decisions.language import EvaluationError
from decisions.playbook import NOTHING, Playbook

NO_VALUE = "no value"
by_name = attrgetter("name")


def run(case: Case, playbook: Playbook) -> Outcome:
    """What comes of `case`. A function of its arguments: time is what the case says, propensities
    are those of the playbook, and nothing is drawn."""
    story = Story(case, replace(playbook, learning=None))
    differences: list[Difference] = []
    for step in case.steps:
        if isinstance(step, Expect):
            story.wait(story.now_ms if step.at_ms is None else step.at_ms)
            differences += _compared(step, story)
        else:
            story.take(step)
    return Outcome(case, tuple(differences))


def _compared(expect: Expect, story: Story) -> Iterator[Difference]:
    why = Why(story)
    if expect.segments is not None:
        inside = [There(name) for name in sorted(story.profile.segments)]
        yield from _of_names(story, "segments", expect.segments, inside, why.segment)
    for placement, names in expect.offers.items():
        served = [There(name) for name in story.served(placement)]
        yield from _of_names(story, f"offers in {placement}", names, served, why.offer)
    for key, names in expect.done.items():
        done = [There(one.name, one.body, one.at_ms) for one in story.done(key)]
        yield from _of_names(story, key, names, done, why.happened(key))
    if expect.journeys is not None:
        runs = [There(one.journey, {"step": one.step, "key": one.key}) for one in story.underway()]
        yield from _of_names(story, "journeys", expect.journeys, runs, why.journey, paired)
    for equal in expect.equal:
        yield from _of_value(story, equal)
    for holds in expect.true:
        yield from _of_condition(story, holds, why)


def _of_names(
    story: Story,
    what: str,
    names: Names,
    got: Sequence[There],
    why: Any,
    beside: Any = aligned,
) -> Iterator[Difference]:
    if names.exact is None:
        rows = list(_some(names, got, why))
        expected: Any = {
            "includes": [to_json(wanted, what) for wanted in names.includes],
            "excludes": list(names.excludes),
        }
    else:
        exact = names.exact if what != "segments" else sorted(names.exact, key=by_name)
        rows = list(_all(exact, beside(exact, got), why))
        expected = [to_json(wanted, what) for wanted in names.exact]
    if any(row.sign != " " for row in rows):
        found = [to_json(as_wanted(one, names.all), what) for one in got]
        yield _difference(story, names.line, what, expected, found, rows)


def _all(exact: Sequence[Wanted], both: Iterable[Any], why: Any) -> Iterator[Row]:
    """What was expected beside what is there."""
    for wanted, one in both:
        if wanted is None and one is not None:
            yield Row("+", line(as_wanted(one, exact)), why(one.name, missing=False))
        elif wanted is not None and one is None:
            yield Row("-", line(wanted), why(wanted.name, missing=True))
        elif wanted is not None:
            yield Row(" ", line(wanted))


def _some(names: Names, got: Sequence[There], why: Any) -> Iterator[Row]:
    for wanted in names.includes:
        if any(fits(wanted, one) for one in got):
            yield Row(" ", line(wanted))
        else:
            yield Row("-", line(wanted), why(wanted.name, missing=True))
    here = {one.name for one in got}
    for name in names.excludes:
        if name in here:
            yield Row("+", name, why(name, missing=False))


def _of_value(story: Story, equal: Equal) -> Iterator[Difference]:
    try:
        got = equal.value(story.profile, NOTHING, story.now_ms)
    except EvaluationError as error:
        rows = [Row("-", plain(equal.expected)), Row("+", NO_VALUE, (str(error),))]
        yield _difference(story, equal.line, equal.source, equal.expected, None, rows)
        return
    if not same(got, equal.expected):
        rows = [Row("-", plain(equal.expected)), Row("+", plain(got))]
        yield _difference(story, equal.line, equal.source, equal.expected, got, rows)


def _of_condition(story: Story, holds: Holds, why: Why) -> Iterator[Difference]:
    try:
        got = holds.condition(story.profile, NOTHING, story.now_ms)
    except EvaluationError:
        got = False
    if not got:
        rows = [
            Row("-", "true"),
            Row("+", "false", why.condition(holds.condition.source, event=None)),
        ]
        yield _difference(story, holds.line, holds.source, True, False, rows)


def _difference(
    story: Story, line: int, what: str, expected: Any, got: Any, rows: Sequence[Row]
) -> Difference:
    return Difference(line, story.events, story.now_ms, what, expected, got, tuple(rows))
