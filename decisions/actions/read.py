"""An action as it is written → an ActionSpec, or what is wrong with it."""

import re
from urllib.parse import quote

from decisions.actions.headers import ours, without_breaks
from decisions.actions.kinds import KINDS, MAX_ADDRESS, MAX_HEADER, REFERRED, SECRET
from decisions.actions.routes import Routes
from decisions.actions.spec import ActionSpec, Asked, Constant, Named, Said
from decisions.actions.spec import Part as Source
from decisions.document import Mapping, Node, Scalar
from decisions.format.keys import Key, Keys
from decisions.format.part import Part
from decisions.language import DOUBLE, INT, STRING, Scope
from decisions.language.kinds import DYN
from decisions.nodes import show
from decisions.reading import Reader
from decisions.templates import UNKNOWN, read_template
from decisions.values import duration_ms

ADDRESS = re.compile(r"https?://[^\s/?#@{}\\]+(?=[/?#]|\Z)")
"""What an address begins with, its host written out: an event must not say where a request goes."""
ROUTE = "lead.route"
DOTS = (".", "..")
"""In a path these are steps, however they are encoded."""
MAX_IN_ADDRESS = 256


def read_action(
    reader: Reader,
    node: Node,
    where: str,
    scope: Scope,
    routes: Routes,
    beside: tuple[Key, ...] = (),
) -> ActionSpec | None:
    """The action at `node`; None where it cannot be read, which is noted with `reader`.

    `beside` are keys that may stand in the same mapping and are none of the action's;
    `kinds.action_with` says the same to the JSON Schema.
    """
    table = _table(reader, node, where)
    if table is None:
        return None
    keys = Keys((*beside, *table.keys), any_of=table.any_of, needs=table.needs)
    return _Reading(reader, Part(reader, node, where, keys), scope, routes).spec()


def _table(reader: Reader, node: Node, where: str) -> Keys | None:
    if not isinstance(node, Mapping):
        reader.problem(node, where, "a mapping such as {action: log, message: ...}", show(node))
        return None
    kind = next((value for key, value in node.entries if key.text == "action"), None)
    if kind is None:
        reader.problem(node, f"missing key in {where}", f"action: {', '.join(KINDS)}", "nothing")
        return None
    return KINDS.get(reader.choice(kind, f"{where}.action", KINDS))


