"""A playbook, read with a YAML reader and asked with Google's CEL.

What ours is documented to have beyond CEL is put into words of CEL before: durations in days, 0 for
a key of `profile.events`, `profile.channels` and `profile.affinity` that is not there.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cel_expr_python import cel  # type: ignore[import-untyped]  # its wheel lacks py.typed
from ruamel.yaml import YAML

from tests.oracle.deeds import Deed, moment

Context = Mapping[str, Any]

COUNTS = cel.Type.Map(cel.Type.STRING, cel.Type.INT)
SCORES = cel.Type.Map(cel.Type.STRING, cel.Type.DOUBLE)
ANYTHING = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
CHANNEL = cel.Type.Map(cel.Type.STRING, ANYTHING)
TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "timestamp": cel.Type.TIMESTAMP,
    "list(string)": cel.Type.List(cel.Type.STRING),
    "map(string, dyn)": ANYTHING,
}
BY_KEY = {"profile.events": COUNTS, "profile.affinity": SCORES, "profile.channels": CHANNEL}
NOTHING_THERE: dict[str, Any] = {
    "profile.events": 0,
    "profile.affinity": 0.0,
    "profile.channels": {"events": 0, "first_at": moment(0), "last_at": moment(0)},
}
NAME = re.compile(r"[a-z_]\w*(?:\.[a-z_]\w*)*")
NO_VALUE = object()
"""An expression ended in an error, such as a missing property."""


def documented(page: Path) -> dict[str, str]:
    """Name → type of all that a condition can read, from the table in the documentation."""
    return dict(re.findall(r"^\| `([\w.\[\]]+)` \| ([^|]+?) \|", page.read_text(), re.MULTILINE))


def environment(fields: Mapping[str, str]) -> Any:
    names = {name: TYPES[kind] for name, kind in fields.items() if kind in TYPES}
    names = {name: kind for name, kind in names.items() if "[" not in name}
    names |= BY_KEY | {f"{name}_or_0": kind for name, kind in BY_KEY.items()}
    return cel.NewEnv(variables=names | {"customer": ANYTHING})


class Expression:
    """One expression of a playbook."""

    def __init__(self, source: str, env: Any) -> None:
        text = re.sub(r'"(\d+)d"', lambda days: f'"{int(days[1]) * 24}h"', source)
        by_key = r"(profile\.(?:events|affinity|channels))\[\"([^\"]*)\"\]"
        self._keys = re.findall(by_key, text)
        text = re.sub(by_key, r'\1_or_0["\2"]', text)
        self._mentioned = set(NAME.findall(text))
        self._program = env.compile(text)

    def value(self, context: Context) -> Any:
        """What it comes to, or NO_VALUE."""
        data = {name: value for name, value in context.items() if self._reads(name)}
        for name, key in self._keys:
            there = data.setdefault(f"{name}_or_0", dict(context[name]))
            there.setdefault(key, NOTHING_THERE[name])
        try:
            result = self._program.eval(data=data)
        except RuntimeError:
            return NO_VALUE
        return NO_VALUE if result.type() == cel.Type.ERROR else json_of(result.plain_value())

    def _reads(self, name: str) -> bool:
        return any(m == name or m.startswith(f"{name}.") for m in self._mentioned)


def json_of(value: Any) -> Any:
    """A value as records have it; there is no JSON of an infinite number."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
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
        self._env = environment(documented(docs))
        self._compiled: dict[str, Expression] = {}

    def ask(self, source: str, context: Context) -> Any:
        """The value of an expression, or NO_VALUE."""
        if source not in self._compiled:
            self._compiled[source] = Expression(source, self._env)
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
        """The offers whose condition is true; those without a condition are for everyone."""
        offers = self.written["offers"]
        return frozenset(
            name for name in offers if self.ask(offers[name].get("when", "true"), context) is True
        )

    def alarms(
        self, deed: Deed, context: Context, raised: dict[tuple[str, str | None], int], now_ms: int
    ) -> Iterator[Alarm]:
        """The alerts raised at `deed`; notes in `raised` when that was."""
        for name, alert in self.written["alerts"].items():
            if deed.name not in names_of(alert.get("event", deed.name)):
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


def names_of(events: str | Iterable[str]) -> Iterable[str]:
    return [events] if isinstance(events, str) else events


def context_of(facts: Mapping[str, Any], deed: Deed, now_ms: int) -> dict[str, Any]:
    """What a condition sees: `facts` as `memory.known` has them, the event, the time."""
    seen = {name: moment(value) if name.endswith("_at") else value for name, value in facts.items()}
    seen["profile.channels"] = {
        name: {
            "events": channel["events"],
            "first_at": moment(channel["first_at"]),
            "last_at": moment(channel["last_at"]),
        }
        for name, channel in facts["profile.channels"].items()
    }
    return seen | {
        "now": moment(now_ms),
        "event.name": deed.name,
        "event.type": deed.type,
        "event.channel": deed.channel,
        "event.at": moment(deed.at_ms),
        "event.properties": deed.properties,
        "event.traits": deed.traits,
    }
