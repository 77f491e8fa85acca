"""Who is served what is used up (a product is sold out, a budget is spent): found for a plan, and
noted as servings change.

The sets in Redis name every customer whose offers need it, and are changed by the commit that
changes the offers. So whoever makes a flush again finds the same customers in the same order.
"""

from collections.abc import Iterator, Mapping

from connectors.kafka.broadcast import BudgetsHanded, ProductChanged
from decisions.acting import BY_BUDGET, BY_STOCK
from decisions.budgets.purse import EMPTY, is_spent, told
from decisions.offering.stock import needs
from decisions.playbook import Playbook
from decisions.world import World
from flows.processor.commit import commit_pending
from flows.processor.flush import Slice
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from flows.processor.world import is_news
from state.budget import Purse
from state.decided import Decided
from state.product import Listed
from state.touchpoint import Touchpoint

RECALL_AT_ONCE = 2_500
"""Customers of a shard from whom offers are withdrawn in one flush."""
WAKE_MEANWHILE = 100
"""Customers of a shard that time is applied to in one flush as long as others are served what is
used up: to choose anew for those who are not any more, which takes longer, comes after that."""


def used_up(playbook: Playbook, world: World) -> set[str]:
    """What the playbook's offers need and the shard knows not to be there."""
    listed, purses = world.products or {}, world.budgets or {}
    found = {
        f"{BY_STOCK}{product}"
        for product, known in listed.items()
        if known.sold_out and product in playbook.products
    }
    return found | set(_spent(playbook, purses))


def _spent(playbook: Playbook, purses: Mapping[str, Purse]) -> Iterator[str]:
    for name, purse in purses.items():
        if (budget := playbook.budgets.get(name)) and is_spent(purse, budget):
            yield f"{BY_BUDGET}{name}"


def holders_are_left(processor: Processor, shard: Shard) -> bool:
    """Whether a flush without events has somebody to look for, as far as is known. Raises WireLost,
    Unsettled, Refused."""
    if not shard.recalls:
        return False
    shard.asked_ms = 0  # the next look need not wait
    if processor.pending is not None and any(p.shard is shard for p in processor.pending.slices):
        return True  # Redis tells once it knows of that flush, which this one waits for
    _, left = shard.store.holders(sorted(shard.recalls), 0)
    if not left:
        shard.recalls = set()
    return bool(left)


def recalls_go_on(processor: Processor) -> bool:
    """Whether customers are served what is used up, as far as is known: a flush that withdraws it
    is committed only as the next one is decided."""
    pending = processor.pending.slices if processor.pending is not None else ()
    return any(shard.recalls for shard in processor.shards) or any(p.recalled for p in pending)


def find_holders(processor: Processor, part: Slice) -> None:
    """Fill in who is served what is used up once the flush is done, no more than planned; but for
    budgets that it spends itself, which the next one sees."""
    if not part.plan.recall:
        return
    shard = part.shard
    playbook, world = processor.playbook, shard.world
    listed, purses = dict(_listed(part)), dict(_purses(part))
    after = World(products=(world.products or {}) | listed, budgets=(world.budgets or {}) | purses)
    changed = {f"{BY_STOCK}{name}" for name in listed} | {f"{BY_BUDGET}{name}" for name in purses}
    gone = sorted((shard.recalls | changed) & used_up(playbook, after))
    shard.recalls = set(gone)
    if not gone:
        return
    commit_pending(processor)  # Redis must know who was served what in the flush before
    found, left = shard.store.holders(gone, part.plan.recall)
    part.gone = gone
    for need, customer in found:
        part.recalled.setdefault(customer, []).append(need)
    if left == len(found):
        shard.recalls = set()  # but for those that this flush brings about


def _listed(part: Slice) -> Iterator[tuple[str, Listed]]:
    """What is known of products that this flush tells of, in its order."""
    listed = dict(part.shard.world.products or {})
    for said in part.events:
        if isinstance(said, ProductChanged) and is_news(said, listed.get(said.id)):
            listed[said.id] = known = Listed(said.source, said.number, said.product)
            yield said.id, known


def _purses(part: Slice) -> Iterator[tuple[str, Purse]]:
    """What the shard has of budgets of which this flush tells, by that alone."""
    purses = dict(part.shard.world.budgets or {})
    for record in part.events:
        for each in record.budgets if isinstance(record, BudgetsHanded) else ():
            purses[each.budget] = known = told(purses.get(each.budget, EMPTY), each.handed)
            yield each.budget, known


def keep_offers(processor: Processor, part: Slice) -> None:
    """Note what all customers of the flush are served before it, and which budgets are spent."""
    if not (processor.playbook.products or processor.playbook.budgets):
        return
    part.spent = set(_spent(processor.playbook, part.shard.world.budgets or {}))
    profiles = part.shard.profiles
    came = [one.customer_id for one in part.events if isinstance(one, Touchpoint | Decided)]
    due = [customer for _, customer in part.due]
    part.offered = {
        customer: profiles[customer].offers
        for customer in dict.fromkeys([*came, *due, *part.recalled])
        if customer in profiles
    }


def note_holders(processor: Processor, part: Slice) -> None:
    """Fill in who is served what needs something from now on, and who is not."""
    holders, shard, playbook = part.holders, part.shard, processor.playbook
    for customer, causes in part.recalled.items():
        for need in causes:  # also of whoever holds it no more, as time has passed
            holders.setdefault(need, {})[customer] = False
    gone = used_up(playbook, shard.world) if part.offered else set()
    for customer, before in part.offered.items():
        after = shard.profiles[customer].offers
        if after is before:
            continue
        known = {held.decision_id for held in before}
        has = {need for held in after for need in needs(held, playbook)}
        for need in sorted({need for held in before for need in needs(held, playbook)} - has):
            holders.setdefault(need, {})[customer] = False
        new = [held for held in after if held.decision_id not in known]
        made = {need for held in new for need in needs(held, playbook)}
        for need in sorted(made):
            holders.setdefault(need, {})[customer] = True
        shard.recalls |= made & gone  # used up later in this flush
    if part.world is not None and part.world.budgets:  # and what this flush has spent itself
        purses = shard.world.budgets or {}
        spent = set(_spent(playbook, {name: purses[name] for name in part.world.budgets}))
        shard.recalls |= spent - part.spent
