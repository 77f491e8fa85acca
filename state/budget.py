"""What a shard knows and has of a budget: absolute counts, none of which ever falls."""

from typing import Annotated

from msgspec import Meta, Struct, structs

Count = Annotated[int, Meta(ge=0, le=2**53)]


class Handed(Struct, array_like=True, frozen=True, gc=False):
    """What a shard is told of a budget."""

    number: Count = 0
    """Of the ledger: a higher one is later; 0 = nothing was told."""
    units: Count = 0
    """How many there are in all by the ledger that handed out; 0: more is out than there may be, so
    what a shard still holds is to be given back."""
    granted: Count = 0
    """How many this shard was ever given."""
    asked: Count = 0
    """How often it was asked to give back what it can spare."""
    others: Count = 0
    """How many all other shards have accepted."""
    accepted: Count = 0
    """How many this one has, as it reported last; and how many it gave back."""
    returned: Count = 0

    def says_as(self, other: "Handed") -> bool:
        """Whether it is the same, whatever their numbers."""
        return structs.replace(self, number=other.number) == other


class Purse(Struct, array_like=True, frozen=True, gc=False):
    """What one shard has of a budget, written in the commit of what changes it."""

    told: Handed = Handed()
    returned: Count = 0
    """How many it ever gave back."""
    accepted: Count = 0
    refused: Count = 0
    """Acceptances that found no unit."""
    dry: bool = False
    """It has refused one, and was given nothing since."""

    @property
    def held(self) -> int:
        """How many it may still accept of what it was given; below 0 where it has accepted more, as
        the budget was soft then."""
        return self.told.granted - self.returned - self.accepted
