"""Why a customer is on a journey, or is not, or not yet at the step that was expected."""

from collections.abc import Callable

from decisions.cases.coming import coming, span
from decisions.cases.story import OVER, Story, Underway
from decisions.journeys.table import Journey, Until
from decisions.journeys.versions import definition
from decisions.language import Condition, EvaluationError
from decisions.playbook import NOTHING
from state.sections import EVENT
from state.times import rfc3339
from state.touchpoint import Touchpoint

Reasons = tuple[str, ...]
Explain = Callable[[Story, str, Touchpoint | None], Reasons]
"""Which parts of a condition are false of a story's customer, at an event."""


class WhyUnderway:
    """Explains where the customer of a story is, with `explain` for conditions."""

    def __init__(self, story: Story, explain: Explain) -> None:
        self._story = story
        self._explain = explain

    def journey(self, name: str, *, missing: bool) -> Reasons:
        """Why they are not on it, or not at that step, or why they are."""
        found = self.where(name)
        if not missing or any(one.journey == name for one in self._story.underway()):
            return found
        ahead = coming(
            self._story, lambda story: any(one.journey == name for one in story.underway())
        )
        return (*found, *ahead)

    def where(self, name: str) -> Reasons:
        """Where they are on it; else how it ended, or why it has not begun."""
        runs = [one for one in self._story.underway() if one.journey == name]
        if runs:
            return tuple(self._waits(number, one) for number, one in enumerate(runs))
        over = [one for one in self._story.done(OVER) if one.name == name]
        if over:
            last = over[-1]
            how = f"{last.body['reason']}, at step {last.body['step']}"
            return (f"over since {rfc3339(last.at_ms)}: {how}",)
        return self._not_begun(self._story.playbook.journeys[name])

    def _waits(self, number: int, one: Underway) -> str:
        key = f" for {one.key}" if one.key is not None else ""
        said = f"waits{key} at step {one.step} since {rfc3339(one.since_ms)}"
        runs = [run for run in self._story.profile.journeys if run.journey == one.journey]
        journey = definition(runs[number], self._story.playbook)
        step = journey.steps[runs[number].step] if journey else None
        if isinstance(step, Until):
            said += f" until {' '.join(step.when.source.split())}"
        if one.due_ms:
            left = span(one.due_ms - self._story.now_ms)
            end = "at the latest" if isinstance(step, Until) else "if no event comes"
            said += f"; goes on in {left}, at {rfc3339(one.due_ms)}, {end}"
        return said

    def _not_begun(self, journey: Journey) -> Reasons:
        taken = self._story.taken
        numbers = range(len(taken), 0, -1)
        at = next(
            (n for n in numbers if not journey.events or taken[n - 1].name in journey.events), None
        )
        if at is None:
            return (f"there was no {' or '.join(journey.events)}",)
        if not journey.events:
            return self._explain(self._story, journey.when.source, None) if journey.when else ()
        then, event = self._story.until(at), taken[at - 1]
        reasons = self._explain(then, journey.when.source, event) if journey.when else ()
        return reasons or tuple(
            f"an exit holds: {' '.join(when.source.split())}"
            for when in journey.exits
            if not when.reads & EVENT and _holds(when, then)
        )


def _holds(when: Condition, story: Story) -> bool:
    try:
        return when(story.profile, NOTHING, story.now_ms)
    except EvaluationError:
        return False
