"""A budget of the playbook."""

from msgspec import Struct


class Budget(Struct, frozen=True):
    """How many of the offers that name it may be accepted in all."""

    id: str
    units: int
    hard: bool
    """No unit is accepted twice: an acceptance that finds none is refused. Soft: what is accepted
    until all shards know that it is spent counts above it."""
