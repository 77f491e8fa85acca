"""What raises an alert beyond an event or a condition, read and checked."""

from decisions.document import Scalar
from decisions.format.alert_keys import ABSENCE, CHANGE, PATTERNS, RATE, SEQUENCE, THRESHOLD
from decisions.format.keys import Keys
from decisions.format.part import Part
from decisions.language import BOOL, DOUBLE, INT, STRING, Condition, Scope, Value
from decisions.nodes import json_value, show
from decisions.reading import Reader
from decisions.rules import Absence, Change, Pattern, Rate, Sequence, Threshold
from decisions.templates import shown
from state.sections import EVENT, NOW

TABLES: dict[str, Keys] = {
    "threshold": THRESHOLD,
    "rate": RATE,
    "absence": ABSENCE,
    "sequence": SEQUENCE,
    "change": CHANGE,
}


def read_pattern(
    reader: Reader, alert: Part, when: Condition | None, scope: Scope, without_event: Scope
) -> Pattern | None:
    """The one pattern of an alert, or None: where there is none, or it is wrong."""
    written = [(node.line, node.column, name) for name in PATTERNS if (node := alert.get(name))]
    names = [name for _, _, name in sorted(written)]
    if not names:
        return None
    for name in names[1:]:
        place = alert.get(name) or alert.node
        reader.problem(place, alert.where(name), f"one of {', '.join(PATTERNS)}", "a second one")
    name = names[0]
    part = Part(reader, alert.get(name) or alert.node, alert.where(name), TABLES[name])
    if name == "change":
        return _change(reader, alert, part, without_event)
    if "event" not in alert and (when is None or not when.reads & EVENT) and "when" in alert:
        expected = "`event`, or a condition that looks at the event"
        reader.problem(alert.get("when") or alert.node, alert.path, expected, "one that does not")
    within_ms = part.duration("within")
    if name == "threshold":
        count = part.whole("count")
        return Threshold(count, within_ms) if count and within_ms else None
    other = _of_event(reader, part, "then" if name == "sequence" else "of", scope)
    if name == "rate":
        share, at_least = part.share("share"), part.whole("at_least")
        if other is None or not share or not at_least or not within_ms:
            return None
        return Rate(other, share, at_least, within_ms)
    if other is None or not within_ms:
        return None
    if name == "sequence":
        return Sequence(other, within_ms)
    return Absence(other, within_ms, part.flag("restart"))


def _of_event(reader: Reader, part: Part, name: str, scope: Scope) -> Condition | None:
    condition, node = part.condition(name, scope), part.get(name)
    if condition is None or node is None:
        return None
    if not condition.reads & EVENT:
        reader.problem(node, part.where(name), "a condition that looks at the event", show(node))
        return None
    return condition


def _change(reader: Reader, alert: Part, part: Part, scope: Scope) -> Change | None:
    if "event" in alert:
        place = alert.get("event") or alert.node
        reader.problem(place, alert.where("event"), "none beside change", show(place))
    value, node = part.value("value", scope), part.get("value")
    if value is None or not isinstance(node, Scalar):
        return None
    where = part.where("value")
    if value.type not in (BOOL, INT, DOUBLE, STRING):
        expected = "a text, a number, true or false"
        reader.problem(node, where, expected, f"a value of type {value.type}")
        return None
    if value.reads & NOW:
        reader.problem(node, where, "a value that time alone does not change", show(node))
    elif not value.reads:
        reader.problem(node, where, "a value that can change", show(node))
    before, after = (_side(reader, part, name, value) for name in ("from", "to"))
    if before is not None and before == after:
        place = part.get("to") or part.node
        reader.problem(place, part.where("to"), "another value than `from`", show(place))
    return Change(value, " ".join(node.text.split()), before, after)


def _side(reader: Reader, part: Part, name: str, value: Value) -> str | None:
    """The value it must have been, or must be, as a text."""
    node = part.plain(name)
    if node is None:
        return None
    found = _typed(node, value.type)
    if found is None:
        reader.problem(node, part.where(name), f"a value of type {value.type}", show(node))
        return None
    return shown(found)


def _typed(node: Scalar, kind: str) -> str | int | float | bool | None:
    if kind == STRING:
        return node.text
    found = json_value(node)
    if kind == BOOL:
        return found if isinstance(found, bool) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    if kind == DOUBLE:
        return float(found)
    return found if isinstance(found, int) else None
