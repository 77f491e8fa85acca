"""A playbook, read with a YAML reader and asked with Google's CEL.

What ours is documented to have beyond CEL is put into its words before: durations in days, and 0
for a key of `profile.events`, `profile.channels` and `profile.affinity` that is not there, false
for one of `profile.consents`.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cel_expr_python import cel  # type: ignore[import-untyped]  # its wheel lacks py.typed
from ruamel.yaml import YAML

from tests.oracle.deeds import Deed, moment
from tests.oracle.limits import Limits

Context = Mapping[str, Any]

ANYTHING = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "timestamp": cel.Type.TIMESTAMP,
    "duration": cel.Type.DURATION,
    "list(string)": cel.Type.List(cel.Type.STRING),
    "map(string, dyn)": ANYTHING,
}
COLLECTIONS = ("profile.events", "profile.affinity", "profile.channels", "profile.consents")
"""Asked by key, and with `in`."""
BY_KEY = re.compile(r'(profile\.(?:events|affinity|channels|consents))\["([^"]*)"\](?:\.(\w+))?')
NAME = re.compile(r"[a-z_]\w*(?:\.[a-z_]\w*)*")
NO_VALUE = object()
"""An expression ended in an error, such as a missing property."""


def documented(page: Path) -> dict[str, str]:
    """Name → type of all that a condition can read, from the table in the documentation."""
    return dict(re.findall(r"^\| `([\w.\[\]]+)` \| ([^|]+?) \|", page.read_text(), re.MULTILINE))


def variables(page: Path) -> dict[str, Any]:
    """Name → CEL type of all that an expression can read."""
    plain = {name: kind for name, kind in documented(page).items() if "[" not in name}
    names = {name: TYPES[kind] for name, kind in plain.items() if kind in TYPES}
    names |= dict.fromkeys(COLLECTIONS, TYPES["list(string)"])
    return names | {"customer": ANYTHING}


class Expression:
    """One expression of a playbook. What it asks by key is a variable of its own to CEL."""

    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        text = re.sub(r'"(\d+)d"', lambda days: f'"{int(days[1]) * 24}h"', source)
        self._by_key = BY_KEY.findall(text)
        for number in range(len(self._by_key)):
            text = BY_KEY.sub(f"by_key_{number}", text, count=1)
        paths = NAME.findall(text)
        self._reads = [n for n in names if any(f"{path}.".startswith(f"{n}.") for path in paths)]
        types = {f"by_key_{n}": type_of(asked) for n, asked in enumerate(self._by_key)}
        self._program = cel.NewEnv(variables={**names, **types}).compile(text)

    def value(self, context: Context) -> Any:
        """What it comes to, or NO_VALUE."""
        data = {name: context[name] for name in self._reads if name in context}
        for name in set(COLLECTIONS) & data.keys():
            data[name] = sorted(data[name])
        for number, asked in enumerate(self._by_key):
            data[f"by_key_{number}"] = of_key(context, asked)
        try:
            result = self._program.eval(data=data)
        except RuntimeError:
            return NO_VALUE
        return NO_VALUE if result.type() == cel.Type.ERROR else json_of(result.plain_value())


Asked = tuple[str, str, str]
"""Collection, key, and of a channel the field."""


def type_of(asked: Asked) -> Any:
    collection, _, field = asked
    if field.endswith("_at"):
        return cel.Type.TIMESTAMP
    others = {"profile.affinity": cel.Type.DOUBLE, "profile.consents": cel.Type.BOOL}
    return others.get(collection, cel.Type.INT)


def of_key(context: Context, asked: Asked) -> Any:
    """The value under a key; 0, false, or 1970, where there is none."""
    collection, key, field = asked
    if field:
        value = context[collection].get(key, {}).get(field, 0)
        return moment(value) if field.endswith("_at") else value
    nothing = {"profile.affinity": 0.0, "profile.consents": False}.get(collection, 0)
    return context[collection].get(key, nothing)


def json_of(value: Any) -> Any:
    """A value as records have it; there is no JSON of an infinite number."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and not math.isfinite(value):
        return NO_VALUE
    return value


