"""Which rule rests on which."""

from collections.abc import Iterable, Iterator

from decisions.actions.spec import ActionSpec, Asked, Constant, Named, Said
from decisions.actions.spec import Part as Source
from decisions.journeys.table import Act, If, Journey, Until
from decisions.language import Condition, Value
from decisions.offering.catalogue import Offer
from decisions.playbook import Playbook
from decisions.rules import Absence, Alert, Change, Rate, Segment, Sequence
from decisions.templates import Template

Rule = Segment | Offer | Alert | Journey
Asks = Condition | Value

KINDS = ("segment", "offer", "alert", "journey", "route")


def rules(playbook: Playbook) -> dict[str, Rule]:
    """segment.vip → the rule; routes apart."""
    found: dict[str, Rule] = {f"segment.{one.id}": one for one in playbook.segments.values()}
    found |= {f"offer.{one.id}": one for one in playbook.offers.values()}
    found |= {f"alert.{one.id}": one for one in playbook.alerts.values()}
    return found | {f"journey.{one.id}": one for one in playbook.journeys.values()}


def names(playbook: Playbook) -> tuple[str, ...]:
    """All rules, in the order of the file."""
    return (*rules(playbook), *(f"route.{name}" for name in playbook.routes))


def rests_on(rule: Rule) -> tuple[str, ...]:
    """The segments and tables that a rule looks at, in the order of their names."""
    segments = {f"segment.{name}" for one in asked(rule) for name in one.segments}
    tables = {f"route.{name}" for spec in specs(rule) if (name := table_of(spec))}
    return (*sorted(segments), *sorted(tables))


def used_by(name: str, playbook: Playbook) -> tuple[str, ...]:
    """The rules that look at the one called `name`."""
    return tuple(other for other, rule in rules(playbook).items() if name in rests_on(rule))


def table_of(spec: ActionSpec) -> str:
    """The routing table of an action; "" = it has none."""
    table = spec.parts.get("table") if spec.rows else None
    return str(table.value) if isinstance(table, Constant) else ""


def asked(rule: Rule) -> list[Asks]:
    """All expressions of a rule: its conditions first, then what it says."""
    match rule:
        case Segment():
            found: list[Asks | None] = [rule.when, rule.until]
        case Offer():
            weights = dict.fromkeys(one.weight for one in rule.treatments)
            found = [*(when for _, when in rule.layers), *weights, rule.interests]
        case Alert():
            found = [rule.when, *_of_pattern(rule), rule.until, rule.key, *_said(rule.message)]
            for step in rule.escalate:
                found += _said(step.message)
        case Journey():
            zone = rule.local_time.zone if rule.local_time else None
            found = [rule.when, rule.key, *rule.exits, zone]
            found += [step.when for step in rule.steps if isinstance(step, Until | If)]
    for spec in specs(rule):
        found += [value for part in spec.parts.values() for value in _values(part)]
        found.append(spec.idempotency_key)
    return [one for one in found if one is not None]


def specs(rule: Rule) -> tuple[ActionSpec, ...]:
    """The actions that it asks others for."""
    match rule:
        case Alert():
            return (*rule.actions, *(spec for step in rule.escalate for spec in step.actions))
        case Journey():
            return tuple(step.spec for step in rule.steps if isinstance(step, Act))
    return ()


def _of_pattern(alert: Alert) -> list[Asks | None]:
    match alert.pattern:
        case Rate(of=of) | Absence(of=of):
            return [of]
        case Sequence(then=then):
            return [then]
        case Change(value=value):
            return [value]
    return []


def _said(template: Template | None) -> Iterable[Value]:
    return [] if template is None else [one for one in template.parts if not isinstance(one, str)]


def _values(part: Source) -> Iterator[Value]:
    match part:
        case Said(template=template):
            yield from _said(template)
        case Asked(value=value):
            yield value
        case Named(parts=parts):
            for inner in parts.values():
                yield from _values(inner)
