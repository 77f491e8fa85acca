"""`touchline check`: is a playbook right, and what does it say?"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from decisions.actions.spec import ActionSpec
from decisions.explaining.explain import UnknownRule, explain
from decisions.explaining.of_contact import contact
from decisions.explaining.of_learning import learning
from decisions.explaining.page import text, to_json
from decisions.format.schema import schema
from decisions.journeys.table import Journey
from decisions.language import Condition
from decisions.offering.arbitration import reckoning
from decisions.offering.catalogue import LAYERS, Offer, Treatment
from decisions.playbook import Playbook
from decisions.rules import Absence, Alert, Change, Rate, Segment, Sequence, Threshold
from flows.commands.option_types import FilledPath
from flows.commands.playbook_file import read_playbook
from state.limits import Limits
from state.times import rfc3339

EXAMPLES = """\b
Examples:
  touchline check playbooks/retail.yaml
  touchline check --json playbooks/retail.yaml | jq .version
  touchline check playbooks/retail.yaml --explain segment.vip
  touchline check playbooks/retail.yaml --explain big_order --json | jq .says
  touchline check --schema > playbook.schema.json
  touchline check --sample > playbook.yaml"""
SAMPLE = Path(__file__).with_name("sample.yaml")


@click.command(epilog=EXAMPLES)
@click.argument("file", required=False, type=FilledPath(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")
@click.option(
    "--explain",
    "rule",
    metavar="RULE",
    help="Instead of all: what one rule does, in words, such as segment.vip or alert.big_order.",
)
@click.option(
    "--schema",
    "as_schema",
    is_flag=True,
    help="Instead of a check: the JSON Schema of playbooks, for editors.",
)
@click.option(
    "--sample", "as_sample", is_flag=True, help="Instead of a check: a playbook to begin with."
)
def command(
    file: Path | None, as_json: bool, rule: str | None, as_schema: bool, as_sample: bool
) -> None:
    """Validate the playbook FILE and say in words what it holds.

    Its tests are read, too; `touchline test` runs them.

    --explain says in plain words what one segment, offer, alert, journey or route does: its
    condition, when it is asked, what it reads, when time alone changes it, which rules it rests on
    and which rest on it, what it publishes. RULE is its kind and name, or its name alone where no
    other rule is called so.

    An editor that knows the YAML language server completes and marks keys as one writes, when the
    playbook's first line is: # yaml-language-server: $schema=playbook.schema.json

    Exit codes: 0 it is right, 1 it is wrong, 2 wrong options, or no
    such rule. Of a wrong one, stderr has a line
    for every problem, each with file, line and column.
    """
    if as_schema or as_sample:
        if file is not None or as_json or rule is not None or as_schema == as_sample:
            option = "--schema" if as_schema else "--sample"
            raise click.UsageError(f"{option} stands alone, since it is about no file.")
        if as_sample:
            click.echo(SAMPLE.read_text(encoding="utf-8"), nl=False)
            return
        click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        return
    if file is None:
        raise click.UsageError("expected a FILE, --schema or --sample.")
    playbook = read_playbook(file, as_json=as_json)
    if rule is not None:
        _explain(file, playbook, rule, as_json=as_json)
    elif as_json:
        click.echo(json.dumps({"file": str(file), **_facts(playbook)}, ensure_ascii=False))
    else:
        click.echo("\n".join(_words(file, playbook)))


def _explain(file: Path, playbook: Playbook, rule: str, *, as_json: bool) -> None:
    try:
        page = explain(playbook, rule)
    except UnknownRule as error:
        raise click.UsageError(f"--explain: {error}") from None
    if as_json:
        said = {"file": str(file), "version": playbook.version, **to_json(page)}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo(text(page))


def _words(file: Path, playbook: Playbook) -> Iterator[str]:
    yield f"{file} is right: {playbook.title or 'a playbook'}, version {playbook.version}."
    yield f"It listens to {_list(playbook.channels)}."
    if playbook.traits:
        traits = (f"{name} ({kind})" for name, kind in playbook.traits.items())
        yield f"It keeps of what customers say of themselves: {', '.join(traits)}."
    if playbook.shown:
        yield f"It shows with every event: {', '.join(playbook.shown)}."
    yield _limits(playbook.limits)
    if playbook.remembered:
        yield "It remembers of each customer's events what answers"
        for one in playbook.remembered:
            yield f"  {one.source}"
    yield ""
    yield f"{_count(len(playbook.segments), 'segment')}. A customer is in"
    for segment in playbook.segments.values():
        yield f"  {segment.id}: {segment.title}, when {segment.source}{_stay(segment)}"
    for placement in playbook.placements.values():
        yield ""
        where = f"{placement.id} (on {_list(placement.channels, 'or')})"
        yield f"In {where} {_room(placement.offers)}"
        for offer, best in _by_score(playbook, placement.id):
            score = _score(offer, best, playbook.power)
            bounds = f"{_budget(offer)}{_dates(offer)}"
            yield f"  {offer.id}: {offer.title}, {_who(offer)}{bounds}{score}"
    yield from _section("How likely an offer is to be accepted is learned", learning(playbook))
    yield from _section("Customers are left alone", contact(playbook))
    yield ""
    yield f"{_count(len(playbook.alerts), 'alert')}. People are told"
    for alert in playbook.alerts.values():
        yield f"  {alert.id} ({alert.severity}): {alert.message.source}, {_moment(alert)}"
        yield from _others(alert)
    if playbook.journeys:
        yield ""
        yield f"{_count(len(playbook.journeys), 'journey')}. A customer starts"
        for journey in playbook.journeys.values():
            steps = _count(len(journey.steps), "step")
            yield f"  {journey.id}: {journey.title}, {_start(journey)}; {steps}"
    yield ""
    tests = len(playbook.cases)
    how = f"; touchline test {file} runs {'it' if tests == 1 else 'them'}." if tests else "."
    yield f"{_count(tests, 'test case')}{how}"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Nothing where there are no lines."""
    if told := [f"  {line}" for line in lines]:
        yield from ("", title, *told)


