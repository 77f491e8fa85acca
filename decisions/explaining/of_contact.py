"""Which customers are left alone, and when, in words."""

from collections.abc import Iterator

from decisions.explaining.phrases import listed, span, time_of_day
from decisions.offering.caps import Cap
from decisions.playbook import Playbook


def contact(playbook: Playbook) -> Iterator[str]:
    """A line for each thing that a playbook says of consent and contact."""
    for one in playbook.experiments.values():
        dealt = ", ".join(f"{share} % {arm}" for arm, share in one.arms)
        yield f"{one.id}, an experiment: {dealt}"
    for purpose, granted in playbook.purposes.items():
        yield f"{purpose} is {'granted' if granted else 'withdrawn'} until the customer says more"
    counting = {cap.id for subject in playbook.counted.values() for cap in subject.caps}
    for cap in playbook.policy.caps:
        yield f"{cap.id}: {limit(cap)}{'' if cap.id in counting else '; it counts no offer'}"
    if quiet := playbook.policy.quiet:
        hours = f"{time_of_day(quiet.hours.start_ms)} to {time_of_day(quiet.hours.end_ms)}"
        yield f"nothing through {listed(sorted(quiet.channels), 'or')} from {hours}"
    told = {offer.rivals for offer in playbook.offers.values() if len(offer.rivals) > 1}
    for rivals in sorted(told, key=sorted):
        yield f"at most one at a time of {listed(sorted(rivals))}"


def limit(cap: Cap) -> str:
    """at most 3 decided within 1 day, for each channel by itself."""
    only = (("channels", cap.channels), ("groups", cap.groups), ("offers", cap.offers))
    of = [f"{word} {listed(sorted(names))}" for word, names in only if names]
    about = f", only of {' and '.join(of)}" if of else ""
    per = "" if cap.per == "customer" else f", for each {cap.per} by itself"
    return f"at most {cap.most} {cap.of} within {span(cap.within_ms)}{per}{about}"
