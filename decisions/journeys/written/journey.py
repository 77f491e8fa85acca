"""A journey as it is written → a Journey, or what is wrong with it."""

from decisions.actions.routes import Routes
from decisions.document import Node, Scalar
from decisions.format.journey_keys import IN_FLIGHT, JOURNEY, LOCAL_TIME, LONGEST, QUIET
from decisions.format.part import Part
from decisions.journeys.clocks.local_time import LocalTime, Quiet
from decisions.journeys.clocks.read import read_hours, read_local_time
from decisions.journeys.table import Journey
from decisions.journeys.written.source import source_of, version_of
from decisions.journeys.written.steps import StepReader
from decisions.journeys.written.timely import must_be_timely
from decisions.language import BOOL, DOUBLE, INT, STRING, Condition, Scope, Value
from decisions.language.kinds import DURATION, DYN, TIMESTAMP
from decisions.nodes import show
from decisions.reading import Reader
from decisions.values import duration_ms
from state.sections import EVENT

ONCE = 1 << 62
KEY_TYPES = {BOOL: BOOL, INT: INT, DOUBLE: DOUBLE, STRING: STRING, DYN: DYN}
"""Type of a key's expression → the type of its value, which is plain JSON."""
KEY_TYPES |= {TIMESTAMP: STRING, DURATION: DOUBLE}
REENTRY = {"once": None, "always": 0}


class JourneyReader:
    """Reads journeys over the traits and segments of `scope`, and routing tables."""

    def __init__(self, reader: Reader, scope: Scope, routes: Routes) -> None:
        self._reader = reader
        self._scope = scope
        self._routes = routes

    def read(self, name: str, node: Node, where: str) -> Journey | None:
        """The journey at `node`; None where it cannot be read, which is noted with the reader."""
        part = Part(self._reader, node, where, JOURNEY)
        title = part.text("title")
        when = part.condition("when", self._about(event=True))
        events = part.texts("event") or tuple(sorted((when and when.event_names) or ()))
        self._check_start(part, events, when)
        key = part.value("key", self._about(event=True))
        kind = self._key_type(part, key)
        about = self._about(event=True, key=kind)
        exits = part.conditions("exit", about)
        for place, condition in exits:
            must_be_timely(self._reader, place, part.where("exit"), condition, about)
        steps = StepReader(
            self._reader,
            self._about(event=False, key=kind),
            about,
            self._routes,
        )
        found = steps.table(part.get("steps"), part.where("steps"))
        quiet = self._quiet(part)
        local_time = self._local_time(part)
        needs = [*steps.local, *([(part.get("quiet") or node, part.where("quiet"))] * bool(quiet))]
        if local_time is None and needs and "local_time" not in part:
            place, what = needs[0]
            self._reader.problem(place, what, f"{where}.local_time beside it", "none")
        in_flight = part.choice("in_flight") or "finish"
        return Journey(
            id=name,
            version=version_of(name, node, in_flight),
            versions=frozenset(version_of(name, node, rule) for rule in IN_FLIGHT),
            source=source_of(name, node),
            title=title,
            events=events,
            when=when,
            key=key,
            reentry_ms=self._reentry(part),
            at_most=part.whole("at_most") or 1,
            exits=tuple(condition for _, condition in exits),
            local_time=local_time,
            quiet=quiet,
            in_flight=in_flight,
            steps=found,
            names=tuple(steps.names),
            reads=(when.reads if when else 0) | ONCE,
        )

    def _about(self, *, event: bool, key: str = "") -> Scope:
        return Scope(self._scope.traits, self._scope.segments, event=event, context=False, key=key)

    def _check_start(self, part: Part, events: tuple[str, ...], when: Condition | None) -> None:
        if events or when is None:
            return
        if when.reads & EVENT:
            place = part.get("when") or part.node
            expected = "an event beside a condition that looks at one and does not say its name"
            self._reader.problem(place, part.where("event"), expected, "none")
        else:
            scope = self._about(event=True)
            must_be_timely(self._reader, part.get("when"), part.where("when"), when, scope)
        if "key" in part:
            place, expected = part.get("key") or part.node, "an event that starts the journey"
            self._reader.problem(place, part.where("key"), expected, "a condition alone")

    def _key_type(self, part: Part, key: Value | None) -> str:
        if key is None:
            return DYN if "key" in part else ""  # what is wrong with it is said once
        if key.type not in KEY_TYPES:
            place = part.get("key") or part.node
            self._reader.problem(place, part.where("key"), "a text, a number or a flag", key.type)
        return KEY_TYPES.get(key.type, DYN)

    def _reentry(self, part: Part) -> int | None:
        node, where = part.get("reentry"), part.where("reentry")
        if node is None:
            return 0
        if isinstance(node, Scalar) and node.text in REENTRY:
            return REENTRY[node.text]
        if isinstance(node, Scalar) and duration_ms(node.text):
            return self._reader.duration(node, where, "1s", LONGEST)
        self._reader.problem(node, where, "once, always or a duration such as 7d", show(node))
        return 0

    def _quiet(self, part: Part) -> Quiet | None:
        node = part.get("quiet")
        if node is None:
            return None
        return read_hours(self._reader, Part(self._reader, node, part.where("quiet"), QUIET))

    def _local_time(self, part: Part) -> LocalTime | None:
        node = part.get("local_time")
        if node is None:
            return None
        said = Part(self._reader, node, part.where("local_time"), LOCAL_TIME)
        return read_local_time(self._reader, said, self._about(event=False))
