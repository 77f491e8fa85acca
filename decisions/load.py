"""From a playbook's text to a Playbook, or to every problem in it."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from decisions.document import (
    MAX_CHARACTERS,
    Flaw,
    Mapping,
    Node,
    Problem,
    Scalar,
    Sequence,
    parse,
)
from decisions.language import Condition, Scope, Value, compile_record, compile_value
from decisions.playbook import (
    ONCE,
    Alert,
    Offer,
    Placement,
    Playbook,
    PlaybookError,
    Segment,
    Template,
)
from decisions.reading import ID, TRAIT, Reader, quote, show

MAX_TRAITS = 20
MAX_SEGMENTS = 48
MAX_SERVED = 6
"""Offers that all placements together may hold. These three, and the length of an id, bound what
decisions add to a stored profile; so does alerts.MAX_REMEMBERED."""

TYPES = ("string", "int", "double", "bool")
SEVERITIES = ("info", "warning", "critical")
SECTIONS = ("title", "channels", "traits", "summary", "placements", "segments", "offers", "alerts")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


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
        problem = Problem(1, 1, f"the file; expected one that can be read, got {error.strerror}")
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
        raise PlaybookError(name, [flaw.problem]) from None
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

    def playbook(self, root: Node) -> Playbook | None:
        part = self.fields(root, "the playbook", SECTIONS, ("channels", "placements", "offers"))
        title = self.text_of(part.get("title"), "title")
        self.channels = self._channels(part.get("channels"))
        self.traits = {
            name: self.choice(node, f"traits.{name}", TYPES) or "string"
            for name, _, node in self.named(part.get("traits"), "traits", MAX_TRAITS, TRAIT)
        }
        self.placements = self._placements(part.get("placements"))
        segments = self.named(part.get("segments"), "segments", MAX_SEGMENTS)
        self.segment_ids = tuple(name for name, _, _ in segments)
        read = {name: self._segment(name, node) for name, _, node in segments}
        order = self._in_order({name: s for name, s in read.items() if s}, segments)
        offers = {
            name: self._offer(name, node)
            for name, _, node in self.named(part.get("offers"), "offers", 500)
        }
        alerts = {
            name: self._alert(name, node)
            for name, _, node in self.named(part.get("alerts"), "alerts", 100)
        }
        summary = self.named(part.get("summary"), "summary", 32)
        scope = self._scope(event=False)
        shown = {name: self.value(node, f"summary.{name}", scope) for name, _, node in summary}
        if self.problems:
            return None
        return Playbook(
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
                {name: node.text for name, _, node in summary if isinstance(node, Scalar)}, scope
            ),
            order=order,
        )

    def _scope(self, *, event: bool) -> Scope:
        return Scope(traits=self.traits, segments=self.segment_ids, event=event)

    def _channels(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, Sequence) or not node.items:
            self.problem(node, "channels", "a list such as [click, email]", show(node))
            return ()
        names = self.texts(node, "channels", 32)
        for item, name in zip(node.items, names, strict=False):
            if not ID.fullmatch(name):
                self.problem(item, "a channel", "a-z, 0-9 and _, a letter first", quote(name))
            elif names.count(name) > 1:
                self.problem(item, "a channel", "each once", quote(name))
        return names

    def _placements(self, node: Node | None) -> dict[str, Placement]:
        placements = {}
        for name, key, value in self.named(node, "placements", MAX_SERVED):
            where = f"placements.{name}"
            part = self.fields(value, where, ("channels", "offers"), ("channels",))
            placements[name] = Placement(
                id=name,
                channels=self.several(part.get("channels"), f"{where}.channels", self.channels),
                offers=self.whole(part.get("offers"), f"{where}.offers", 1, MAX_SERVED) or 1,
            )
            if sum(placement.offers for placement in placements.values()) > MAX_SERVED:
                self.problem(key, "placements", f"at most {MAX_SERVED} offers in all", "more")
        return placements

    def _segment(self, name: str, node: Node) -> Segment | None:
        where = f"segments.{name}"
        part = self.fields(node, where, ("title", "when"), ("title", "when"))
        title = self.text_of(part.get("title"), f"{where}.title")
        when = self.condition(part.get("when"), f"{where}.when", self._scope(event=False))
        if when is None:
            return None
        return Segment(name, title, _source(part.get("when")), when, when.reads | ONCE)

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
            for other in sorted(segments[name].when.segments):
                visit(other, (*path, name))
            if name in segments:
                order[name] = segments[name]

        for name in list(segments):
            visit(name, ())
        return tuple(order.values())

    def _offer(self, name: str, node: Node) -> Offer | None:
        where = f"offers.{name}"
        known = (
            *("title", "when", "priority", "value", "channels", "placements"),
            *("start", "end", "ttl", "because", "fallback"),
        )
        required = ("title", "priority", "value", "channels", "placements", "ttl")
        part = self.fields(node, where, known, required)
        title = self.text_of(part.get("title"), f"{where}.title")
        because = self.text_of(part.get("because"), f"{where}.because")
        when = self.condition(part.get("when"), f"{where}.when", self._scope(event=False))
        priority = self.whole(part.get("priority"), f"{where}.priority", 1, 100)
        value = self.number(part.get("value"), f"{where}.value", 0, 1e9)
        channels = self.several(part.get("channels"), f"{where}.channels", self.channels)
        places = self._places(part.get("placements"), f"{where}.placements", channels)
        start = self.moment(part.get("start"), f"{where}.start", end=False)
        end = self.moment(part.get("end"), f"{where}.end", end=True)
        if start is not None and end is not None and end <= start:
            self.problem(part["end"], f"{where}.end", "a time after its start", "an earlier one")
        ttl_ms = self.duration(part.get("ttl"), f"{where}.ttl")
        fallback = self.flag(part.get("fallback"), f"{where}.fallback")
        if priority is None or value is None or ttl_ms is None:
            return None
        source = _source(part.get("when"))
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
            ttl_ms=ttl_ms,
            fallback=fallback,
            reasons=(because or source or "for everyone", product),
            reads=when.reads if when else 0,
        )

    def _places(
        self, node: Node | None, where: str, channels: tuple[str, ...]
    ) -> tuple[tuple[str, str], ...]:
        places = []
        for name in self.several(node, where, self.placements):
            served = self.placements[name].channels
            channel = next((channel for channel in channels if channel in served), None)
            if channel is not None:
                places.append((name, channel))
            elif node is not None and channels and served:
                got = ", ".join(channels)
                self.problem(node, f"{where}: {name}", f"a channel of {', '.join(served)}", got)
        return tuple(places)

    def _alert(self, name: str, node: Node) -> Alert | None:
        where = f"alerts.{name}"
        known = ("event", "when", "severity", "cooldown", "key", "message")
        part = self.fields(node, where, known, ("severity", "cooldown", "message"))
        scope = self._scope(event=True)
        when = self.condition(part.get("when"), f"{where}.when", scope)
        events = self.texts(part.get("event"), f"{where}.event")
        if "event" not in part and "when" not in part and isinstance(node, Mapping):
            self.problem(node, where, "an event, a condition (when) or both", "neither")
        severity = self.choice(part.get("severity"), f"{where}.severity", SEVERITIES)
        cooldown_ms = self.duration(part.get("cooldown"), f"{where}.cooldown")
        key = self.value(part.get("key"), f"{where}.key", scope)
        message = self._template(part.get("message"), f"{where}.message", scope)
        if cooldown_ms is None:
            return None
        return Alert(
            id=name,
            source=_source(part.get("when")),
            events=events or _events(when),
            when=when,
            severity=severity,
            cooldown_ms=cooldown_ms,
            key=key,
            message=message,
            reads=when.reads | ONCE if when else ONCE,
        )

    def _template(self, node: Node | None, where: str, scope: Scope) -> Template:
        source = self.text_of(node, where)
        parts: list[str | Value] = []
        at = 0
        if not isinstance(node, Scalar):
            return Template(source, ())
        for found in PLACEHOLDER.finditer(node.text):
            parts.append(node.text[at : found.start()])
            at = found.end()
            if found[1] is None:
                self.problem(node, where, "braces in pairs: {value}", quote(found[0]))
                continue
            value = self.compiled_at(
                node, found.start(1), found[1], where, lambda text: compile_value(text, scope)
            )
            if value is not None:
                parts.append(value)
        parts.append(node.text[at:].rstrip("\n"))
        return Template(source, tuple(part for part in parts if part != ""))


def _source(node: Node | None) -> str:
    return " ".join(node.text.split()) if isinstance(node, Scalar) else ""


def _events(when: Condition | None) -> tuple[str, ...]:
    return tuple(sorted(when.event_names or ())) if when else ()


def _version(root: Node) -> str:
    text = json.dumps(_plain(root), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {key.text: _plain(value) for key, value in node.entries}
