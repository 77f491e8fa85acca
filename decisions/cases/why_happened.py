"""Why something has happened, or has not: alerts, what became of them, and actions of others."""

from collections.abc import Callable, Iterator
from typing import Any

from decisions.cases.coming import coming, span
from decisions.cases.happening import SAID, names_said, specs_of, specs_on
from decisions.cases.match import plain
from decisions.cases.story import Story
from decisions.cases.why_underway import Explain, Reasons, WhyUnderway
from decisions.format.case_keys import ACKNOWLEDGED, ACTIONS, ALERTS, CLEARED, ESCALATED
from decisions.rules import Alert, Sequence, Threshold
from state.profile import Watch
from state.sections import EVENT
from state.times import rfc3339


class WhyHappened:
    """Explains what has happened in a story so far, with `explain` for its conditions."""

    def __init__(self, story: Story, explain: Explain) -> None:
        self._story = story
        self._explain = explain

    def of(self, key: str) -> Callable[..., Reasons]:
        """What explains what is expected under `key`: by its name and whether it is missing."""
        return lambda name, missing: self._why(key, name, missing=missing)

    def _why(self, key: str, name: str, *, missing: bool) -> Reasons:
        if key == ACTIONS:
            return self._action(name, missing=missing)
        alert = self._story.playbook.alerts[name]
        now = self._again(key, name) or (self._not_yet(key, alert) if missing else ())
        return (*now, *(self._ahead(key, name) if missing else ()))

    def _again(self, key: str, name: str) -> Reasons:
        """How often it has happened, where it has."""
        done = [one for one in self._story.done(key) if one.name == name]
        if not done:
            return ()
        often = "once" if len(done) == 1 else f"{len(done)} times"
        word = "raised" if key == ALERTS else key
        message = done[-1].body.get("message")
        last = f' as "{message}"' if message is not None else f" at {rfc3339(done[-1].at_ms)}"
        return (f"{word} {often}, at last{last}",)

    def _not_yet(self, key: str, alert: Alert) -> Reasons:
        if key == ALERTS:
            return self._not_raised(alert)
        if raised := self._again(ALERTS, alert.id):
            return (*raised, *self._stands(key, alert))
        return tuple(
            f"not raised: {reason}" for reason in self._why(ALERTS, alert.id, missing=True)
        )

    def _stands(self, key: str, alert: Alert) -> Reasons:
        """Of an alert that was raised, why nothing has become of it."""
        if key == CLEARED and alert.until is not None:
            if not alert.until.reads & EVENT:
                reasons = self._explain(self._story, alert.until.source, None)
                return tuple(f"until: {reason}" for reason in reasons)
            return (f"no event after it for which {' '.join(alert.until.source.split())}",)
        if key == ESCALATED:
            return self._again(ACKNOWLEDGED, alert.id) or self._again(CLEARED, alert.id)
        return ()

    def _not_raised(self, alert: Alert) -> Reasons:
        taken = self._story.taken
        at = next(
            (
                n
                for n in range(len(taken), 0, -1)
                if not alert.events or taken[n - 1].name in alert.events
            ),
            None,
        )
        if at is None:
            return (f"there was no {' or '.join(alert.events)}",)
        then, event = self._story.until(at), taken[at - 1]
        reasons = self._explain(then, alert.when.source, event) if alert.when else ()
        return reasons or tuple(self._pattern(alert))

    def _pattern(self, alert: Alert) -> Iterator[str]:
        """How far what raises the alert has come."""
        for watch in self._watches(alert):
            key = f" for {watch.key}" if watch.key else ""
            match alert.pattern:
                case Threshold(count=count, within_ms=within_ms):
                    fresh = [ms for ms in watch.times if ms > self._story.now_ms - within_ms]
                    yield f"{len(fresh)} of {count} events within {span(within_ms)}{key}"
                case Sequence() if watch.armed_at:
                    since = rfc3339(watch.armed_at)
                    yield f"waits since {since} for the event that must follow{key}"

    def _watches(self, alert: Alert) -> list[Watch]:
        found = self._story.profile.watches.items()
        return [watch for name, watch in found if name.partition(":")[0] == alert.id]

    def _action(self, kind: str, *, missing: bool) -> Reasons:
        """Why nobody was asked for it, or not like this, or what led to it."""
        done = [one for one in self._story.done(ACTIONS) if one.name == kind]
        if not missing:
            return tuple(_origin(one.body) for one in done[-1:])
        ahead = self._ahead(ACTIONS, kind)
        if done:
            often = "once" if len(done) == 1 else f"{len(done)} times"
            last = f"{rfc3339(done[-1].at_ms)}: {_said(kind, done[-1].body)}"
            return (f"asked for {often}, at last at {last}", *ahead)
        reasons: list[str] = []
        for alert in self._story.playbook.alerts.values():
            if any(spec.kind == kind for spec in alert.actions):
                reasons += self._of_alert(ALERTS, alert)
            elif any(spec.kind == kind for spec in specs_of(alert)):
                reasons += self._of_alert(ESCALATED, alert)
        for journey in self._story.playbook.journeys.values():
            if any(spec.kind == kind for spec in specs_on(journey)):
                where = WhyUnderway(self._story, self._explain).where(journey.id)
                reasons += (f"journey {journey.id}: {reason}" for reason in where)
        return (*reasons, *ahead)

    def _of_alert(self, key: str, alert: Alert) -> list[str]:
        reasons = self._again(key, alert.id) or self._not_yet(key, alert)
        return [f"alert {alert.id}: {reason}" for reason in reasons]

    def _ahead(self, key: str, name: str) -> Reasons:
        """When it will happen (again) by itself."""
        before = len(self._story.done(key))
        return coming(
            self._story, lambda story: any(one.name == name for one in story.done(key)[before:])
        )


def _origin(body: dict[str, Any]) -> str:
    origin = body["origin"]
    rule = next(f"{word} {origin[word]}" for word in ("alert", "journey") if word in origin)
    return f"asked for by {rule}"


def _said(kind: str, body: dict[str, Any]) -> str:
    """What an action says of its own."""
    names = (name for name in names_said(kind) if name not in SAID and name in body)
    return ", ".join(f"{name} = {plain(body[name])}" for name in names)
