"""An alert in words."""

from collections.abc import Iterator

from decisions.alerting.standing import ACKNOWLEDGED, CLEARED, ESCALATED
from decisions.alerts import RAISED
from decisions.explaining.actions import action, value
from decisions.explaining.asking import asked_at, by_time, is_timed, read_by
from decisions.explaining.clauses import Line, condition
from decisions.explaining.occasions import plural, singular
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import listed, ordinal, quoted, span
from decisions.explaining.relations import asked, specs
from decisions.language.grammar.parser import parse
from decisions.playbook import Playbook
from decisions.rules import (
    ACKNOWLEDGED_EVENT,
    Absence,
    Alert,
    Change,
    Rate,
    Sequence,
    Step,
    Threshold,
)
from state.sections import EVENT


def parts(alert: Alert, playbook: Playbook) -> Iterator[Part]:
    """What is said of it."""
    yield part("when", "It is raised", _raised(alert))
    yield part(
        "message", f"What people are told ({alert.severity})", [quoted(alert.message.source)]
    )
    yield part("silence", "How long it is silent then", _silence(alert))
    yield part("until", "It is over when", _until(alert))
    yield part("escalates", "While nobody acknowledges it", map(_step, alert.escalate))
    yield part("actions", "What others are asked to do", map(action, alert.actions))
    # One that is asked at events is raised by time only where it waits for one that does not come.
    watching = () if alert.events or alert.when is None else (alert.when,)
    over = () if alert.until is None or alert.until.reads & EVENT else (alert.until,)
    moved = any(is_timed(name, playbook) for one in watching for name in one.segments)
    alone = alert.timed or moved or isinstance(alert.pattern, Absence)
    yield asked_at(alert.indexed, alert.reads, by_time=alone)
    yield by_time([*watching, *over], playbook, _time(alert))
    yield read_by(asked(alert), playbook)
    yield part("publishes", "What it publishes", _published(alert))


def _time(alert: Alert) -> Iterator[str]:
    if isinstance(alert.pattern, Absence):
        long = span(alert.pattern.within_ms)
        yield f"{long} after the event, when the one that is waited for has not come"
    if alert.escalate:
        yield "while nobody acknowledges it, at the time of each step"


def _raised(alert: Alert) -> Iterator[Line]:
    pattern = alert.pattern
    if isinstance(pattern, Change):
        before = "something else" if pattern.before is None else quoted(pattern.before)
        after = "another" if pattern.after is None else quoted(pattern.after)
        yield Line(f"when this was {before} and becomes {after}:", (Line(value(pattern.value)),))
    if alert.events:
        yield Line(f"at the event {listed([quoted(name) for name in alert.events], 'or')}")
    if alert.when is not None:
        yield Line("when", (condition(alert.when.source),))
    match pattern:
        case Threshold(count=count, within_ms=within_ms):
            yield Line(f"the {ordinal(count)} time within {span(within_ms)}")
        case Rate(of=of, share=share, at_least=least, within_ms=within_ms):
            these = plural(parse(of.source), "all events")
            yield Line(
                f"as soon as such are at least {share}% of {these} within {span(within_ms)}, "
                f"at least {least} of them"
            )
        case Absence(of=of, within_ms=within_ms, restart=restart):
            missing = singular(parse(of.source), "no event")
            yield Line(f"and then {missing} has come within {span(within_ms)}")
            begin = "from the last such event on" if restart else "from the first such event on"
            yield Line(f"the time is counted {begin}")
        case Sequence(then=then, within_ms=within_ms):
            yield Line(f"and then {singular(parse(then.source))} has come within {span(within_ms)}")


def _silence(alert: Alert) -> Iterator[Line]:
    yield Line(span(alert.cooldown_ms))
    if alert.key is not None:
        yield Line(f"for each value of {value(alert.key)} on its own")


def _until(alert: Alert) -> Iterator[Line]:
    if alert.until is not None:
        yield condition(alert.until.source)
        yield Line("Until then it stands, and is not raised again.")


def _step(step: Step) -> Line:
    said = "" if step.message is None else f": {quoted(step.message.source)}"
    return Line(
        f"after {span(step.after_ms)} it is {step.severity}{said}", tuple(map(action, step.actions))
    )


def _published(alert: Alert) -> Iterator[Line]:
    yield Line(f"{RAISED}, once each time it is raised")
    if alert.escalate:
        yield Line(f"{ESCALATED}, once for each step")
        yield Line(f"{ACKNOWLEDGED}, when an event {quoted(ACKNOWLEDGED_EVENT)} names it")
    if alert.until is not None:
        yield Line(f"{CLEARED}, when it is over")
    kinds = dict.fromkeys(spec.kind for spec in specs(alert))
    if kinds:
        yield Line(f"{listed(list(kinds))}, for others to carry out")
