"""An offer in words."""

from collections.abc import Iterator
from typing import Final

from decisions.explaining.asking import asked_at, by_time, read_by
from decisions.explaining.clauses import Line, condition
from decisions.explaining.of_contact import limit
from decisions.explaining.page import Part, part
from decisions.explaining.phrases import counted, listed, moment, number, quoted, span
from decisions.explaining.relations import asked
from decisions.offering.arbitration import reckoning
from decisions.offering.catalogue import APPLICABLE, ELIGIBLE, SUITABLE, Offer, Treatment
from decisions.offering.experiments import EVERYTHING, HELD_OUT, control_of
from decisions.offering.interest import ALONE
from decisions.offering.record import DECIDED
from decisions.playbook import Playbook

NOTICED: Final = (
    "Offers are chosen anew at events, and when time moves the customer between segments: that is "
    "when it is seen."
)
REFRESHED: Final = (
    "Within {} of the customer's last event it is seen at once; later at the next one."
)
HEADINGS: Final = (
    (ELIGIBLE, "A customer may get it when"),
    (APPLICABLE, "It makes sense when"),
    (SUITABLE, "It is good for them when"),
)


def parts(offer: Offer, playbook: Playbook) -> Iterator[Part]:
    """What is said of it."""
    for layer, heading in HEADINGS:
        lines = [condition(when.source) for name, when in offer.layers if name == layer]
        if layer == ELIGIBLE and not lines and not offer.about:
            lines = [Line("always: it is for everyone")]
        yield part(layer, heading, lines)
    yield part("topics", "Whom it interests", _topics(offer))
    yield part("arms", "Which part of the customers may get it", _dealt(offer, playbook))
    yield part("contact", "When the customer is left alone", _contact(offer, playbook))
    yield part("where", "Where it stands", _where(offer, playbook))
    yield part("rank", "How it is ranked", _rank(offer, playbook))
    yield part("open", "From when, until when", _open(offer))
    reason = f'"{offer.words}"'
    yield part("because", "The reason that readers are told", [reason])
    yield asked_at((), playbook.offers_read, by_time=False)
    refreshed = REFRESHED.format(span(playbook.refresh_ms)) if playbook.refresh_ms else NOTICED
    yield by_time(asked(offer), playbook, noticed=refreshed)
    yield read_by(asked(offer), playbook)
    served = f"{DECIDED}, once for each decision, and what is served of the customer's offers."
    yield part("publishes", "What it publishes", [served])


def _topics(offer: Offer) -> Iterator[Line]:
    topics = [quoted(topic) for topic in offer.topics]
    if offer.topics_of_products:
        topics.append(f"a category of {listed(offer.products)}, as the catalogue says it then")
    if topics:
        yield Line(f"Who declared {listed(topics, 'or')}.")
    if offer.about and not offer.topics:
        yield Line("While it says none: everyone.")


def _dealt(offer: Offer, playbook: Playbook) -> Iterator[Line]:
    for name, arm in sorted(offer.arms):
        shares = dict(playbook.experiments[name].arms)
        yield Line(f"Those in {arm} of {name}: {shares[arm]} % of all.")
    controls = () if offer.fallback else (EVERYTHING, control_of(offer.group))
    for name in controls:
        if experiment := playbook.experiments.get(name):
            yield Line(f"Not those in {name}: {dict(experiment.arms)[HELD_OUT]} % of all.")


def _contact(offer: Offer, playbook: Playbook) -> Iterator[Line]:
    if offer.purpose:
        silent = "agrees" if playbook.purposes[offer.purpose] else "does not agree"
        yield Line(f"Without their consent to {offer.purpose}; who has said nothing {silent}.")
    yield Line(f"For {span(offer.cooldown_ms)} after they dismissed it.")
    yield Line(f"For {span(offer.suppress_ms)} after they accepted it.")
    caps = {cap.id: cap for one in offer.treatments for s in one.counted for cap in s.caps}
    for cap in caps.values():
        yield Line(f"By the cap {cap.id}: {limit(cap)}.")
    quiet = playbook.policy.quiet
    if quiet and (silent_in := [name for name in offer.channels if name in quiet.channels]):
        yield Line(f"In quiet hours, through {listed(silent_in)}.")
    if budget := offer.budget:
        kind = "not one more" if budget.hard else "give or take those of a second"
        yield Line(f"Once {budget.units:,} of the budget {budget.id} are accepted, {kind}.")
    if others := sorted(offer.rivals - {offer.id}):
        yield Line(f"While {listed(others, 'or')} stands.")


def _where(offer: Offer, playbook: Playbook) -> Iterator[Line]:
    for one in offer.treatments:
        holds = counted(playbook.placements[one.placement].offers, "offer")
        yield Line(f"in {one.placement}, through {one.channel} ({one.placement} holds {holds})")


def _rank(offer: Offer, playbook: Playbook) -> Iterator[Line]:
    by_terms: dict[tuple[str, str], list[Treatment]] = {}
    for one in offer.treatments:
        terms = reckoning(one, one.propensity, 1.0, playbook.power)
        by_terms.setdefault((terms, number(one.score)), []).append(one)
    for (terms, score), those in by_terms.items():
        through = ""
        if len(by_terms) > 1:
            through = f" through {listed(list(dict.fromkeys(one.channel for one in those)))}"
        yield Line(f"By its score{through}: {terms} = {score}.")
    for source in dict.fromkeys(one.weight.source for one in offer.treatments if one.weight):
        said = " ".join(source.split())
        if offer.about:
            own = "" if said == ALONE else f"{said}, times "
            said = f"{own}the share of its topics that the customer declared."
        yield Line(f"The weight is 1 here; in a decision it is: {said}")
    if len(offer.treatments) > 1:
        yield Line("Of equal scores the first place that has room is taken.")
    if offer.fallback:
        yield Line("It is a fallback: it stands only in a place where nothing else fits.")


def _open(offer: Offer) -> Iterator[Line]:
    if offer.start_ms:
        yield Line(f"It opens at {moment(offer.start_ms)}.")
    if offer.end_ms:
        yield Line(f"It is over at {moment(offer.end_ms)}.")
    if not offer.timed:
        yield Line("It is always open.")
    yield Line(
        f"A decision for it stands for {span(offer.ttl_ms)}; with less than a third of that left, "
        "it is decided anew when the customer is there."
    )
