"""Which forwarded events a shard has had: of each sender, the next one that is new.

A sender is one partition of one topic, read by one shard. What it sends on to another shard leaves
in offset order, and after a crash again from some event on before which nothing is missing. So
everything up to the highest offset that came has come, and what is lower is a repeat.
"""

from collections.abc import MutableMapping


def is_new(origins: MutableMapping[str, int], sender: str, offset: int) -> bool:
    """Whether this event of `sender` has not come before; if so, `origins` knows it from now on.

    `origins`: sender → the lowest offset that is new.
    """
    if offset < origins.get(sender, 0):
        return False
    origins[sender] = offset + 1
    return True
