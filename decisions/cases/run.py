"""Runs a case: its events go through the fold and the playbook, as they would in a flow."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from decisions.cases.case import Case, Equal, Expect, Holds, Names, Wanted
from decisions.cases.outcome import Difference, Outcome, Row
from decisions.cases.story import Story
from decisions.cases.why import Why
from decisions.language import EvaluationError
from decisions.playbook import NOTHING, Playbook

NO_VALUE = "no value"


def run(case: Case, playbook: Playbook) -> Outcome:
    """What comes of `case`. A function of its arguments: time is that of the case's events."""
    story = Story(case, playbook)
    differences: list[Difference] = []
    for step in case.steps:
        if isinstance(step, Expect):
            differences += _compared(step, story)
        else:
            story.take(step)
    return Outcome(case, tuple(differences))


def _compared(expect: Expect, story: Story) -> Iterator[Difference]:
    why = Why(story)
    if expect.segments is not None:
        inside: list[Wanted] = [(name, None) for name in sorted(story.profile.segments)]
        yield from _of_names(story, "segments", expect.segments, inside, why.segment, ordered=False)
    for placement, names in expect.offers.items():
        served: list[Wanted] = [(name, None) for name in story.served(placement)]
        yield from _of_names(story, f"offers in {placement}", names, served, why.offer)
    if expect.alerts is not None:
        yield from _of_names(story, "alerts", expect.alerts, story.raised, why.alert)
    for equal in expect.equal:
        yield from _of_value(story, equal)
    for holds in expect.true:
        yield from _of_condition(story, holds, why)


def _of_names(
    story: Story,
    what: str,
    names: Names,
    got: Sequence[Wanted],
    why: Any,
    *,
    ordered: bool = True,
) -> Iterator[Difference]:
    if names.exact is None:
        rows = list(_some(names, got, why))
        expected: Any = {
            "includes": [_json(wanted) for wanted in names.includes],
            "excludes": list(names.excludes),
        }
    else:
        exact = list(names.exact) if ordered else sorted(names.exact, key=lambda one: one[0])
        rows = list(_all(exact, got, why))
        expected = [_json(wanted) for wanted in names.exact]
    if any(row.sign != " " for row in rows):
        found = [_json(one if _said(names) else (one[0], None)) for one in got]
        yield _difference(story, names.line, what, expected, found, rows)


def _said(names: Names) -> bool:
    """Whether messages are expected, so that they should be shown."""
    return any(message is not None for _, message in (*(names.exact or ()), *names.includes))


def _all(exact: Sequence[Wanted], got: Sequence[Wanted], why: Any) -> Iterator[Row]:
    """Both lists as one, in their order."""
    # A message that was not asked for is any.
    silent = {name for name, message in exact if message is None}
    found = [(name, None if name in silent else message) for name, message in got]
    matcher = SequenceMatcher(None, exact, found, autojunk=False)
    for _, left, left_end, right, right_end in matcher.get_opcodes():
        if exact[left:left_end] == found[right:right_end]:
            for wanted in exact[left:left_end]:
                yield Row(" ", _text(wanted))
            continue
        for wanted in exact[left:left_end]:
            yield Row("-", _text(wanted), why(wanted[0], missing=True))
        for one in found[right:right_end]:
            yield Row("+", _text(one), why(one[0], missing=False))


def _some(names: Names, got: Sequence[Wanted], why: Any) -> Iterator[Row]:
    here = {name for name, _ in got}
    for name, message in names.includes:
        there = name in here if message is None else (name, message) in got
        yield Row(
            " " if there else "-",
            _text((name, message)),
            *([] if there else [why(name, missing=True)]),
        )
    for name in names.excludes:
        if name in here:
            yield Row("+", name, why(name, missing=False))


def _of_value(story: Story, equal: Equal) -> Iterator[Difference]:
    try:
        got = equal.value(story.profile, NOTHING, story.now_ms)
    except EvaluationError as error:
        rows = [Row("-", _plain(equal.expected)), Row("+", NO_VALUE, (str(error),))]
        yield _difference(story, equal.line, equal.source, equal.expected, None, rows)
        return
    if not _same(got, equal.expected):
        rows = [Row("-", _plain(equal.expected)), Row("+", _plain(got))]
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


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON values: true is not 1, but 2.0 is 2."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _difference(
    story: Story, line: int, what: str, expected: Any, got: Any, rows: Sequence[Row]
) -> Difference:
    return Difference(line, story.events, story.now_ms, what, expected, got, tuple(rows))


def _text(wanted: Wanted) -> str:
    name, message = wanted
    return name if message is None else f"{name}: {message}"


def _json(wanted: Wanted) -> Any:
    name, message = wanted
    return name if message is None else {"alert": name, "message": message}


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