def shown(value: Any) -> str:
    """A value within a message: 15 digits are as many as the sums of two programs agree in."""
    if value is NO_VALUE:
        return "?"
    if isinstance(value, str):
        return value
    return f"{value:.15g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def ms(duration: str) -> int:
    """Milliseconds of 90s, 30m, 12h or 7d."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[duration[-1]] * 1000


def conditions(offer: Mapping[str, Any]) -> list[str]:
    """Of its three layers."""
    layers = (offer.get(layer, []) for layer in ("eligible", "applicable", "suitable"))
    return [one for layer in layers for one in listed(layer)]


class Alarm(NamedTuple):
    """An alert that is raised."""

    alert: str
    key: str | None
    message: str
    severity: str


class Rules:
    """One playbook. `written` is the file as a YAML reader has it."""

    def __init__(self, path: Path, docs: Path) -> None:
        self.written: dict[str, Any] = YAML(typ="safe").load(path)
        self.traits: dict[str, str] = self.written.get("traits", {})
        self.limits = Limits(self.written)
        self._names = variables(docs)
        self._compiled: dict[str, Expression] = {}

    def ask(self, source: str, context: Context) -> Any:
        """The value of an expression, or NO_VALUE."""
        if source not in self._compiled:
            self._compiled[source] = Expression(source, self._names)
        return self._compiled[source].value(context)

    def summary(self, context: Context) -> dict[str, Any]:
        """Name → value; None where there is none."""
        values = {n: self.ask(source, context) for n, source in self.written["summary"].items()}
        return {name: None if value is NO_VALUE else value for name, value in values.items()}

    def segments(self, context: Context) -> list[str]:
        """All whose condition is true, each asked after those that it names."""
        answers: dict[str, bool] = {}

        def inside(name: str) -> bool:
            if name not in answers:
                when = self.written["segments"][name]["when"]
                others = re.findall(r'"(\w+)" in segments', when)
                seen = {**context, "segments": [other for other in others if inside(other)]}
                answers[name] = self.ask(when, seen) is True
            return answers[name]

        return sorted(filter(inside, self.written["segments"]))

    def eligible(self, context: Context) -> frozenset[str]:
        """The offers whose conditions are true; those without a condition are for everyone."""
        offers = self.written["offers"]
        return frozenset(
            name
            for name in offers
            if all(self.ask(one, context) is True for one in conditions(offers[name]))
        )

    def alarms(
        self,
        deed: Deed | None,
        context: Context,
        changed: set[str],
        raised: dict[tuple[str, str | None], int],
        now_ms: int,
    ) -> Iterator[Alarm]:
        """The alerts raised at `deed` (None: by time alone); notes in `raised` when that was.

        `changed`: the parts of the profile (`profile.cart`, ...) that the event has changed.
        """
        for name, alert in self.written["alerts"].items():
            if "event" in alert:
                if deed is None or deed.name not in listed(alert["event"]):
                    continue
            elif not {*parts_of(alert["when"])} & {*changed, "event.name"}:
                continue
            if self.ask(alert.get("when", "true"), context) is not True:
                continue
            key = self.ask(alert["key"], context) if "key" in alert else NO_VALUE
            text = None if key is NO_VALUE else shown(key)
            last_ms = raised.get((name, text))
            if last_ms is not None and now_ms < last_ms + ms(alert["cooldown"]):
                continue
            raised[name, text] = now_ms
            yield Alarm(name, text, self._message(alert["message"], context), alert["severity"])

    def _message(self, template: str, context: Context) -> str:
        return re.sub(r"{(.*?)}", lambda part: shown(self.ask(part[1], context)), template)


def listed(names: str | list[str]) -> list[str]:
    """One name need not stand in a list."""
    return [names] if isinstance(names, str) else names


def parts_of(source: str) -> list[str]:
    """What a condition reads, the first two words of each name."""
    return [".".join(name.split(".")[:2]) for name in NAME.findall(source)]


def changed_parts(before: Context, after: Context) -> set[str]:
    """The parts of the profile that differ."""
    return {".".join(name.split(".")[:2]) for name in after if before.get(name) != after[name]}


def context_of(facts: Mapping[str, Any], deed: Deed | None, now_ms: int) -> dict[str, Any]:
    """What a condition sees: `facts` as `memory.known` has them, the event, the time."""
    seen = {name: moment(value) if name.endswith("_at") else value for name, value in facts.items()}
    seen["profile.orders.interval"] = timedelta(milliseconds=facts["profile.orders.interval"])
    seen["now"] = moment(now_ms)
    if deed is None:
        return seen
    return seen | {
        "event.name": deed.name,
        "event.type": deed.type,
        "event.channel": deed.channel,
        "event.at": moment(deed.at_ms),
        "event.properties": deed.properties,
        "event.traits": deed.traits,
    }
