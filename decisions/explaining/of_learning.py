"""What is learned of offers, in words."""

from collections.abc import Iterator

from decisions.explaining.phrases import listed, span
from decisions.learning.policies.kinds import name_of
from decisions.offering.propensity import CLICKED, Learning
from decisions.playbook import Playbook

WORDS = {
    "thompson": "a draw from what is believed of it, which each customer keeps for {redraw}",
    "greedy": "what is expected of it by now",
    "upper-bound": "what is plausible of it at best by now",
    "linear": "a draw from what is believed of it and of each feature, which each customer keeps "
    "for {redraw}",
}


def learning(playbook: Playbook) -> Iterator[str]:
    """A line for each thing that a playbook says of learning."""
    said = playbook.learning
    if said is None:
        return
    likely = WORDS[name_of(said.policy)].format(redraw=span(said.redraw_ms))
    yield f"by each offer and channel{_buckets(said)}: {likely}"
    yes = "clicked or accepted" if said.success == CLICKED else "accepted"
    yield (
        f"yes is that it is {yes}, no that it is dismissed, or not within {span(said.within_ms)} "
        f"after it was shown; after {span(said.half_life_ms)} each counts half"
    )
    yield f"it starts from the playbook's propensity, which counts for {said.evidence:g} shown"
    if said.explore:
        yield f"in {said.explore * 100:g} % of times any that may be served goes first"


def _buckets(said: Learning) -> str:
    if said.features:
        told = [f"{name} ({' '.join(when.source.split())})" for name, when in said.features]
        return f", for each customer by the features {listed(told, 'and')}"
    if said.context is None:
        return ""
    source = " ".join(said.context.source.split())
    return f", for {listed(said.buckets, 'and')} customers by themselves ({source})"
