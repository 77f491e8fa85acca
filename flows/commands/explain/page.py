"""Why a customer is offered what they are offered, as lines for people and as an object."""

from collections.abc import Iterator
from typing import Any

import click
import msgspec
from msgspec import Struct

from decisions.offering.explain import SERVED, STAGES, Told
from flows.commands.phrases import number, printable
from state.times import rfc3339


class Explained(Struct, frozen=True):
    """What was found."""

    customer: str
    at_ms: int
    playbook: str
    """Version of the playbook that is explained."""
    decided_with: str
    """Edition that the flow decided with last."""
    offers: tuple[Told, ...]


def lines(what: Explained) -> Iterator[str]:
    """The served ones first, then those that came farthest; equal ones as the playbook has them."""
    at = rfc3339(what.at_ms)
    yield f"{printable(what.customer)} at {at}, by the playbook of version {what.playbook}"
    if not _same(what):
        yield f"the flow decided last with another one: {what.decided_with or 'none'}"
    for one in sorted(what.offers, key=lambda told: -STAGES.index(told.stage)):
        yield ""
        stage = click.style(one.stage, fg="green" if one.stage == SERVED else "yellow")
        yield f"{click.style(one.offer, bold=True)}: {one.title}"
        yield f"  {stage}"
        for reason in one.reasons:
            yield f"    {printable(reason)}"
        for choice in one.treatments:
            place = f"{choice.placement} on {choice.channel}"
            yield f"    rank {choice.rank} in {place}: {choice.terms} = {number(choice.score)}"
        if one.decision_id:
            yield f"    decision {one.decision_id}"


def document(what: Explained) -> dict[str, Any]:
    """The same for programs."""
    return {
        "customer_id": what.customer,
        "at": rfc3339(what.at_ms),
        "playbook": what.playbook,
        "decided_with": what.decided_with or None,
        "offers": [
            {**msgspec.to_builtins(one), "decision_id": one.decision_id or None}
            for one in what.offers
        ],
    }


def _same(what: Explained) -> bool:
    return what.decided_with.partition("+")[0] == what.playbook
