"""A customer for tests of what is remembered of events."""

from typing import Any

from decisions.history import History, note
from decisions.language import EvaluationError, Scope, compile_value
from decisions.playbook import NOTHING
from state.profile import Profile
from state.touchpoint import Touchpoint
from tests.decisions.someone import touchpoint

SCOPE = Scope(event=False)


class Memory:
    """A profile, and functions that look back at what happens to it."""

    def __init__(self, *sources: str) -> None:
        self.values = [compile_value(source, SCOPE) for source in sources]
        self.history = History(one for value in self.values for one in value.history)
        self.profile = Profile()

    def takes(self, event: Touchpoint, now_ms: int) -> int:
        """What `note` says of an event."""
        return note(self.profile, event, self.history, now_ms)

    def happens(self, name: str, at_ms: int, **properties: Any) -> int:
        """An event that is known as it happens."""
        return self.takes(touchpoint("c", "m", name, at_ms, properties), at_ms)

    def says(self, now_ms: int) -> list[Any]:
        """The functions' values; None for an error."""
        answers = []
        for value in self.values:
            try:
                answers.append(value(self.profile, NOTHING, now_ms))
            except EvaluationError:
                answers.append(None)
        return answers
