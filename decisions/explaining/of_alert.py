"""An alert in words."""

from collections.abc import Iterator

from decisions.alerting.standing import ACKNOWLEDGED, CLEARED, ESCALATED
from decisions.alerts import RAISED
from decisions.explaining.actions import action, value
from decisions.explaining.asking import asked_at, by_time, read_by
from decisions.explaining.clauses import Line, condition
from decisions.explaining.occasions import plural, singular
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import listed, quoted, span
from decisions.explaining.relations import asked, specs
from decisions.language import Condition
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
    by_absence = isinstance(alert.pattern, Absence)
    yield asked_at(alert.indexed, alert.reads, by_time=alert.timed or by_absence)
    yield by_time([one for one in (alert.when, alert.until) if one], playbook)
    yield read_by(asked(alert), playbook)
    yield part("publishes", "What it publishes", _published(alert))


def _raised(alert: Alert) -> Iterator[Line]:
    pattern = alert.pattern
    if isinstance(pattern, Change):
        sides = [
            f"was {quoted(pattern.before)}" if pattern.before is not None else "was something else",
            f"becomes {quoted(pattern.after)}" if pattern.after is not None else "changes",
        ]
        yield Line(f"when {value(pattern.value)}, which {listed(sides)}")
    if alert.events:
        yield Line(f"at the event {listed([quoted(name) for name in alert.events], 'or')}")
    if alert.when is not None:
        yield Line("when", (condition(alert.when.source),))
    match pattern:
        case Threshold(count=count, within_ms=within_ms):
            yield Line(f"the {count}th time within {span(within_ms)}".replace("3th", "3rd"))
        case Rate(of=of, share=share, at_least=least, within_ms=within_ms):
            these = plural(parse(of.source))
            yield Line(
                f"as soon as that are at least {share}% of the {these} within {span(within_ms)}, "
                f"and there were at least {least} of them"
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
        yield _over(alert.until)
        yield Line("Until then it stands, and is not raised again.")


def _over(until: Condition) -> Line:
    return condition(until.source)


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
