"""An alert as it stands in a playbook's file, read and checked."""

import re

from decisions.alerting.patterns import read_pattern
from decisions.document import Scalar
from decisions.format.alert_keys import MAX_KEPT, MAX_STEPS, STEP
from decisions.format.part import Part
from decisions.language import Condition, Scope, Value, compile_value
from decisions.playbook import ONCE
from decisions.reading import Reader, members_of, quote, source_of
from decisions.rules import Absence, Alert, Change, Pattern, Rate, Sequence, Step, Template
from state.sections import EVENT, NOW

PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


def read_alert(
    reader: Reader, name: str, part: Part, scope: Scope, without_event: Scope
) -> Alert | None:
    """The alert below `part`, or None and what is wrong noted with `reader`."""
    when = part.condition("when", scope)
    events = part.texts("event")
    pattern = read_pattern(reader, part, when, scope, without_event)
    severity = part.choice("severity")
    cooldown_ms = part.duration("cooldown")
    key = part.value("key", scope)
    message = _template(reader, part, "message", scope)
    until = part.condition("until", scope)
    escalate = _steps(reader, part, scope)
    named = events or tuple(sorted((when and when.event_names) or ()))
    timed = pattern is None and not named and when is not None and _by_time(when)
    _check_until(reader, part, until, scope)
    if timed:
        part.condition("when", scope, timely=True)  # says why it cannot be told, and where
    if cooldown_ms is None:
        return None
    return Alert(
        id=name,
        source=source_of(part.get("when")),
        events=named,
        when=when,
        severity=severity,
        cooldown_ms=cooldown_ms,
        key=key,
        message=message,
        reads=_reads(when, pattern) | ONCE,
        pattern=pattern,
        until=until,
        escalate=escalate,
        kept=_kept(reader, part, message, escalate, pattern),
        indexed=_indexed(named, pattern),
        timed=timed,
    )


def _reads(when: Condition | None, pattern: Pattern | None) -> int:
    match pattern:
        case Change():
            return pattern.value.reads
        case None:
            return when.reads if when else 0
        case _:  # they take in events, whatever these change
            return EVENT


def _indexed(named: tuple[str, ...], pattern: Pattern | None) -> tuple[str, ...]:
    """All names of events that concern the alert; none if any may."""
    match pattern:
        case Change():
            return ()
        case Rate(of=of):
            return tuple(sorted(of.event_names or ()))
        case Absence(of=other) | Sequence(then=other):
            if not named or other.event_names is None:
                return ()
            return tuple(sorted({*named, *other.event_names}))
    return named


def _by_time(condition: Condition) -> bool:
    return bool(condition.reads & NOW) and not condition.reads & EVENT


def _check_until(reader: Reader, part: Part, until: Condition | None, scope: Scope) -> None:
    node, where = part.get("until"), part.where("until")
    if until is None or node is None:
        return
    if not until.reads:
        reader.problem(node, where, "a condition that can become true", "one that stays as it is")
    elif source_of(node) == source_of(part.get("when")):
        reader.problem(node, where, "when the alert is over", "the condition that raises it")
    elif _by_time(until):
        part.condition("until", scope, timely=True)


def _steps(reader: Reader, part: Part, scope: Scope) -> tuple[Step, ...]:
    node = part.get("escalate")
    if node is None:
        return ()
    where = part.where("escalate")
    several = len(members_of(node)) > 1
    steps: list[Step] = []
    for number, member in enumerate(members_of(node), 1):
        step = Part(reader, member, f"{where}[{number}]" if several else where, STEP)
        after_ms = step.duration("after")
        severity = step.choice("severity") or part.choice("severity")
        message = _template(reader, step, "message", scope) if "message" in step else None
        if after_ms is None:
            continue
        if steps and after_ms <= steps[-1].after_ms:
            place = step.get("after") or member
            reader.problem(place, step.where("after"), "later than the step before", "no later")
        steps.append(Step(after_ms, severity, message))
    if not 1 <= len(members_of(node)) <= MAX_STEPS:
        reader.problem(node, where, f"1 to {MAX_STEPS} steps", str(len(members_of(node))))
    return tuple(steps)


def _kept(
    reader: Reader,
    part: Part,
    message: Template,
    steps: tuple[Step, ...],
    pattern: Pattern | None,
) -> tuple[Value, ...]:
    """What is said of an event when it is no longer at hand."""
    later = [step.message or message for step in steps]
    if isinstance(pattern, Absence):
        later.append(message)
    kept: list[Value] = []
    for template in later:
        for value in template.parts:
            if not isinstance(value, str) and value.reads & EVENT and value not in kept:
                kept.append(value)
    if len(kept) > MAX_KEPT:
        node = part.get("message") or part.node
        expected = f"at most {MAX_KEPT} values of the event in what is said later"
        reader.problem(node, part.path, expected, str(len(kept)))
    return tuple(kept)


def _template(reader: Reader, part: Part, name: str, scope: Scope) -> Template:
    source, node, where = part.text(name), part.get(name), part.where(name)
    parts: list[str | Value] = []
    at = 0
    if not isinstance(node, Scalar):
        return Template(source, ())
    for found in PLACEHOLDER.finditer(node.text):
        parts.append(node.text[at : found.start()])
        at = found.end()
        if found[1] is None:
            reader.problem(node, where, "braces in pairs: {value}", quote(found[0]))
            continue
        value = reader.compiled_at(
            node, found.start(1), found[1], where, lambda text: compile_value(text, scope)
        )
        if value is not None:
            parts.append(value)
    parts.append(node.text[at:].rstrip("\n"))
    return Template(source, tuple(part for part in parts if part != ""))
