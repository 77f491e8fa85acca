"""From a playbook's text to a Playbook, or to every problem in it."""

import hashlib
import json
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from decisions.actions.routes import Routes, read_routes
from decisions.alerting.reading import Scopes, read_alert
from decisions.budgets.budget import Budget
from decisions.cases.read import read_cases
from decisions.document import (
    MAX_CHARACTERS,
    Flaw,
    Node,
    Problem,
    Scalar,
    Sequence,
    parse,
)
from decisions.format.alert_keys import ALERT
from decisions.format.offer_keys import ARBITRATION, CONSENT, MAX_SERVED, PLACEMENT
from decisions.format.part import Part
from decisions.format.sections import MAX_LISTS, PLAYBOOK, SEGMENT, TYPES
from decisions.journeys.written.journey import JourneyReader
from decisions.language import Scope, Value, compile_record
from decisions.language.scope import TEXTS
from decisions.limits import NOTHING, read_limits
from decisions.offering.catalogue import Offer, Placement
from decisions.offering.experiments import Experiment, control, control_of
from decisions.offering.policy import Policy
from decisions.offering.written.contact import PolicyReader
from decisions.offering.written.experiments import read_experiments
from decisions.offering.written.interests import read_interests
from decisions.offering.written.learning import read_learning
from decisions.offering.written.offers import (
    Around,
    OfferReader,
    read_budgets,
    read_groups,
)
from decisions.playbook import ONCE, Playbook, PlaybookError
from decisions.reading import Reader, source_of
from decisions.rules import Alert, Segment
from decisions.secrets import secrets_in
from state.sections import NOW


class PlaybookUnreadable(PlaybookError):
    """The file is not there, or cannot be opened: perhaps another one is meant."""


