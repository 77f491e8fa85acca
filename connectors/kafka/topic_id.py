"""One object for each topic's id, as confluent-kafka never lets go of one that it has made.

It keeps a reference to the `Uuid` of each topic that it describes (seen in 2.16.1): 96 bytes, and
15 MB a day where nine topics are looked at every five seconds. It finds the class by its name at
each answer, so what it finds there may hand the same object out for the same id, and only a count
of references grows.
"""

from functools import lru_cache

import confluent_kafka

KEPT = 1_000
"""Ids, so many of the last ones."""


def keep_once() -> None:
    """From now on; a second call does nothing."""
    made = vars(confluent_kafka)["Uuid"]
    if isinstance(made, type):
        vars(confluent_kafka)["Uuid"] = lru_cache(KEPT)(made)
