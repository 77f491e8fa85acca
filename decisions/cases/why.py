"""Why something is so: conditions that are false, and the values of what they read."""

from collections.abc import Callable

from decisions.cases.coming import coming
from decisions.cases.story import Story
from decisions.cases.why_happened import WhyHappened
from decisions.cases.why_underway import WhyUnderway
from decisions.explaining.evidence import Evidence
from decisions.offering.explain import SERVED, tell
from state.times import rfc3339
from state.touchpoint import Touchpoint

Reasons = tuple[str, ...]


class Why:
    """Explains the customer of a story as they are now."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._playbook = story.playbook
        self._evidence = Evidence(story.profile, story.playbook, story.now_ms)

    def segment(self, name: str, *, missing: bool) -> Reasons:
        """Why the customer is not in a segment, or why they are."""
        segment = self._playbook.segments[name]
        when, until = segment.when.source, segment.until and segment.until.source
        if missing:
            now = self._false(when) or _of_until(self._true(until) if until else ())
            return (*now, *coming(self._story, lambda story: name in story.profile.segments))
        since = self._story.profile.segments[name]
        stays_ms = since + segment.dwell_ms
        if self._story.now_ms < stays_ms:
            return (f"in it since {rfc3339(since)}, at least until {rfc3339(stays_ms)} (dwell)",)
        if until:
            return (f"in it since {rfc3339(since)}", *_of_until(self._false(until)))
        return self._true(when)

    def offer(self, name: str, *, missing: bool) -> Reasons:
        """Why an offer is not served, or why it is."""
        story, customer = self._story, self._story.taken[-1].customer_id
        told = tell(story.profile, customer, self._playbook, story.now_ms)
        (found,) = [one for one in told if one.offer == name]
        if missing and found.stage == SERVED:
            places = [h.placement for h in story.profile.offers if h.offer_id == name]
            return tuple(f"it is served in {place}" for place in places) or found.reasons
        return found.reasons

    def happened(self, key: str) -> Callable[..., Reasons]:
        """What explains what is expected under `key` to have happened."""
        return WhyHappened(self._story, _explain).of(key)

    def journey(self, name: str, *, missing: bool) -> Reasons:
        """Why the customer is not on a journey, or not there, or why they are."""
        return WhyUnderway(self._story, _explain).journey(name, missing=missing)

    def condition(self, source: str, *, event: Touchpoint | None) -> Reasons:
        """The parts of a condition that are false, with values."""
        return self._false(source, event)

    def _false(self, source: str, event: Touchpoint | None = None) -> Reasons:
        reasons: list[str] = []
        for told, segment in self._evidence.against(source, event):
            reasons.append(told)
            if segment:
                reasons += self.segment(segment, missing=True)
        return tuple(reasons)

    def _true(self, source: str) -> Reasons:
        return (self._evidence.of(source),)


def _of_until(reasons: Reasons) -> Reasons:
    return tuple(f"until: {reason}" for reason in reasons)


def _explain(story: Story, source: str, event: Touchpoint | None) -> Reasons:
    return Why(story).condition(source, event=event)
