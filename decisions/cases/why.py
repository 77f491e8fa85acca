"""Why something is so: conditions that are false, and the values of what they read."""

import json
import re
from collections.abc import Callable
from typing import Any

from decisions.cases.coming import coming
from decisions.cases.story import Story
from decisions.cases.why_happened import WhyHappened
from decisions.cases.why_underway import WhyUnderway
from decisions.language import (
    EvaluationError,
    ExpressionError,
    Scope,
    compile_condition,
    compile_value,
)
from decisions.language.parts import conjuncts, fields_read
from decisions.playbook import NOTHING
from decisions.rules import Offer
from state.times import rfc3339
from state.touchpoint import Touchpoint

Reasons = tuple[str, ...]
MEMBER = re.compile(r'(?:in_segment\()?["\'](\w+)["\'](?: in segments|\))')
"""A condition that a segment's own explains."""


class Why:
    """Explains the customer of a story as they are now."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._playbook = story.playbook

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
        offer = self._playbook.offers[name]
        if not missing:
            return self._true(offer.when.source) if offer.when else ("it is for everyone",)
        now_ms = self._story.now_ms
        if now_ms < offer.start_ms:
            return (f"it starts at {rfc3339(offer.start_ms)}, now is {rfc3339(now_ms)}",)
        if 0 < offer.end_ms <= now_ms:
            return (f"it ended at {rfc3339(offer.end_ms)}, now is {rfc3339(now_ms)}",)
        if offer.when and (reasons := self._false(offer.when.source)):
            return reasons
        return self._outranked(offer)

    def _outranked(self, offer: Offer) -> Reasons:
        for held in self._story.profile.offers:
            if held.offer_id == offer.id:
                return (f"it is served in {held.placement}",)
        reasons = []
        for placement, _ in offer.places:
            for name in self._story.served(placement):
                other = self._playbook.offers[name]
                if offer.fallback and not other.fallback:
                    reasons.append(f"it is a fallback, and {name} fits")
                elif other.score == offer.score:
                    reasons.append(f"{name} has the same score, {other.score:g}, and won the draw")
                else:
                    scores = f"{other.score:g} to {offer.score:g}"
                    reasons.append(f"{name} stands in {placement} with the higher score, {scores}")
        return tuple(reasons)

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
        reasons = []
        for part in conjuncts(source):
            answer = self._answer(part, event)
            if answer == "true":
                continue
            reasons.append(f"{_line(part)} is {answer}{self._values(part, event)}")
            if named := MEMBER.fullmatch(part):
                reasons += self.segment(named[1], missing=True)
        return tuple(reasons)

    def _true(self, source: str) -> Reasons:
        return (f"{_line(source)} is true{self._values(source, None)}",)

    def _answer(self, source: str, event: Touchpoint | None) -> str:
        condition = compile_condition(source, self._scope(event))
        story = self._story
        try:
            true = condition(story.profile, event or NOTHING, story.now_ms)
        except EvaluationError as error:
            return f"an error ({error})"
        return "true" if true else "false"

    def _values(self, source: str, event: Touchpoint | None) -> str:
        values = []
        for field in fields_read(source):
            try:
                value = compile_value(field, self._scope(event))
                found: Any = value(self._story.profile, event or NOTHING, self._story.now_ms)
            except (ExpressionError, EvaluationError):
                continue  # a collection, or nothing there: no value to be shown
            values.append(f"{_line(field)} = {json.dumps(found, ensure_ascii=False)}")
        return f": {', '.join(values)}" if values else ""

    def _scope(self, event: Touchpoint | None) -> Scope:
        book = self._playbook
        return Scope(traits=book.traits, segments=book.segments, event=event is not None)


def _of_until(reasons: Reasons) -> Reasons:
    return tuple(f"until: {reason}" for reason in reasons)


def _explain(story: Story, source: str, event: Touchpoint | None) -> Reasons:
    return Why(story).condition(source, event=event)


def _line(source: str) -> str:
    """An expression on one line."""
    return " ".join(source.split())
