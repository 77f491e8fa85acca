"""An alert as it stands in a playbook's file, read and checked."""

from msgspec import Struct

from decisions.actions.read import read_action
from decisions.actions.routes import Routes
from decisions.actions.spec import ActionSpec
from decisions.alerting.patterns import read_pattern
from decisions.format.alert_keys import MAX_KEPT, MAX_STEPS, STEP
from decisions.format.part import Part
from decisions.language import Condition, Scope, Value
from decisions.nodes import members_of
from decisions.playbook import ONCE
from decisions.reading import Reader, source_of
from decisions.rules import Absence, Alert, Change, Pattern, Rate, Sequence, Step
from decisions.templates import Template
from state.sections import EVENT, NOW


class Scopes(Struct, frozen=True):
    """What expressions may name."""

    event: Scope
    customer: Scope
    """The same without the event."""


def read_alert(
    reader: Reader, name: str, part: Part, scopes: Scopes, routes: Routes
) -> Alert | None:
    """The alert below `part`, or None and what is wrong noted with `reader`."""
    scope = scopes.event
    when = part.condition("when", scope)
    events = part.texts("event")
    pattern = read_pattern(reader, part, when, scope, scopes.customer)
    severity = part.choice("severity")
    cooldown_ms = part.duration("cooldown")
    key = part.value("key", scope)
    message = part.template("message", scope)
    until = part.condition("until", scope)
    escalate = _steps(reader, part, severity, scopes, routes)
    named = events or tuple(sorted((when and when.event_names) or ()))
    timed = pattern is None and not named and when is not None and _by_time(when)
    by_time = timed or isinstance(pattern, Absence)
    _check_until(reader, part, when, until, scope)
    if timed:
        part.condition("when", scope, timely=True)  # says why it cannot be told, and where
    if cooldown_ms is None:
        return None
    return Alert(
        id=name,
        source=source_of(when),
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
        actions=_actions(reader, part, scopes.customer if by_time else scope, routes),
    )


def _actions(reader: Reader, part: Part, scope: Scope, routes: Routes) -> tuple[ActionSpec, ...]:
    found = [
        read_action(reader, item, place, scope, routes) for place, item in part.items("actions")
    ]
    return tuple(action for action in found if action)


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


def _check_until(
    reader: Reader, part: Part, when: Condition | None, until: Condition | None, scope: Scope
) -> None:
    node, where = part.get("until"), part.where("until")
    if until is None or node is None:
        return
    if not until.reads:
        reader.problem(node, where, "a condition that can become true", "one that stays as it is")
    elif when is not None and until.source == when.source:
        reader.problem(node, where, "when the alert is over", "the condition that raises it")
    elif _by_time(until):
        part.condition("until", scope, timely=True)


def _steps(
    reader: Reader, part: Part, usual: str, scopes: Scopes, routes: Routes
) -> tuple[Step, ...]:
    node = part.get("escalate")
    if node is None:
        return ()
    where = part.where("escalate")
    several = len(members_of(node)) > 1
    steps: list[Step] = []
    for number, member in enumerate(members_of(node), 1):
        step = Part(reader, member, f"{where}[{number}]" if several else where, STEP)
        after_ms = step.duration("after")
        severity = step.choice("severity") if "severity" in step else usual
        message = step.template("message", scopes.event) if "message" in step else None
        if after_ms is None:
            continue
        if steps and after_ms <= steps[-1].after_ms:
            place = step.get("after") or member
            reader.problem(place, step.where("after"), "later than the step before", "no later")
        actions = _actions(reader, step, scopes.customer, routes)
        steps.append(Step(after_ms, severity, message, actions))
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
