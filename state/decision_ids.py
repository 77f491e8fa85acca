"""Ids of decisions that tell whose they are.

16 bytes: 12 that name the decision, 2 that say it was made here, 2 that say for whom. So an answer
to a decision that a profile does not hold can be told apart: one that was never made, one of
another customer, one that is forgotten. By chance a wrong one passes each check once in 65,536
times; nothing hangs on it but the word for what is refused.
"""

import hashlib
from typing import Final

BYTES: Final = 16


def decision_id(customer_id: str, identity: bytes) -> bytes:
    """The id of a decision for this customer; `identity`: 12 bytes or more that are its own."""
    own = identity[:12]
    return own + _check(own) + _check(own + customer_id.encode())


def is_ours(found: bytes) -> bool:
    """Whether it was made here, for whomever."""
    return len(found) == BYTES and found[12:14] == _check(found[:12])


def is_of(found: bytes, customer_id: str) -> bool:
    """Whether it was made for this customer."""
    return found[14:] == _check(found[:12] + customer_id.encode())


def _check(of: bytes) -> bytes:
    return hashlib.blake2b(of, digest_size=2, person=b"decision").digest()
