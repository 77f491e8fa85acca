"""The same names for the same data in our language and in CEL, by Google's implementation."""

import datetime
import math
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # its wheel lacks py.typed
from cel_expr_python.ext import ext_strings  # type: ignore[import-untyped]  # the same

from decisions.language import EvaluationError, ExpressionError, Scope, compile_value
from state.event_names import event_key
from state.profile import Profile, Trait
from state.touchpoint import Touchpoint

NOW_MS = 1_767_225_600_123

PROPERTIES: dict[str, Any] = {
    "one": 1,
    "zero": 0,
    "big": 2**62,
    "half": 0.5,
    "whole": 1.0,
    "text": "shoes",
    "digits": "12",
    "yes": True,
    "no": False,
    "none": None,
    "mixed": [1, 1.0, "shoes", True, None],
    "numbers": [3, 1, 2],
    "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2.5}, {"n": 0}],
    "nested": {"one": 1, "deep": {"text": "x"}},
    "empty": [],
    "moment": "2025-12-31T23:00:00Z",
    "span": "36h30m",
    "words": ["Kids", " shoes\u00a0", ""],
    "tags": "sale,new,,Zürich",
    "flag": "true",
}
SEGMENTS = {"vip": 1, "new": 2}
TRAITS: dict[str, Trait] = {
    "city": "Zürich",
    "age": 40,
    "member": True,
    "score": 2.5,
    "sports": ["run", "Zürich", ""],
}

TRAIT_TYPES = {
    "city": "string",
    "age": "int",
    "member": "bool",
    "score": "double",
    "sports": "list(string)",
}
SCOPE = Scope(TRAIT_TYPES, [*SEGMENTS, "lost"])
PROFILE = Profile(traits=TRAITS, segments=SEGMENTS)
PROFILE.orders.count = 3
PROFILE.orders.value = 500.5
PROFILE.events[event_key("Order Completed")] = 3
EVENT = Touchpoint(
    "", b"", "m1", "c1", "click", "track", "Order Completed", NOW_MS - 1000, 0, PROPERTIES, {}, b""
)


def moment(ms: int) -> datetime.datetime:
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return epoch + datetime.timedelta(milliseconds=ms)


NAMES: dict[str, tuple[Any, Any]] = {
    "now": (cel.Type.TIMESTAMP, moment(NOW_MS)),
    "segments": (cel.Type.List(cel.Type.STRING), sorted(SEGMENTS)),
    "event.name": (cel.Type.STRING, EVENT.name),
    "event.at": (cel.Type.TIMESTAMP, moment(EVENT.at_ms)),
    "event.properties": (cel.Type.Map(cel.Type.STRING, cel.Type.DYN), PROPERTIES),
    "profile.orders.count": (cel.Type.INT, 3),
    "profile.orders.value": (cel.Type.DOUBLE, 500.5),
    "profile.events": (cel.Type.Map(cel.Type.STRING, cel.Type.INT), {"Order Completed": 3}),
    "customer.city": (cel.Type.STRING, TRAITS["city"]),
    "customer.age": (cel.Type.INT, TRAITS["age"]),
    "customer.member": (cel.Type.BOOL, TRAITS["member"]),
    "customer.score": (cel.Type.DOUBLE, TRAITS["score"]),
    "customer.sports": (cel.Type.List(cel.Type.STRING), TRAITS["sports"]),
}
ORACLE = cel.NewEnv(
    variables={name: kind for name, (kind, _) in NAMES.items()},
    extensions=[ext_strings.ExtStrings()],
)
DATA = {name: value for name, (_, value) in NAMES.items()}

REFUSED = ("refused", None)
NO_VALUE = ("no value", None)
OWN_RULE = ("refused by a rule that CEL has not", None)
OWN_RULES = ("an unknown segment", "macros nested too deeply")


def ours(source: str) -> tuple[str, Any]:
    try:
        evaluate = compile_value(source, SCOPE)
    except ExpressionError as error:
        return OWN_RULE if error.message in OWN_RULES else REFUSED
    try:
        return outcome(evaluate(PROFILE, EVENT, NOW_MS))
    except EvaluationError:
        return NO_VALUE


def theirs(source: str) -> tuple[str, Any]:
    try:
        expression = ORACLE.compile(source)
    except RuntimeError:
        return REFUSED
    try:
        result = expression.eval(data=DATA)
    except RuntimeError:
        return NO_VALUE
    return NO_VALUE if result.type() == cel.Type.ERROR else outcome(result.plain_value())


def outcome(value: Any) -> tuple[str, Any]:
    """A value with its type, in the form that both sides have."""
    if isinstance(value, float) and not math.isfinite(value):
        return NO_VALUE
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        return "str", text
    if isinstance(value, datetime.timedelta):
        return "float", value.total_seconds()
    if isinstance(value, list):
        inner = [outcome(item) for item in value]
        return NO_VALUE if NO_VALUE in inner else ("list", inner)
    if isinstance(value, dict):
        return "dict", {key: outcome(item) for key, item in sorted(value.items())}
    return type(value).__name__, value