class _Reading:
    def __init__(self, reader: Reader, part: Part, scope: Scope, routes: Routes) -> None:
        self._reader = reader
        self._part = part
        self._scope = scope
        self._routes = routes

    def spec(self) -> ActionSpec:
        """All of it; what is wrong is noted."""
        part = self._part
        kind = _kind_of(part)
        table = part.name("table", self._routes) if kind == ROUTE else ""
        return ActionSpec(
            kind=kind,
            parts=self._parts(kind, table),
            expiry_ms=part.duration("expiry") or duration_ms(str(KINDS[kind]["expiry"].default)),
            requires_approval=part.flag("requires_approval"),
            idempotency_key=part.value("idempotency_key", self._scope),
            rows=self._routes.get(table, ()),
        )

    def _parts(self, kind: str, table: str) -> dict[str, Source]:
        match kind:
            case "webhook":
                return self._webhook()
            case "email.request":
                found = {"template": self._fixed("template"), **self._asked("to", STRING)}
                return {**found, **self._values()}
            case "lead.route":
                region, score = self._asked("region", STRING), self._asked("score", DOUBLE)
                return {"table": Constant(table), **region, **score}
            case "ticket.request":
                texts = {"subject": self._said("subject"), "text": self._said("text")}
                priority = Constant(self._part.choice("priority"))
                return {"queue": self._fixed("queue"), **texts, "priority": priority}
            case "push.request":
                return self._push()
        return {"message": self._said("message")}

    def _push(self) -> dict[str, Source]:
        part = self._part
        found: dict[str, Source] = {}
        if "template" in part:
            found["template"] = self._fixed("template")
            for name in ("title", "text"):
                if name in part:
                    place = part.get(name) or part.node
                    self._reader.problem(
                        place, part.where(name), "it without a template", "both of them"
                    )
            return {**found, **self._values()}
        for name in ("title", "text"):
            if name in part:
                found[name] = self._said(name)
        return {**found, **self._values()}

    def _fixed(self, name: str) -> Constant:
        return Constant(self._part.text(name))

    def _said(self, name: str) -> Said:
        return Said(self._part.template(name, self._scope))

    def _asked(self, name: str, kind: str) -> dict[str, Source]:
        value = self._part.value(name, self._scope)
        if value is None:
            return {}
        fitting = (DOUBLE, INT) if kind == DOUBLE else (kind,)
        if value.type not in (*fitting, DYN):
            place, where = self._part.get(name) or self._part.node, self._part.where(name)
            self._reader.problem(place, where, f"a value of type {kind}", value.type)
        return {name: Asked(value, kind)}

    def _values(self) -> dict[str, Source]:
        values = self._part.entries("values", self._value) if "values" in self._part else {}
        return {"values": Named({name: value for name, value in values.items() if value})}

    def _value(self, _: str, node: Node, where: str) -> Source | None:
        value = self._reader.value(node, where, self._scope)
        return None if value is None else Asked(value)

    def _webhook(self) -> dict[str, Source]:
        part = self._part
        payload: dict[str, Source] = {}
        secrets: dict[str, Source] = {}
        for name, _, node in part.named("payload"):
            where = f"{part.where('payload')}.{name}"
            # Apart: what an event says must never look like a reference.
            if isinstance(node, Mapping):
                secrets[name] = self._secret(node, where)
            elif (value := self._value(name, node, where)) is not None:
                payload[name] = value
        found: dict[str, Source] = {
            "url": self._address(),
            "method": Constant(part.choice("method")),
            "headers": Named(self._headers()),
            "payload": Named(payload),
        }
        return {**found, "payload_secrets": Named(secrets)} if secrets else found

    def _address(self) -> Source:
        node, where = self._part.get("url"), self._part.where("url")
        if isinstance(node, Mapping):
            return self._secret(node, where)
        template = read_template(self._reader, node, where, MAX_ADDRESS, self._scope)
        if isinstance(node, Scalar) and template.source:
            begins = ADDRESS.match(node.text)
            if not begins or any(letter.isspace() for letter in _literal(template.parts)):
                expected = "https://, a host without placeholders, and what follows, no spaces"
                self._reader.problem(node, where, expected, "another text")
        return Said(template, _in_address)

    def _headers(self) -> dict[str, Source]:
        found: dict[str, Source] = {}
        seen = set[str]()
        for name, key, node in self._part.named("headers"):
            where = f"{self._part.where('headers')}.{name}"
            if ours(name):
                self._reader.problem(key, where, "a header that sending does not bring", name)
            if name.lower() in seen:
                self._reader.problem(key, where, "each once, in large or small letters", name)
            seen.add(name.lower())
            if isinstance(node, Mapping):
                found[name] = self._secret(node, where)
            else:
                text = read_template(self._reader, node, where, MAX_HEADER, self._scope)
                if not _literal(text.parts).isprintable():
                    self._reader.problem(node, where, "one line", "several")
                found[name] = Said(text, without_breaks)
        return found

    def _secret(self, node: Node, where: str) -> Constant:
        part = Part(self._reader, node, where, SECRET)
        name = part.text("secret")
        if name and not re.fullmatch(REFERRED, name):
            place = part.get("secret") or node
            # Not what came: it may be the secret itself.
            self._reader.problem(
                place, part.where("secret"), "a name in A-Z, 0-9 and _, a letter first", "another"
            )
        return Constant({"secret": name})


def _kind_of(part: Part) -> str:
    node = part.get("action")
    return node.text if isinstance(node, Scalar) else ""


def _literal(parts: tuple[object, ...]) -> str:
    return "".join(part for part in parts if isinstance(part, str))


def _in_address(value: str) -> str:
    """A value as a part of a path or query: it cannot begin another part."""
    cut = UNKNOWN if value in DOTS or len(value) > MAX_IN_ADDRESS else value
    return quote(cut, safe="")
