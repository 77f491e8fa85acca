"""What every shard is told: the records of the broadcast topic, written and read.

Each record is in every partition, and a shard reads its own: so what it knows of the world is among
its planned input. Pure; a record that is none of ours is a value with a reason.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from connectors.events.dead_letter import Reason, Refusal
from state.budget import Handed, Purse
from state.product import Product

MAX_ARMS: Final = 2_000
"""Of one record, which so stays below half a megabyte, however long its names."""

MAX_BUDGETS: Final = 50
MAX_SHARDS: Final = 10_000

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Count = Annotated[float, Meta(ge=0, le=1e15)]
Name = Annotated[str, Meta(max_length=64)]


class ArmCounted(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The counters of one arm in all shards but the one that is told."""

    offer: Name
    """"" stands for all offers of a group, and in all shards; `bucket` is the group then."""
    channel: Name
    bucket: Name
    tries: Count
    taken: Count
    at_ms: Annotated[int, Meta(ge=0, le=2**53)]
    """The landmark, see `decisions.learning.counter`."""


class CountersSummed(Struct, frozen=True, tag="counters.summed", tag_field="kind"):
    """What other shards have learned by now: of arms that changed, or of all."""

    number: Number
    """A higher one is later. What comes with one that is not higher than the last is passed over:
    it was told by who is no longer in charge."""
    arms: Annotated[list[ArmCounted], Meta(max_length=MAX_ARMS)]


class ProductChanged(Struct, frozen=True, tag="product.changed", tag_field="kind"):
    """What the catalogue says of one product by now."""

    number: Number
    """As above, for each product by itself: where its record lies in the catalogue."""
    source: Name
    """Kafka's id of the catalogue's topic: in another one numbers begin anew."""
    id: Annotated[str, Meta(min_length=1, max_length=128)]
    product: Product | None
    """None: it is no longer in the catalogue."""


class BudgetHanded(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the shard that is told has of a budget by the ledger."""

    budget: Name
    handed: Handed


class BudgetsHanded(Struct, frozen=True, tag="budgets.handed", tag_field="kind"):
    """What was handed out, of budgets of which that changed, or of all. Each is numbered by itself:
    what comes with a number that is not higher than the last is passed over."""

    budgets: Annotated[list[BudgetHanded], Meta(max_length=MAX_BUDGETS)]


class BudgetReported(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What all shards have of a budget, each as it was committed."""

    budget: Name
    purses: Annotated[list[Purse], Meta(min_length=1, max_length=MAX_SHARDS)]
    """By shard."""


class BudgetsReported(Struct, frozen=True, tag="budgets.reported", tag_field="kind"):
    """For shard 0, which hands out: of budgets of which it changed, or of all."""

    budgets: Annotated[list[BudgetReported], Meta(max_length=MAX_BUDGETS)]


Told = CountersSummed | ProductChanged | BudgetsHanded | BudgetsReported

encode_told = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Told).decode


def read_told(value: bytes | None) -> Told | Refusal:
    """A record's value."""
    try:
        told: Told = _decode(value or b"")
    except msgspec.DecodeError as error:
        return Refusal(Reason.BAD_BROADCAST, f"{error}")
    return told
