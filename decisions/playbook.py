"""The playbook: what a marketer wrote, checked, compiled and indexed by what each rule reads."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from decisions.actions.routes import Routes
from decisions.budgets.budget import Budget
from decisions.cases.case import Case
from decisions.document import Problem
from decisions.history import History
from decisions.journeys.table import Journey, is_timed
from decisions.language import (
    Changes,
    Condition,
    EvaluationError,
    ExpressionError,
    Record,
    Remembered,
    Scope,
    Value,
    compile_changes,
    compile_condition,
)
from decisions.offering.arbitration import Ranking
from decisions.offering.caps import Subject
from decisions.offering.catalogue import Offer, Placement
from decisions.offering.experiments import Experiment
from decisions.offering.linear import model_of
from decisions.offering.model import Model
from decisions.offering.policy import UNRESTRAINED, Policy
from decisions.offering.propensity import Learning
from decisions.rules import ACKNOWLEDGED_EVENT, Alert, Segment
from state.limits import USUAL, Limits
from state.profile import Profile
from state.sections import ANSWERS, CONSENTS, EVENT, NOW, SEGMENTS
from state.times import earliest
from state.touchpoint import Touchpoint

ALWAYS = NOW | EVENT
"""What every event brings, whatever the fold changed."""

ONCE = 1 << 62
"""Read by every rule; changed for a profile that is new to a version: a rule that reads nothing
else (`true`) is asked then, and not again."""

NOTHING = Touchpoint("", b"", "", "", "", "", "", 0, 0, {}, {}, b"")
"""Handed to expressions that may not look at an event."""


class PlaybookError(ValueError):
    """A playbook cannot be used; the text has one line for every problem found in it."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{name}:{p.line}:{p.column}: {p.text}" for p in self.problems))


class Due(Struct, frozen=True):
    """The rules whose answer may change, given what the fold changed."""

    segments: tuple[Segment, ...]
    """Those, and after them those that name them, in the order they must be asked."""
    alerts: tuple[Alert, ...]
    any_moves: Condition | None
    """Whether the customer enters or leaves one of `segments`, the `fallible` ones apart: one call
    for all of them, since mostly none does. None when there are too few, or they are too large to
    be one condition."""
    fallible: tuple[Segment, ...]
    """Those of `segments` whose condition can end in an error or is not all that counts, and those
    that name one of them."""


