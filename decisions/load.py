"""From a playbook's text to a Playbook, or to every problem in it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from decisions.actions.routes import Routes, read_routes
from decisions.alerting.reading import Scopes, read_alert
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
from decisions.format.part import Part
from decisions.format.sections import (
    MAX_SERVED,
    OFFER,
    PLACEMENT,
    PLAYBOOK,
    SEGMENT,
    TYPES,
)
from decisions.language import Scope, compile_record
from decisions.limits import read_limits
from decisions.playbook import ONCE, Playbook, PlaybookError
from decisions.reading import Reader, source_of
from decisions.rules import Alert, Offer, Placement, Segment
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
    return parse_playbook(text, str(path))


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

    def playbook(self, root: Node) -> Playbook | None:
        part = Part(self, root, "", PLAYBOOK)
        title = part.text("title")
        self.channels = part.new_ids("channels", "a channel", "[click, email]")
        limits = read_limits(self, part.get("limits"))
        self.traits = part.entries(
            "traits", lambda _, node, where: self.choice(node, where, TYPES) or "string"
        )
        self.placements = self._placements(part)
        segments = part.named("segments")
        self.segment_ids = tuple(name for name, _, _ in segments)
        read = {name: self._segment(name, node) for name, _, node in segments}
        order = self._in_order({name: s for name, s in read.items() if s}, segments)
        offers = part.entries("offers", self._offer)
        self.routes = read_routes(self, part)
        alerts = part.entries("alerts", self._alert)
        summary = {name: node for name, _, node in part.named("summary")}
        scope = self._scope(event=False)
        shown = {name: self.value(node, f"summary.{name}", scope) for name, node in summary.items()}
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
        )
        self.deciding = False
        playbook.cases = read_cases(self, part, playbook)
        return playbook

    def _scope(self, *, event: bool) -> Scope:
        return Scope(traits=self.traits, segments=self.segment_ids, event=event)

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

    def _offer(self, name: str, node: Node, where: str) -> Offer | None:
        part = Part(self, node, where, OFFER)
        title = part.text("title")
        because = part.text("because")
        when = part.condition("when", self._scope(event=False))
        priority = part.whole("priority")
        value = part.number("value")
        channels = part.several("channels", self.channels)
        places = self._places(part, channels)
        start = part.moment("start")
        end = part.moment("end", end=True)
        if start is not None and end is not None and end <= start:
            place = part.get("end") or node
            self.problem(place, f"{where}.end", "a time after its start", "an earlier one")
        ttl_ms = part.duration("ttl")
        fallback = part.flag("fallback")
        if priority is None or value is None or ttl_ms is None:
            return None
        source = source_of(when)
        product = f"priority {priority} × value {value:g}"  # noqa: RUF001 - the sign is meant
        return Offer(
            id=name,
            title=title,
            source=source,
            when=when,
            priority=priority,
            value=value,
            score=priority * value,
            channels=channels,
            places=places,
            start_ms=start or 0,
            end_ms=end or 0,
            timed=bool(start or end),
            ttl_ms=ttl_ms,
            fallback=fallback,
            reasons=(because or source or "for everyone", product),
            reads=when.reads if when else 0,
        )

    def _alert(self, name: str, node: Node, where: str) -> Alert | None:
        part = Part(self, node, where, ALERT)
        scopes = Scopes(self._scope(event=True), self._scope(event=False))
        return read_alert(self, name, part, scopes, self.routes)

    def _places(self, part: Part, channels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        places = []
        for name in part.several("placements", self.placements):
            served = self.placements[name].channels
            channel = next((channel for channel in channels if channel in served), None)
            if channel is not None:
                places.append((name, channel))
            elif channels and served:
                where, got = part.where("placements"), ", ".join(channels)
                place = part.get("placements") or part.node
                self.problem(place, f"{where}: {name}", f"a channel of {', '.join(served)}", got)
        return tuple(places)


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