def load_playbook(path: Path) -> Playbook:
    """The playbook in a file. Raises PlaybookError; PlaybookUnreadable when there is no such file,
    or it cannot be opened."""
    try:
        with path.open("rb") as file:
            content = file.read(4 * MAX_CHARACTERS)
        text = content.decode()
    except OSError as error:
        problem = Problem(
            1, 1, f"the file; expected a playbook that can be read, got {error.strerror}"
        )
        raise PlaybookUnreadable(str(path), [problem]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(line, 1, f"the text; expected UTF-8, got byte {error.start} that is not")
        raise PlaybookError(str(path), [problem]) from None
    found = copy(_parsed(text, str(path)))
    found.earlier = {}  # of whoever loads it
    return found


@lru_cache(maxsize=1)
def _parsed(text: str, name: str) -> Playbook:
    # A flow and its metrics load the same file when they start, a third of a second of work each.
    return parse_playbook(text, name)


def parse_playbook(text: str, name: str) -> Playbook:
    """The playbook in `text`; `name` is what errors call it. Raises PlaybookError."""
    try:
        root = parse(text)
    except Flaw as flaw:
        raise PlaybookError(name, secrets_in(text, None) or [flaw.problem]) from None
    if secrets := secrets_in(text, root):  # and nothing else: that could repeat one
        raise PlaybookError(name, secrets)
    if root is None:
        raise PlaybookError(name, [Problem(1, 1, "the file; expected a playbook, got nothing")])
    loader = _Loader(text)
    playbook = loader.playbook(root)
    if playbook is None or loader.problems:
        raise PlaybookError(name, loader.problems)
    return playbook


class _Loader(Reader):
    """Reads the sections of one playbook; later ones see the names that earlier ones declare."""

    channels: tuple[str, ...] = ()
    traits: dict[str, str]
    placements: dict[str, Placement]
    segment_ids: tuple[str, ...] = ()
    routes: Routes
    policy: Policy
    power: float
    interests: Value | None = None

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.purposes: dict[str, bool] = {}
        self.experiments: dict[str, Experiment] = {}
        self.budgets: dict[str, Budget] = {}

    def playbook(self, root: Node) -> Playbook | None:
        part = Part(self, root, "", PLAYBOOK)
        title = part.text("title")
        self.channels = part.new_ids("channels", "a channel", "[click, email]")
        limits = read_limits(self, part.get("limits"))
        self.traits = self._traits(part)
        self.placements = self._placements(part)
        segments = part.named("segments")
        self.segment_ids = tuple(name for name, _, _ in segments)
        read = {name: self._segment(name, node) for name, _, node in segments}
        order = self._in_order({name: s for name, s in read.items() if s}, segments)
        offers = self._offers(part)
        refresh_ms = (part.duration("refresh") or 0) if "refresh" in part else 0
        self.routes = read_routes(self, part)
        alerts = part.entries("alerts", self._alert)
        reader = JourneyReader(self, self._scope(event=False), self.routes)
        journeys = part.entries("journeys", reader.read)
        summary = {name: node for name, _, node in part.named("summary")}
        scope = self._scope(event=False)
        shown = {name: self.value(node, f"summary.{name}", scope) for name, node in summary.items()}
        learning = read_learning(self, part.get("learning"), scope)
        if self.problems:  # tests of what is wrong would say little more
            return None
        playbook = Playbook(
            version=_version(root),
            title=title,
            channels=self.channels,
            traits=self.traits,
            placements=self.placements,
            segments={name: segment for name, segment in read.items() if segment},
            offers={name: offer for name, offer in offers.items() if offer},
            alerts={name: alert for name, alert in alerts.items() if alert},
            shown={name: value for name, value in shown.items() if value},
            summarize=compile_record(
                {name: node.text for name, node in summary.items() if isinstance(node, Scalar)},
                scope,
            ),
            order=order,
            limits=limits,
            remembered=tuple(self.remembered.values()),
            routes=self.routes,
            purposes=self.purposes,
            policy=self.policy,
            power=self.power,
            refresh_ms=refresh_ms,
            experiments=self.experiments,
            budgets=self.budgets,
            learning=learning,
            interests=self.interests,
            journeys={name: journey for name, journey in journeys.items() if journey},
        )
        self.deciding = False
        playbook.cases = read_cases(self, part, playbook)
        return playbook

    def _traits(self, book: Part) -> dict[str, str]:
        traits = {}
        for name, key, node in book.named("traits"):
            traits[name] = self.choice(node, f"traits.{name}", TYPES) or "string"
            if [*traits.values()].count(TEXTS) > MAX_LISTS:
                self.problem(key, "traits", f"at most {MAX_LISTS} that are lists", "more")
        return traits

    def _scope(self, *, event: bool, context: bool = False) -> Scope:
        return Scope(traits=self.traits, segments=self.segment_ids, event=event, context=context)

    def _placements(self, book: Part) -> dict[str, Placement]:
        placements = {}
        for name, key, value in book.named("placements"):
            part = Part(self, value, f"placements.{name}", PLACEMENT)
            channels = part.several("channels", self.channels)
            placements[name] = Placement(name, channels, part.whole("offers") or 1)
            if sum(placement.offers for placement in placements.values()) > MAX_SERVED:
                self.problem(key, "placements", f"at most {MAX_SERVED} offers in all", "more")
        return placements

    def _segment(self, name: str, node: Node) -> Segment | None:
        part = Part(self, node, f"segments.{name}", SEGMENT)
        title = part.text("title")
        scope = self._scope(event=False)
        when = part.condition("when", scope, timely=True)
        until = part.condition("until", scope, timely=True)
        dwell_ms = part.duration("dwell") or 0
        if when is None:
            return None
        if until is not None and source_of(until) == source_of(when):
            expected, ends = "a condition that ends it", part.get("until") or part.node
            self.problem(ends, part.where("until"), expected, "`when`, word for word")
        reads = when.reads | ONCE | (until.reads if until else 0) | (NOW if dwell_ms else 0)
        return Segment(name, title, source_of(when), when, reads, until, dwell_ms)

    def _in_order(
        self, segments: dict[str, Segment], places: list[tuple[str, Scalar, Node]]
    ) -> tuple[Segment, ...]:
        """Each segment after those it names; a cycle is a problem."""
        order: dict[str, Segment] = {}
        keys = {name: key for name, key, _ in places}

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in order or name not in segments:
                return
            if name in path:
                cycle = " -> ".join((*path[path.index(name) :], name))
                self.problem(
                    keys[name], "segments that name each other", "an order without a circle", cycle
                )
                del segments[name]  # said once is enough
                return
            for other in sorted(segments[name].names):
                visit(other, (*path, name))
            if name in segments:
                order[name] = segments[name]

        for name in list(segments):
            visit(name, ())
        return tuple(order.values())

    def _offers(self, book: Part) -> dict[str, Offer | None]:
        for name, _, node in book.named("purposes"):
            word = self.choice(node, f"purposes.{name}", CONSENT)
            self.purposes[name] = word == "granted"
        scope = self._scope(event=False)
        groups = read_groups(self, book, self.purposes)
        self.budgets = read_budgets(self, book)
        self.experiments = read_experiments(self, book)
        for name, group in groups.items():
            if group.control:
                held_out = control_of(name)
                self.experiments[held_out] = control(held_out, held_out, group.control)
        contact = PolicyReader(self, book.get("contact"))
        written = book.named("offers")
        names = [name for name, _, _ in written]
        self.policy = contact.policy(self.channels, groups, names, scope)
        weighing = Part(self, book.get("arbitration") or NOTHING, "arbitration", ARBITRATION)
        power = weighing.number("power")
        self.power = 1.0 if power is None else power
        asked = self._scope(event=False, context=True)
        self.interests = read_interests(self, book, asked)
        around = Around(
            channels=self.channels,
            placements=self.placements,
            groups=groups,
            budgets=self.budgets,
            purposes=self.purposes,
            policy=self.policy,
            rivals=contact.rivals(names),
            power=self.power,
            experiments=self.experiments,
            learned="learning" in book,
            interests=self.interests,
            scope=asked,
        )
        reader = OfferReader(self, around)
        return {name: reader.read(name, node, f"offers.{name}") for name, _, node in written}

    def _alert(self, name: str, node: Node, where: str) -> Alert | None:
        part = Part(self, node, where, ALERT)
        scopes = Scopes(self._scope(event=True), self._scope(event=False))
        return read_alert(self, name, part, scopes, self.routes)


def _version(root: Node) -> str:
    """Of all that decides: the tests do not."""
    written = _plain(root)
    written.pop("tests", None)
    text = json.dumps(written, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {key.text: _plain(value) for key, value in node.entries}
