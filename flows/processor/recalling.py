"""Who is served what is sold out: found for a plan, and noted as servings change.

The sets in Redis name every customer whose offers name a product, and are changed by the commit
that changes the offers. So whoever makes a flush again finds the same customers in the same order.
"""

from collections.abc import Iterator

from connectors.kafka.broadcast import ProductChanged
from flows.processor.commit import commit_pending
from flows.processor.flush import Slice
from flows.processor.processor import Processor
from flows.processor.shard import Shard
from flows.processor.world import is_news
from state.product import Listed
from state.touchpoint import Touchpoint

RECALL_AT_ONCE = 1_000
"""Customers of a shard whose offers are chosen anew for it in one flush."""


def sold_out(processor: Processor, shard: Shard) -> set[str]:
    """What the playbook's offers name and the shard knows not to be there."""
    listed = shard.world.products or {}
    named = processor.playbook.products
    return {product for product, known in listed.items() if known.sold_out and product in named}


def holders_are_left(processor: Processor, shard: Shard) -> bool:
    """Whether a flush without events has somebody to look for. Raises WireLost, Unsettled,
    Refused."""
    if not shard.recalls:
        return False
    if processor.pending is not None and any(p.shard is shard for p in processor.pending.slices):
        shard.asked_ms = 0  # as soon as Redis knows of it
        return False
    _, left = shard.store.holders(sorted(shard.recalls), 0)
    if not left:
        shard.recalls = set()
    return bool(left)


def find_holders(processor: Processor, part: Slice) -> None:
    """Fill in who is served what is sold out once the flush is done, no more than planned."""
    if not part.plan.recall:
        return
    shard = part.shard
    changed = dict(_changed(part))
    products = [
        product
        for product in sorted(shard.recalls | (changed.keys() & processor.playbook.products))
        if (known := changed.get(product) or (shard.world.products or {}).get(product))
        and known.sold_out
    ]
    shard.recalls = set(products)
    if not products:
        return
    commit_pending(processor)  # Redis must know who was served what in the flush before
    found, left = shard.store.holders(products, part.plan.recall)
    for product, customer in found:
        part.recalled.setdefault(customer, []).append(product)
    if left == len(found):
        shard.recalls = set()  # but for those that this flush brings about


def _changed(part: Slice) -> Iterator[tuple[str, Listed]]:
    """What is known of products that this flush tells of, in its order."""
    listed = dict(part.shard.world.products or {})
    for told in part.events:
        if isinstance(told, ProductChanged) and is_news(told, listed.get(told.id)):
            listed[told.id] = known = Listed(told.source, told.number, told.product)
            yield told.id, known


def keep_offers(processor: Processor, part: Slice) -> None:
    """Note what all customers of the flush are served before it."""
    if not processor.playbook.products:
        return
    profiles = part.shard.profiles
    came = [event.customer_id for event in part.events if isinstance(event, Touchpoint)]
    due = [customer for _, customer in part.due]
    part.offered = {
        customer: profiles[customer].offers
        for customer in dict.fromkeys([*came, *due, *part.recalled])
        if customer in profiles
    }


def note_holders(processor: Processor, part: Slice) -> None:
    """Fill in who holds what from now on, and who does not."""
    holders, profiles = part.holders, part.shard.profiles
    for customer, products in part.recalled.items():
        for product in products:  # also of whoever holds it no more, as time has passed
            holders.setdefault(product, {})[customer] = False
    out = sold_out(processor, part.shard) if part.offered else set()
    for customer, before in part.offered.items():
        after = profiles[customer].offers
        if after is before:
            continue
        known = {held.decision_id for held in before}
        has = {product for held in after for product in held.products}
        for product in sorted({product for held in before for product in held.products} - has):
            holders.setdefault(product, {})[customer] = False
        made = {p for held in after if held.decision_id not in known for p in held.products}
        for product in sorted(made):
            holders.setdefault(product, {})[customer] = True
        part.shard.recalls |= made & out  # sold out later in this flush
