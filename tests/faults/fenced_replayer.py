"""Replayers that another one fences while they write, one after the other. A program, not a test.

    python tests/faults/fenced_replayer.py BOOTSTRAP_SERVERS PARTITIONS TIMES TOPIC [TOPIC ...]

Prints a line for each: what became of its batch.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.replayer import Again, Replayer, ReplayFenced


def keys(partitions: int) -> list[bytes]:
    """A key for each partition."""
    found: dict[int, bytes] = {}
    number = 0
    while len(found) < partitions:
        found.setdefault(partition_of(str(number), partitions), str(number).encode())
        number += 1
    return list(found.values())


def once(servers: str, partitions: int, topics: Sequence[str], pause_s: float) -> str:
    """Fenced when each partition has an event of its batch and is about to get another.

    With a pause between topics it is told while there is more to write, else at the commit.
    """
    with closing(Replayer({"bootstrap.servers": servers})) as first:
        first.begin()
        other = Replayer({"bootstrap.servers": servers})

        def batch() -> Iterator[Again]:
            for last in (False, True):
                for topic in topics:
                    for key in keys(partitions):
                        yield Again(topic, b"x", key, [], key)
                    time.sleep(pause_s)
                if not last:
                    time.sleep(0.2)
                    other.begin()

        try:
            first.write(batch())
        except ReplayFenced:
            return "fenced"
        return "written"


if __name__ == "__main__":
    servers, partitions, times, *topics = sys.argv[1:]
    for number in range(int(times)):
        sys.stdout.write(f"{once(servers, int(partitions), topics, number % 2 * 0.05)}\n")
