"""One decision about one customer, as far as journeys see it."""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from decisions.acting import act
from decisions.journeys.table import Journey
from decisions.language import Condition, EvaluationError
from decisions.playbook import Playbook
from state.decision import Decision
from state.journeys import Run
from state.profile import Profile
from state.sections import EVENT
from state.times import rfc3339
from state.touchpoint import Touchpoint

STARTED = "journey.started"
ENDED = "journey.ended"


@dataclass(slots=True)
class Moment:
    """What is known, and what is done about it."""

    profile: Profile
    touchpoint: Touchpoint
    """An event, or what stands for the time that has passed."""
    mask: int
    """What may have changed, bits of state.sections."""
    playbook: Playbook
    now_ms: int
    decision: Decision | None

    def decided(self) -> Decision:
        """The decision; begun where nothing had been decided yet."""
        if self.decision is None:
            self.decision = Decision()
        return self.decision

    def seen_by(self, run: Run) -> Touchpoint:
        """The event as conditions and actions of a run see it: with the run's key."""
        return self.touchpoint if run.key is None else replace(self.touchpoint, key=run.key)

    def looks_at_event(self, condition: Condition) -> bool:
        """Whether it is asked of events, and of nothing else."""
        return bool(condition.reads & EVENT)

    def may_hold(self, condition: Condition) -> bool:
        """Whether it can have become true by what is new here."""
        if not condition.reads & EVENT:
            return bool(condition.reads & self.mask)
        names = condition.event_names
        return bool(self.touchpoint.message_id) and (names is None or self.touchpoint.name in names)

    def holds(self, condition: Condition, touchpoint: Touchpoint, journey: str) -> bool:
        """Whether a condition of `journey` is true; an error counts as false, and is counted."""
        try:
            return condition(self.profile, touchpoint, self.now_ms)
        except EvaluationError:
            self.err(journey)
            return False

    def err(self, journey: str, errors: int = 1) -> None:
        """Count errors of a journey."""
        if errors:
            self.decided().err(f"journey.{journey}", errors)

    def say_started(self, run: Run, subject: str) -> None:
        """Publishes that it has."""
        self._say(STARTED, subject, run, {})

    def say_ended(self, run: Run, step: str, reason: str) -> None:
        """Publishes that it has."""
        more = {"step": step, "reason": reason, "started_at": rfc3339(run.started_at)}
        self._say(ENDED, run.id.hex(), run, more)

    def _say(self, kind: str, subject: str, run: Run, more: dict[str, Any]) -> None:
        body = {**origin(run), **more}
        self.decided().actions.append(
            act(
                self.touchpoint,
                kind,
                subject,
                body,
                rule=f"journey.{run.journey}",
                armed_by=run.armed_by,
            )
        )


def origin(run: Run) -> dict[str, Any]:
    """What is said of a run wherever something comes of it."""
    found = {"run": run.id.hex(), "journey": run.journey, "version": run.version.hex()}
    if run.key is not None:
        found["key"] = key_text(run.key)
    return found


def key_text(key: str | int | float | bool) -> str:
    """A key as text, by which keys are compared and published."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    return f"{key:.15g}" if isinstance(key, float) else str(key)


def step_name(journey: Journey | None, number: int) -> str:
    """A step's id; where it has none, its number in the order they are written, from 1 on."""
    known = journey is not None and 0 <= number < len(journey.names)
    return (journey.names[number] if journey and known else "") or str(number + 1)