def _stay(segment: Segment) -> str:
    until = f", until {segment.ending}" if segment.until else ""
    return until + (f", for {_span(segment.dwell_ms)} at least" if segment.dwell_ms else "")


def _start(journey: Journey) -> str:
    when = " ".join(journey.when.source.split()) if journey.when else ""
    if not journey.events:
        return f"when this becomes true: {when}"
    return f"at {_list(journey.events, 'or')}" + (f", if {when}" if when else "")


def _limits(limits: Limits) -> str:
    again = limits.duplicates
    return (
        f"A message id is a repeat among a customer's last {_count(again.ids, 'event')} and within "
        f"{_span(again.within_ms)}; an event may come {_span(limits.late_ms)} late, "
        f"and be {_span(limits.ahead_ms)} ahead."
    )


def _room(offers: int) -> str:
    if offers == 1:
        return "stands at most 1 offer; the first that fits of"
    return f"stand at most {offers} offers; the first {offers} that fit of"


def _by_score(playbook: Playbook, placement: str) -> list[tuple[Offer, Treatment]]:
    """Each offer of a placement with its best treatment there."""
    best = []
    for offer in playbook.offers.values():
        here = [one for one in offer.treatments if one.placement == placement]
        if here:
            best.append((offer, max(here, key=lambda one: one.score)))
    return sorted(best, key=lambda pair: (pair[0].fallback, -pair[1].score, pair[0].id))


def _who(offer: Offer) -> str:
    who = f"when {offer.source}" if offer.source else "for everyone"
    if offer.about:
        about = f"for who declared {_list(offer.about, 'or')}"
        who = f"{about}, {who}" if offer.source else about
    return f"{who}, if nothing else fits" if offer.fallback else who


def _budget(offer: Offer) -> str:
    budget = offer.budget
    return f", until {budget.units:,} of {budget.id} are accepted" if budget else ""


def _dates(offer: Offer) -> str:
    start = f" from {rfc3339(offer.start_ms)[:16]}Z" if offer.start_ms else ""
    end = f" until {rfc3339(offer.end_ms)[:16]}Z" if offer.end_ms else ""
    return start + end


def _score(offer: Offer, best: Treatment, power: float) -> str:
    terms = reckoning(best, best.propensity, 1.0, power)
    return f" ({terms} = {best.score:g}, for {_span(offer.ttl_ms)})"


def _moment(alert: Alert) -> str:
    at = f"at {_list(alert.events, 'or')}" if alert.events else "at any event"
    when = f" when {alert.source}" if alert.source else ""
    key = " for one key" if alert.key else ""
    often = f"at most once{key} in {_span(alert.cooldown_ms)}"
    return ", ".join([*_pattern(alert, f"{at}{when}"), often, *_after(alert)])


def _pattern(alert: Alert, at: str) -> list[str]:
    """When it is raised."""
    match alert.pattern:
        case Threshold(count=count, within_ms=ms):
            return [at, f"{count} of them within {_span(ms)}"]
        case Rate(of=of, share=share, at_least=least, within_ms=ms):
            return [at, f"{share}% of at least {least} when {_line(of)} within {_span(ms)}"]
        case Absence(of=of, within_ms=ms):
            return [at, f"then none when {_line(of)} within {_span(ms)}"]
        case Sequence(then=then, within_ms=ms):
            return [at, f"then one when {_line(then)} within {_span(ms)}"]
        case Change(source=source, before=before, after=after):
            was = "" if before is None else f" from {before}"
            becomes = "" if after is None else f" to {after}"
            when = f"when {alert.source}, " if alert.source else ""
            return [f"{when}at a change of {source}{was}{becomes}"]
    return [at]


