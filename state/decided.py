"""Decisions that were made for somebody who asked: on their way to the customer's shard."""

from typing import Final

from msgspec import Struct

from state.decision import Action
from state.touchpoint import identity

ASKED: Final = "asked:"
"""Stands before the request's id in what is published as the cause."""


class Decided(Struct, frozen=True, gc=False):
    """What one answer to a request has decided anew."""

    customer_id: str
    request: str
    """The request's id."""
    at_ms: int
    """When it was decided, by the clock of who decided, in milliseconds since the epoch."""
    playbook: str
    """Version of the playbook that was used."""
    actions: list[Action]
    """`offer.decided`, one for each decision, as they are to be published."""

    @property
    def fingerprint(self) -> bytes:
        """8 bytes: what the profile remembers to drop repeats, as of events."""
        return request_identity(self.customer_id, self.request)[:8]


def request_identity(customer_id: str, request: str, *parts: str) -> bytes:
    """16 bytes that name (customer, request, parts...). No event's: those have no such part, so a
    page may ask with the message id of an event that it sends."""
    return identity(customer_id, ASKED, request, *parts, "")