@dataclass(slots=True, eq=False)
class Playbook:
    """A checked playbook; its mappings are in the order of the file."""

    version: str
    """12 hex digits of a hash of all that is written in the file but comments, layout and tests."""
    title: str
    channels: tuple[str, ...]
    traits: dict[str, str]
    """Trait → string, int, double, bool or list(string); the fold keeps only these."""
    placements: dict[str, Placement]
    segments: dict[str, Segment]
    offers: dict[str, Offer]
    alerts: dict[str, Alert]
    shown: dict[str, Value]
    """Name → value, for `summary`."""
    summarize: Record
    """All of them in one call, as long as none ends in an error."""
    order: tuple[Segment, ...]
    """The segments, each after those it names."""
    limits: Limits = USUAL
    """Which events are repeats, too late or too early."""
    routes: Routes = field(default_factory=dict)
    """The routing tables of its actions."""
    purposes: dict[str, bool] = field(default_factory=dict)
    """Purpose → whether a customer who has said nothing of it agrees."""
    policy: Policy = UNRESTRAINED
    """When customers are left alone."""
    power: float = 1.0
    """The exponent of the propensity."""
    refresh_ms: int = 0
    """For how long after a customer's last event time alone lets offers be chosen anew."""
    experiments: dict[str, Experiment] = field(default_factory=dict)
    """Controls among them."""
    budgets: dict[str, Budget] = field(default_factory=dict)
    """How many of some offers may be accepted in all."""
    learning: Learning | None = None
    """How propensities are learned; None: they are not."""
    interests: Value | None = None
    """What a customer has declared to be interested in: a list of texts; None where neither a
    section nor a trait says it."""
    journeys: dict[str, Journey] = field(default_factory=dict)
    earlier: dict[tuple[str, bytes], Journey] = field(default_factory=dict)
    """(id, version) → a definition that a journey had before: for runs that began by it. No part of
    the file; whoever keeps them puts them here. One that is not here cannot be gone on by."""
    cases: tuple[Case, ...] = ()
    """Its tests; they decide nothing."""
    remembered: tuple[Remembered, ...] = ()
    """What its history functions need to be remembered; each once, at most MAX_TRACKERS."""

    history: History = field(init=False)
    """The same, by the events that may concern it."""
    products: frozenset[str] = field(default=frozenset(), init=False)
    """All that its offers name."""
    room: dict[str, int] = field(default_factory=dict, init=False)
    """Placement → how many offers it holds."""
    proper: Ranking = field(init=False)
    """All but fallback offers."""
    fallbacks: Ranking = field(init=False)
    model: Model | None = field(default=None, init=False)
    """The arms of what is learned."""
    counted: dict[bytes, Subject] = field(default_factory=dict, init=False)
    """All that caps count, by its key."""
    plain_moves: dict[int, Changes] = field(default_factory=dict, init=False)
    """What is read (bits of state.sections) → when time alone may move a customer into or out of a
    segment that is just a condition over it."""
    held_by_time: tuple[Segment, ...] = field(default=(), init=False)
    """The other segments that time alone may move a customer into or out of."""
    timed: int = field(default=0, init=False)
    """What decides when time alone moves a customer, beside time."""
    offers_read: int = field(default=0, init=False)
    """What any offer depends on."""
    alerts_timed: int = field(default=0, init=False)
    """What decides when time alone raises an alert by its condition, beside time."""
    alerts_on: dict[str, tuple[Alert, ...]] = field(default_factory=dict, init=False)
    """Event name → alerts asked at it."""
    alert_events: frozenset[str] = field(default=frozenset(), init=False)
    """Names of events that say something to alerts."""
    timed_alerts: tuple[Alert, ...] = field(default=(), init=False)
    """Those that time alone can raise by their condition."""
    journeys_on: dict[str, tuple[Journey, ...]] = field(default_factory=dict, init=False)
    """Event name → journeys it may start."""
    journeys_watching: tuple[Journey, ...] = field(default=(), init=False)
    """Those that start when their condition becomes true."""
    journeys_read: int = field(default=0, init=False)
    """What their conditions read."""
    journeys_timed: tuple[Condition, ...] = field(default=(), init=False)
    """Those of the conditions that time alone may change."""
    _refused_by_default: frozenset[str] = field(default=frozenset(), init=False)
    _offers_change: Changes | None = field(default=None, init=False)
    """When time alone may change an offer's condition, or a feature."""
    _watching: tuple[Alert, ...] = field(default=(), init=False)
    _starts: tuple[int, ...] = field(default=(), init=False)
    _editions: tuple[str, ...] = field(default=(), init=False)
    _due: dict[int, Due] = field(default_factory=dict, init=False)

    @property
    def looks_around(self) -> bool:
        """Whether anything hangs on what a shard has to be told."""
        return self.model is not None or bool(self.products or self.budgets)

    def __post_init__(self) -> None:
        self.history = History(self.remembered)
        self.products = frozenset(p for offer in self.offers.values() for p in offer.products)
        self.room = {placement.id: placement.offers for placement in self.placements.values()}
        proper = [offer for offer in self.offers.values() if not offer.fallback]
        self.proper = Ranking(proper, learned=self.learning is not None)
        self.fallbacks = Ranking(o for o in self.offers.values() if o.fallback)
        self._refused_by_default = frozenset(p for p, usual in self.purposes.items() if not usual)
        self.offers_read = ANSWERS | (CONSENTS if self.purposes else 0) | self.policy.reads
        if self.learning is not None and proper:
            self.model = model_of(self.learning, proper)
            self.offers_read |= self.learning.reads
        for offer in self.offers.values():
            self.offers_read |= offer.reads
            for treatment in offer.treatments:
                self.counted |= {subject.key: subject for subject in treatment.counted}
        layers = [when for offer in self.offers.values() for _, when in offer.layers]
        layers += [when for _, when in (self.learning.features if self.learning else ())]
        by_clock = [when for when in layers if when.reads & NOW and not when.timely]
        self._offers_change = compile_changes(by_clock) if by_clock else None
        for alert in self.alerts.values():
            for name in alert.indexed:
                self.alerts_on[name] = (*self.alerts_on.get(name, ()), alert)
        self.alert_events = frozenset({*self.alerts_on, ACKNOWLEDGED_EVENT} if self.alerts else ())
        self._watching = tuple(a for a in self.alerts.values() if not a.indexed)
        self.timed_alerts = tuple(a for a in self.alerts.values() if a.timed)
        for journey in self.journeys.values():
            for name in journey.events:
                self.journeys_on[name] = (*self.journeys_on.get(name, ()), journey)
        self.journeys_watching = tuple(j for j in self.journeys.values() if not j.events)
        for journey in self.journeys_watching:
            self.journeys_read |= journey.reads
        starts = [journey.when for journey in self.journeys_watching]
        self.journeys_timed = tuple(when for when in starts if when and is_timed(when))
        by_time = [segment for segment in self.order if segment.reads & NOW]
        for reads in sorted({segment.reads for segment in by_time if segment.plain}):
            alike = [s.when for s in by_time if s.plain and s.reads == reads]
            self.plain_moves[reads & ~ALWAYS] = compile_changes(alike)
        self.held_by_time = tuple(segment for segment in by_time if not segment.plain)
        for segment in by_time:
            self.timed |= segment.reads | (0 if segment.plain else SEGMENTS)
        for alert in self.timed_alerts:
            self.alerts_timed |= alert.reads & ~(ALWAYS | ONCE)
        self.timed &= ~(ALWAYS | ONCE)
        self._starts = tuple(sorted({o.start_ms for o in self.offers.values() if o.start_ms}))
        self._editions = (
            self.version,
            *(f"{self.version}+{n}" for n in range(1, len(self._starts) + 1)),
        )

    def edition(self, now_ms: int) -> str:
        """The version, and how many of its offers' start dates have passed by `now_ms`.

        The same edition with the same profile leads to the same choice.
        """
        return self._editions[bisect_right(self._starts, now_ms)]

    def is_fresh(self, profile: Profile, now_ms: int) -> bool:
        """Whether time alone may choose a customer's offers anew at `now_ms`."""
        return bool(self.refresh_ms) and now_ms <= profile.last_at + self.refresh_ms

    def refresh_at(self, profile: Profile, now_ms: int) -> int:
        """The first instant after `now_ms` at which it may have to; 0 = never."""
        if not self.refresh_ms:
            return 0
        found = profile.offers_until if now_ms < profile.offers_until else 0
        next_start = bisect_right(self._starts, now_ms)
        if next_start < len(self._starts):
            found = earliest(found, self._starts[next_start])
        if self._offers_change is not None:
            found = earliest(found, self._offers_change(profile, NOTHING, now_ms))
        return found if self.is_fresh(profile, found) else 0

    def refused_purposes(self, profile: Profile) -> frozenset[str]:
        """What the customer does not agree to: by what they said last, else by default."""
        if not profile.consents:
            return self._refused_by_default
        said = {purpose: one.granted for purpose, one in profile.consents.items()}
        return frozenset(p for p, usual in self.purposes.items() if not said.get(p, usual))

    def due(self, changed: int) -> Due:
        """The rules to ask after `changed` (bits of state.sections), found once for each value.

        Of segments those that read the clock only if NOW is among it, of alerts always.
        """
        found = self._due.get(changed)
        if found is None:
            mask = changed
            segments = []
            for segment in self.order:
                if segment.reads & mask:
                    mask |= SEGMENTS
                    segments.append(segment)
            mask |= ALWAYS
            alerts = tuple(alert for alert in self._watching if alert.reads & mask)
            found = self._due[changed] = Due(
                segments=tuple(segments),
                alerts=alerts,
                any_moves=self._any_moves(segments),
                fallible=_fallible(segments),
            )
        return found

    def _any_moves(self, segments: Sequence[Segment]) -> Condition | None:
        fallible = _fallible(segments)
        moves = [
            # On lines of their own, since a condition may end in a comment.
            f'({segment.when.source}\n) != ("{segment.id}" in segments)'
            for segment in segments
            if segment not in fallible
        ]
        scope = Scope(traits=self.traits, segments=self.segments, event=False, context=False)
        try:
            return compile_condition(" || ".join(moves), scope) if len(moves) > 1 else None
        except ExpressionError:  # deeper or longer together than a condition may be
            return None

    def summary(self, profile: Profile, now_ms: int) -> dict[str, Any]:
        """What the playbook shows of a profile: plain JSON values in the order of the file.

        A value that ends in an error is None.
        """
        try:
            return self.summarize(profile, NOTHING, now_ms)
        except EvaluationError:
            pass
        summary: dict[str, Any] = {}
        for name, value in self.shown.items():
            try:
                summary[name] = value(profile, NOTHING, now_ms)
            except EvaluationError:
                summary[name] = None
        return summary


def _fallible(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Asked one by one: an error of one must not hide what another says, and who is in one that has
    an end of its own may stay in it."""
    found: dict[str, Segment] = {}
    for segment in segments:
        risky = segment.when.fallible or not segment.plain
        if risky or not segment.names.isdisjoint(found):
            found[segment.id] = segment
    return tuple(found.values())
