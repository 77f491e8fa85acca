"""What customers have declared to be interested in, and which offers are about that.

An offer with topics is made only to whom one of them interests. What it is worth is multiplied by
the share of its topics that do: of two articles with one topic in common with the customer, the one
that is about nothing else comes first.
"""

from collections.abc import Sequence
from typing import Final

from decisions.language import EvaluationError, Value
from decisions.structured.source import quoted
from state.bounds import ITEMS_KEPT, LISTS_KEPT, TRAIT_BYTES
from state.profile import Profile
from state.touchpoint import Touchpoint

INTERESTS: Final = "interests"
"""The trait that holds them where a playbook says nothing else; and what an error counts as."""
MOST_DECLARED: Final = LISTS_KEPT * ITEMS_KEPT
"""Topics: as many as all lists among a customer's traits hold."""
TOPIC_BYTES: Final = TRAIT_BYTES
"""Of UTF-8: a longer one could not be declared."""


def declared(
    interests: Value, profile: Profile, touchpoint: Touchpoint, now_ms: int
) -> tuple[str, ...] | None:
    """What interests a customer, each topic once, in the order in which they were said.

    None: it ends in an error, or is no list of at most MOST_DECLARED topics.
    """
    try:
        said = interests(profile, touchpoint, now_ms)
    except EvaluationError:
        return None
    if not isinstance(said, list) or len(said) > MOST_DECLARED:
        return None
    if not all(isinstance(one, str) and len(one) <= TOPIC_BYTES for one in said):
        return None
    return tuple(dict.fromkeys(said))


def share(topics: Sequence[str], interests: str) -> str:
    """The part of `topics` that is among what the expression `interests` gives, from 0 to 1: an
    expression of type double."""
    named = ", ".join(quoted(topic) for topic in topics)
    matching = f"[{named}].filter(topic, topic in {enclosed(interests)})"
    return f"double(size({matching})) / {len(topics)}.0"


def enclosed(source: str) -> str:
    """An expression in brackets, also where it ends in a comment."""
    return f"({source}\n)" if "//" in source else f"({source})"