def _others(alert: Alert) -> Iterator[str]:
    """What others are asked to do, at once and when nobody acknowledges it."""
    if alert.actions:
        yield f"    and others are asked for {_list(tuple(map(_asked, alert.actions)))}"
    for step in alert.escalate:
        if step.actions:
            asked = _list(tuple(map(_asked, step.actions)))
            yield f"    and after {_span(step.after_ms)} others are asked for {asked}"


def _after(alert: Alert) -> Iterator[str]:
    """What becomes of it then."""
    if alert.until is not None:
        yield f"until {_line(alert.until)}"
    for step in alert.escalate:
        yield f"again as {step.severity} after {_span(step.after_ms)} if nobody acknowledges it"


def _line(condition: Condition) -> str:
    return " ".join(condition.source.split())


def _asked(action: ActionSpec) -> str:
    approval = ", once approved," if action.requires_approval else ""
    return f"{action.kind}{approval} within {_span(action.expiry_ms)}"


def _span(ms: int) -> str:
    for unit, length in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000)):
        if ms % length == 0:
            return _count(ms // length, unit)
    return _count(ms // 1_000, "second")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _list(names: tuple[str, ...], word: str = "and") -> str:
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _layer(offer: Offer, layer: str) -> list[str]:
    return [" ".join(when.source.split()) for name, when in offer.layers if name == layer]


def _offer_facts(offer: Offer) -> dict[str, Any]:
    return {
        "title": offer.title,
        "group": offer.group or None,
        "purpose": offer.purpose or None,
        "topics": offer.topics,
        "topics_of_products": offer.topics_of_products,
        "budget": offer.budget.id if offer.budget else None,
        **{layer: _layer(offer, layer) for layer in LAYERS},
        "treatments": [
            {
                "placement": one.placement,
                "channel": one.channel,
                "propensity": one.propensity,
                "weight": one.weight.source if one.weight else None,
                "value": one.value,
                "lever": one.lever,
                "cost": one.cost,
                "score": one.score,
            }
            for one in offer.treatments
        ],
        "start": rfc3339(offer.start_ms) if offer.start_ms else None,
        "end": rfc3339(offer.end_ms) if offer.end_ms else None,
        "ttl_seconds": offer.ttl_ms // 1_000,
        "cooldown_seconds": offer.cooldown_ms // 1_000,
        "suppress_seconds": offer.suppress_ms // 1_000,
        "fallback": offer.fallback,
    }


def _facts(playbook: Playbook) -> dict[str, Any]:
    return {
        "version": playbook.version,
        "title": playbook.title,
        "channels": playbook.channels,
        "limits": {
            "duplicates": {
                "ids": playbook.limits.duplicates.ids,
                "within_seconds": playbook.limits.duplicates.within_ms // 1_000,
            },
            "late_seconds": playbook.limits.late_ms // 1_000,
            "ahead_seconds": playbook.limits.ahead_ms // 1_000,
        },
        "traits": playbook.traits,
        "summary": list(playbook.shown),
        "history": [one.source for one in playbook.remembered],
        "placements": {
            p.id: {"channels": p.channels, "offers": p.offers} for p in playbook.placements.values()
        },
        "segments": {
            segment.id: {
                "title": segment.title,
                "when": segment.source,
                "until": segment.ending or None,
                "dwell_seconds": segment.dwell_ms // 1_000,
            }
            for segment in playbook.segments.values()
        },
        "offers": {offer.id: _offer_facts(offer) for offer in playbook.offers.values()},
        "purposes": {
            name: "granted" if granted else "withdrawn"
            for name, granted in playbook.purposes.items()
        },
        "budgets": {b.id: {"units": b.units, "hard": b.hard} for b in playbook.budgets.values()},
        "learning": list(learning(playbook)),
        "interests": playbook.interests.source if playbook.interests else None,
        "contact": list(contact(playbook)),
        "experiments": {one.id: dict(one.arms) for one in playbook.experiments.values()},
        "alerts": {
            alert.id: {
                "events": alert.events,
                "when": alert.source or None,
                "raised_by": type(alert.pattern).__name__.lower() if alert.pattern else None,
                "until": _line(alert.until) if alert.until else None,
                "escalates_after_seconds": [step.after_ms // 1_000 for step in alert.escalate],
                "severity": alert.severity,
                "cooldown_seconds": alert.cooldown_ms // 1_000,
                "message": alert.message.source,
                "actions": [
                    {
                        "action": action.kind,
                        "requires_approval": action.requires_approval,
                        "expiry_seconds": action.expiry_ms // 1_000,
                    }
                    for action in alert.actions
                ],
            }
            for alert in playbook.alerts.values()
        },
        "journeys": {
            journey.id: {
                "title": journey.title,
                "version": journey.version.hex(),
                "events": journey.events,
                "when": journey.when.source if journey.when else None,
                "in_flight": journey.in_flight,
                "steps": len(journey.steps),
            }
            for journey in playbook.journeys.values()
        },
        "tests": [case.name for case in playbook.cases],
    }
