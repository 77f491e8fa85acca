"""Customers counted by the arm that the playbook deals them, and records held against it."""

from collections.abc import Callable

from msgspec import Struct, field

from connectors.warehouse.ask import Warehouse
from connectors.warehouse.outcomes import Period, Span, Success, outcomes, recorded, span
from decisions.experimenting.tally import Tally
from decisions.offering.experiments import EVERYTHING, HELD_OUT, Experiment
from decisions.playbook import Playbook


class Records(Struct):
    """What `offer.decided` says of the customers' arms, beside what the playbook says now."""

    decisions: int = 0
    otherwise: int = 0
    """Decisions that say another arm, or none where the playbook deals one, or the reverse."""
    customers: int = 0
    """With such decisions."""
    last_at: str | None = None
    """Of the last such decision, RFC 3339."""


class Counted(Struct):
    """What the warehouse has of one experiment."""

    span: Span
    tallies: dict[str, Tally]
    """Of every arm."""
    no_arm: int = 0
    """Customers who take no part."""
    held_out: int = 0
    """Customers who are held out of all offers, so that no arm could matter to them."""
    records: Records = field(default_factory=Records)


def counted(
    warehouse: Warehouse,
    book: Playbook,
    experiment: Experiment,
    success: Success,
    period: Period,
) -> Counted:
    """Everybody seen in `period`, once each. Raises WarehouseUnavailable when a file went."""
    found = Counted(span(warehouse, period), {arm: Tally() for arm, _ in experiment.arms})
    left_out = _held_out(book, experiment)
    for customer_id, value in outcomes(warehouse, period, success):
        arm = experiment.arm_of(customer_id)
        if left_out(customer_id):
            found.held_out += 1
        elif not arm:
            found.no_arm += 1
        else:
            found.tallies[arm].add(value)
    records, strayed = found.records, set()
    for customer_id, arm, decisions, last_at in recorded(warehouse, period, experiment.id):
        records.decisions += decisions
        if arm != experiment.arm_of(customer_id):
            records.otherwise += decisions
            records.last_at = max(records.last_at or "", last_at)
            strayed.add(customer_id)
    records.customers = len(strayed)
    return found


def _held_out(book: Playbook, experiment: Experiment) -> Callable[[str], bool]:
    """Of customers who get fallbacks only, whatever their arm: to leave them out changes no
    comparison, as one salt knows nothing of the other, and each says more for it."""
    everything = book.experiments.get(EVERYTHING)
    if everything is None or everything.id == experiment.id:
        return lambda _customer_id: False
    return lambda customer_id: everything.arm_of(customer_id) == HELD_OUT
